"""Does a text read like words, or does it look drawn at random? Without dictionaries of languages.

Two measures, both on letters only: how usual its pairs of letters are, and how much of it is made of known
words. Pure functions of text.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

from keylint.engine.wordlist import PAIRS, WORDS
from keylint.latepattern import late

_CHANCE = 6  # what PAIRS holds for a pair that is as common as by chance
_PAIR_BITS = {
    (97 + row, 97 + column): int(digit) - _CHANCE
    for row, digits in enumerate(PAIRS)
    for column, digit in enumerate(digits)
}
_RANDOM_MEAN = -2.2  # of random letters, in bits per pair
_RANDOM_SPREAD = 3.4  # standard deviation of one pair
_CERTAINTY = 2.8  # standard deviations: one random text in 400 reads better than that
_SURE = 0.6  # bits per pair that nothing random has unless it is very short
_PART = late(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_RUN = late(rb"[A-Za-z]{2,}")
_HEX_LETTERS = late(rb"[a-fA-F]+")
_SHORTEST_WORD = 4
_TURN = late(rb"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_SEPARATORS = b"-_.:/+="
_HEX_SIZE = 16
_PREFIX = late(rb"(?:[A-Za-z]{2,16}[0-9]{0,2}[_.:-]){1,6}(?=([0-9A-Za-z]{16,}|[0-9A-Za-z_+/=-]{20,})\Z)")


def readable(text: bytes) -> bool:
    """Whether the pairs of letters in a text are too usual for random ones."""
    bits = pairs = 0
    for run in _RUN.findall(text):
        if _HEX_LETTERS.fullmatch(run):
            continue  # digits of a number, as in `9ade0bed`, say nothing
        low = run.lower()
        bits += sum(map(_PAIR_BITS.__getitem__, pairwise(low)))
        pairs += len(low) - 1
    if pairs < 5:  # too little to tell
        return False
    return bits / pairs > min(_SURE, _RANDOM_MEAN + _CERTAINTY * _RANDOM_SPREAD / math.sqrt(pairs))


def drawn_part(text: bytes) -> bytes:
    """What follows words as in `acme_live_9f3c...`, if it may be random; else the whole text."""
    prefix = _PREFIX.match(text)
    return prefix[1] if prefix and _mixed(prefix[1]) else text


def _mixed(text: bytes) -> bool:
    """Whether letters and digits take turns in a text, as they seldom do in names; few names are hex."""
    fewest = 2 if alphabet_size(text) == _HEX_SIZE else max(3, len(text) // 8)
    return len(_TURN.findall(text)) >= fewest and not dull(text)


def worded(text: bytes) -> float:
    """The share of a text's characters, from 0 to 1, that belong to known words of four letters or more."""
    parts = _PART.findall(text)
    long = [part.lower().decode() for part in parts if len(part) >= _SHORTEST_WORD]
    return sum(map(_known_letters, long)) / max(1, len(text))


@lru_cache(maxsize=4096)
def _known_letters(part: str) -> int:
    """How many letters of a part are covered by words, longest first from the left."""
    covered = at = 0
    while at <= len(part) - _SHORTEST_WORD:
        for size in range(min(12, len(part) - at), _SHORTEST_WORD - 1, -1):
            if part[at : at + size] in WORDS:
                covered += size
                at += size
                break
        else:
            at += 1
    return covered


def entropy(value: bytes) -> float:
    """Shannon entropy in bits per byte."""
    size = len(value)
    return -sum([_weighted(n, size) for n in map(value.count, set(value))])


@lru_cache(maxsize=4096)
def _weighted(number: int, size: int) -> float:
    share = number / size
    return share * math.log2(share)


def striking(value: bytes) -> bool:
    """Whether a text is random beyond doubt: long, letters and digits often taking turns, no hex."""
    if len(value) < 20 or alphabet_size(value) <= _HEX_SIZE:
        return False
    turns = len(_TURN.findall(value))
    return turns >= max(5, len(value) // 6) and not dull(value)


def dull(value: bytes) -> bool:
    """Whether a text has fewer different characters than a random one of its length and alphabet would."""
    value = value.translate(None, _SEPARATORS)
    size, alphabet = len(value), alphabet_size(value)
    if size < 2 or alphabet < 2:
        return True
    # Of `size` draws from `alphabet` letters about this many are different.
    different = alphabet * (1 - (1 - 1 / alphabet) ** size)
    return len(set(value)) < 0.55 * different or entropy(value) < 0.68 * math.log2(min(size, alphabet))


def alphabet_size(value: bytes) -> int:
    """The size of the smallest usual alphabet that a text may be drawn from."""
    if not value.translate(None, b"0123456789"):
        return 10
    if not value.translate(None, b"0123456789abcdefABCDEF-"):
        return _HEX_SIZE
    low, high = value != value.upper(), value != value.lower()
    digit = len(value.translate(None, b"0123456789")) < len(value)
    return 26 * low + 26 * high + 10 * digit + 2
