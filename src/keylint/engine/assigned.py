"""Filters for values without a format: is it named as a secret, and does it look drawn at random?

Each answers True when the candidate is no secret.
"""

from __future__ import annotations

import binascii

from keylint.engine.candidate import Candidate
from keylint.engine.lexicon import drawn_part, readable, striking, worded
from keylint.engine.lexicon import dull as is_dull
from keylint.engine.looks import DIGEST_PREFIX, HEX, digest, in_runs, runs, uuid
from keylint.latepattern import late, late_backwards

_INSIDE_DIGEST = late_backwards(rb"(?i)(?:sha-?(?:1|224|256|384|512)|md5)[-=:_ ]{1,2}[0-9A-Za-z+/_-]{0,90}\Z")
_SHORTEST = 16  # characters of a value that only its name makes a secret
_SHORTEST_NAMED = 10  # where the name holds a provider, too
_MARKS = late(rb"[^0-9A-Za-z]")
_PICTURE = late(
    rb"iVBORw0KGgo|R0lGOD|/9j/|UklGR|PHN2Zy|PD94bWw|AAABAA|d09GR|T1RUTw|AAEAAAA|JVBERi0|UEsDB|H4sIA|TVqQ|f0VMR"
    rb"|AGFzbQ|SUQz|T2dnUw|AAAA[A-Z]Gft"
)
_DATA_URI = late(rb"(?i)data:[a-z-]{3,20}/[a-z0-9.+-]{1,60}(?:;[a-z0-9=-]{1,30})*,\Z|base64,\Z")
_PUBLIC_KEY = late(
    rb"MI[GHI][A-Za-z0-9]{1,3}AN?BgkqhkiG9w0|MII[B-H][A-Za-z0-9+/]{3}CC[AB]|MF[kk]wEwYHKoZIzj0|MFIwEwYH|MCowBQYDK2V"
    rb"|AAAA[BCE]3NzaC1|AAAAE2VjZHNh|BEGIN PUBLIC|LS0tLS1CRUdJTiBD|LS0tLS1CRUdJTiBQVU"
)
_ADDRESS = late(rb"0x[0-9a-fA-F]{40}")
_TEST_CERTIFICATE = late(rb"(?i)test[-_ ]?(?:cert|key|ca\b)|snake[-_ ]?oil|self[-_ ]?signed")
_CODE_AFTER = late(rb"[ \t]*(?:[(\[]|=>|\?[.:]?|&&|\|\||[<>=!]=|\+[^+]|\?\?)")
_MEMBERS = late(rb"[A-Za-z_$][\w$]{0,60}(?:(?:\.|->|::)[A-Za-z_$][\w$]{0,60}){1,12}[!?;]?")
_SHORT_MEMBERS = late(rb"[A-Za-z_$][\w$]{0,3}(?:\.[A-Za-z_$][\w$]{0,3})+(?:\.\w+)?")
_CONSTANT_MEMBER = late(rb"(?:[A-Za-z_]\w*\.)+[A-Z][A-Z0-9_]*")
_SNAKE = late(
    rb"[A-Za-z]{2,}[0-9]{0,4}(?:[_.-][A-Za-z]{2,}[0-9]{0,4}){1,12}|[A-Z]{2,}(?:_[A-Z]+[0-9]{0,4}){1,12}"
)
_TUTORIAL = late(
    rb"(?:my|your|the|some|user|test)?[-_]?(?:pass(?:word|wd|w)?|pwd|secret|token|test|changeme)[0-9!]{0,3}"
)
_PATTERN = late(rb"0-9|[Aa]-[Zz]|[Aa]-[Ff]|\\[dwsDWS]|\{\d+(?:,\d*)?\}")
_ALPHABET = late(rb"ABCDEFGHIJ|abcdefghij|(?i:QPZRY9X8GF2TVDW0)|0123456789")
_RESOURCE = late(rb"\barn:[^\s\"'`<>]{1,120}\Z")  # an Amazon Resource Name, which may hold the word secret
_JOINT = late(rb"[0-9A-Za-z]([/+._-]+)\Z")
_PICTURE_ADDRESS = late(rb"(?i)\.(?:svg|png|gif|jpe?g|webp|ico)\?[^\s\"'`<>]{0,100}\Z")
_EXAMPLE_ADDRESS = late(
    rb"(?i)://(?:[0-9a-z-]+\.){0,4}(?:example|invalid|test)(?:\.(?:com|org|net))?[/?:][^\s\"'`<>]{0,120}\Z"
)
_PAIR = late(rb"[A-Za-z_]{1,30}=[^=]")
_LOGIN = late(rb"://([^:/@]*):([^@]*)@")
_QUOTE = b"\"'`"
_QUOTES = (b'"', b"'", b"`")


def short(candidate: Candidate) -> bool:
    """Too short for a generated secret, unless its name holds a provider as well."""
    size = len(candidate.value)
    return size < _SHORTEST_NAMED or (size < _SHORTEST and not candidate.named)


def typed(candidate: Candidate) -> bool:
    """Runs such as 1234 or abcd, as people type them. With a provider in the name only the plainest are
    refused: one or two runs, or a UUID of them.
    """
    if not in_runs(candidate):
        return False
    plainest = runs(candidate.body) <= 2 or uuid(candidate)
    return plainest or not candidate.named


def dull(candidate: Candidate) -> bool:
    """Too few different characters for a random text of its length and alphabet."""
    return is_dull(candidate.body)


def spoken(candidate: Candidate) -> bool:
    """Reads like words: usual pairs of letters, or most of it known words.

    A random part after words, as in `acme_live_...`, is judged by itself: the words say nothing of it.
    """
    text = drawn_part(candidate.body)
    return readable(text) or worded(text) > 0.5


def weak_name(candidate: Candidate) -> bool:
    """A name that says little, such as plain `key`, no provider named with it, no striking value either."""
    return not _telling(candidate) and not striking(candidate.value)


def _telling(candidate: Candidate) -> bool:
    """Whether the name says secret, or names a provider, or says whose key the value in quotes is."""
    name = candidate.name
    return name.strong or candidate.service != "" or (name.somebodys and _quoted(candidate))


def _quoted(candidate: Candidate) -> bool:
    return candidate.before[-1:] in _QUOTES and candidate.after[:1] == candidate.before[-1:]


def harmless_name(candidate: Candidate) -> bool:
    """A name of something that opens nothing: a public key, a key's id, a hash, a token of a grammar."""
    return candidate.name.harmless or candidate.before.endswith(b"auth0|")


def unnamed_uuid(candidate: Candidate) -> bool:
    """A UUID that is not called a secret, and has no provider near: many a token only numbers requests."""
    return uuid(candidate) and not candidate.name.certain and not candidate.service


def unnamed_digest(candidate: Candidate) -> bool:
    """A hex digest by length that is not called a secret, nor a provider's key, or called a digest."""
    if DIGEST_PREFIX.match(candidate.value) or _INSIDE_DIGEST.search(candidate.before):
        return True
    return digest(candidate) and not _telling(candidate)


def pair(candidate: Candidate) -> bool:
    """A name and a value of its own, such as the next parameter of an address."""
    return _PAIR.match(candidate.value) is not None


def tutorial_login(candidate: Candidate) -> bool:
    """An address with a login of tutorials: the user's name as the password, `password`, Oracle's scott."""
    login = _LOGIN.search(candidate.value)
    if login is None:
        return False
    user, password = login[1].lower(), login[2].lower()
    return user in (password, b"anonymous", b"scott") or _TUTORIAL.fullmatch(password) is not None


def picture(candidate: Candidate) -> bool:
    """Base64 of an image, font, archive, document or program, by its first bytes, or a data URI."""
    if _PICTURE.match(candidate.value):
        return True
    return candidate.before.endswith(b",") and _DATA_URI.search(candidate.before) is not None


def public_key(candidate: Candidate) -> bool:
    """A public key or a certificate, by the first bytes of its DER or SSH form; an address on a chain."""
    return _PUBLIC_KEY.search(candidate.value) is not None or _ADDRESS.fullmatch(candidate.value) is not None


def test_certificate(candidate: Candidate) -> bool:
    """Said to be of a test certificate just before it."""
    return _TEST_CERTIFICATE.search(candidate.before[-80:]) is not None


def code(candidate: Candidate) -> bool:
    """Program text without quotes: a call, a comparison, a member, a name in snake or kebab case."""
    if candidate.before[-1:] in _QUOTE and candidate.after[:1] == candidate.before[-1:]:
        return _SNAKE.fullmatch(candidate.value) is not None
    if candidate.named and striking(candidate.value):
        return _CODE_AFTER.match(candidate.after) is not None
    members = _MEMBERS.fullmatch(candidate.value) is not None
    return (
        _CODE_AFTER.match(candidate.after) is not None
        or _CONSTANT_MEMBER.fullmatch(candidate.value) is not None
        or _SHORT_MEMBERS.fullmatch(candidate.value) is not None
        or _SNAKE.fullmatch(candidate.value) is not None
        or (members and worded(candidate.value) > 0.2)
    )


def _from_base64(value: bytes) -> bytes | None:
    bare = value.rstrip(b"=")
    try:
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))
    except binascii.Error:
        return None


def joined(candidate: Candidate) -> bool:
    """Part of a longer word, path, host name or blob: only / + - _ or . stands between name and value.

    Not so where a long random value hangs on a name that says secret by one dash.
    """
    if b"arn:" in candidate.before and _RESOURCE.search(candidate.before):
        return True
    gap = _JOINT.search(candidate.before[-candidate.lead :]) if candidate.lead else None
    if gap is None:
        return False
    hexadecimal = len(candidate.value) >= 32 and HEX.fullmatch(candidate.value) is not None
    random = hexadecimal or striking(candidate.value) or uuid(candidate)
    return gap[1] != b"-" or not random or not (candidate.named or candidate.name.certain)


def picture_address(candidate: Candidate) -> bool:
    """A parameter in the address of a picture, such as a badge: whoever sees the page sees it."""
    return _PICTURE_ADDRESS.search(candidate.before) is not None


def example_address(candidate: Candidate) -> bool:
    """A parameter in an address of an example host (RFC 2606)."""
    return _EXAMPLE_ADDRESS.search(candidate.before) is not None


def pattern(candidate: Candidate) -> bool:
    """A regular expression, or an alphabet, which may be a part of a value that is named after a provider."""
    if _PATTERN.search(candidate.value):
        return True
    return _ALPHABET.search(candidate.value) is not None and not candidate.named


def no_base64(candidate: Candidate) -> bool:
    """Not base64: what stands in its place is plain text or a template."""
    return _from_base64(candidate.value) is None


def no_login(candidate: Candidate) -> bool:
    """Not base64 of `user:password`, or of one that tutorials print."""
    plain = _from_base64(candidate.value)
    if plain is None or not all(32 <= byte < 127 for byte in plain):
        return True
    user, colon, password = plain.partition(b":")
    return (
        not colon
        or len(password) < 4
        or _TUTORIAL.fullmatch(password.lower()) is not None
        or user == password
    )
