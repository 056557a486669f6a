"""Where the prefilter starts from: the words that it looks for on a path through a pattern.

Hyperscan looks for literals first, all at once, and for the rest of a pattern only beside them. It chooses
the longest, so a pattern of the form "name ... secret ... value" may have it look for a word that stands on
every line of some files. Its time goes into comparing what may be one of two thousand literals, and into
beginning with patterns where one is: short literals and those that stand everywhere cost most.
"""

from __future__ import annotations

from keylint.engine.items import (
    ALPHANUMERIC,
    SPACE,
    UPPER,
    WORD,
    Chars,
    Choice,
    Item,
    Items,
    Loop,
    find_words,
    in_both_cases,
    letter,
    union,
    width,
)
from keylint.engine.patterns import UNBOUNDED

_TAIL = 20  # bytes of a value that tell enough behind a name
_LONG_TAIL = 80  # and behind common words
_COUNTED = 3  # a repetition that varies by fewer bytes is left as it is
_MIN_NAME = 3  # letters
_MIN_MARK = 3  # characters
_MAX_NAMES = 8  # that get a path of their own
# Of how many things one may follow a word of so many characters, for it to be spelled out with each of them.
_FOLLOWING = (0, 16, 16, 5, 5)
_SHORT = len(_FOLLOWING) - 1
_MAX_SPELLED = 72  # paths that one may become by that
_MAX_WORDS = 16  # among the things that may follow
# fmt: off
_COMMON = frozenset((
    "access", "account", "api", "apikey", "app", "auth", "bearer", "certificate", "client", "consumer",
    "data", "http", "https", "id", "key", "keys", "login", "pass", "passwd", "password", "pat", "private",
    "public", "pwd", "secret", "secrets", "seed", "server", "service", "str", "string", "token", "user",
    "value",
))
# fmt: on


def starts(items: Items) -> list[Items]:
    """Paths through a pattern that each begin in one way. Each match of the pattern is one of one of them."""
    return [path for name in _by_name(items) for path in _spelled(name)]


def _by_name(items: Items) -> list[Items]:
    """A path for each of the names that a pattern may begin with, so that each has a start of its own."""
    for at, item in enumerate(items):
        if isinstance(item, Choice):
            before, after = items[:at], items[at + 1 :]
            if not _are_names(before, item):
                break
            return [before + name + after for branch in item.branches for name in _by_name(branch)]
        if item.high > item.low:
            break
    return [items]


def _are_names(before: Items, choice: Choice) -> bool:
    """Whether a word that can be searched for ends in each branch, and it is worth while to split them."""
    if len(choice.branches) > _MAX_NAMES or all(_word(branch) in _COMMON for branch in choice.branches):
        return False
    return all(_findable(before + branch) for branch in choice.branches)


def _findable(items: Items) -> bool:
    """Whether there is a name, or a short word at the beginning that may be spelled out."""
    return any(len(word) >= _MIN_NAME for word, _, _ in find_words(items)) or _end_of_word(items, 0) > 1


def _spelled(items: Items, budget: int = _MAX_SPELLED) -> list[Items]:
    """Paths that begin with longer words, where a short one is followed by one of a few things.

    A short word stands everywhere: "expo" in "export", "line" in "inline". That costs more than to look for
    some more words.
    """
    start = next((at for at, item in enumerate(items) if not isinstance(item, Chars) or letter(item)), 0)
    end = _end_of_word(items, start)
    length = end - start
    if not 0 < length <= _SHORT or not width(items[end:])[0] or (start and isinstance(items[end], Chars)):
        return [items]
    options = _options(items[end], _FOLLOWING[length])
    if not 0 < len(options) <= budget or options == [items[end : end + 1]]:  # a byte that is not ASCII
        return [items]
    before, after = items[:end], items[end + 1 :]
    return [path for option in options for path in _spelled(before + option + after, budget // len(options))]


def _end_of_word(items: Items, start: int) -> int:
    return next((at for at in range(start, len(items)) if not letter(items[at])), len(items))


def _options(item: Item, most: int) -> list[Items]:
    """What may stand in an item's place, if that is not more than so much; else nothing."""
    if isinstance(item, Choice):
        return list(item.branches) if len(item.branches) <= _MAX_WORDS else []
    absent = [()] if not item.low else list[Items]()
    if isinstance(item, Loop):
        return [*absent, item.body] if item.high == 1 else []
    characters = _characters(item.mask)
    if len(characters) + len(absent) > most or (absent and item.high > 1):
        return []
    further = (item._replace(low=item.low - 1, high=item.high - 1),) if item.high > 1 else ()
    return [*absent, *((Chars(character, 1, 1), *further) for character in characters)]


def _characters(mask: int) -> list[int]:
    """The characters of a mask, each of them a mask, with its other case if that is there, too."""
    found = []
    for bit in (1 << code for code in range(256)):
        if bit & mask:
            character = bit | (bit & UPPER) << 32 & mask
            mask &= ~character
            found.append(character)
    return found


def blurred(items: Items) -> tuple[Items, int]:
    """A path with words behind its first name blurred, and how much of a value is to be searched for.

    A blurred word is no literal to start from: each of its letters becomes a few letters. Behind a short name
    a rare word may be the better start.
    """
    for word, _, end in find_words(items):
        if len(word) >= _MIN_NAME and word.strip("_") not in _COMMON:
            return items[:end] + _blur(items[end:], rare=len(word) > _SHORT), _TAIL
    return items, _LONG_TAIL


def _blur(items: Items, *, rare: bool) -> Items:
    """With the common words blurred, and the `rare` ones, too."""
    out = list(items)
    for word, start, end in find_words(items, plain=True):
        if word in _COMMON or (rare and len(word) >= _MIN_NAME):
            out[start:end] = [Chars(_neighbours(item.mask), 1, 1) for item in items[start:end]]  # type: ignore[union-attr]
    for at, item in enumerate(out):
        if isinstance(item, Choice):
            out[at] = Choice(tuple(_blur(branch, rare=rare) for branch in item.branches))
        elif isinstance(item, Loop):
            out[at] = item._replace(body=_blur(item.body, rare=rare))
    return tuple(out)


def _neighbours(mask: int) -> int:
    return mask | in_both_cases((mask << 1 | mask >> 1) & (WORD ^ 1 << 0x5F))


def _word(items: Items) -> str:
    return next((w for w, start, end in find_words(items) if end - start == len(items)), "")


def opened(items: Items) -> Items:
    """A path with repetitions that may go on, where it begins with one of many words, which stand everywhere.

    To count is most of what Hyperscan has to do behind them, and hardly any more is found without. Behind
    rarer words it would be slower. Where a path begins in many ways and then comes to a mark such as `://`,
    it is searched for from there on.
    """
    mark = 0 if _character(items[0]) else _mark(items)
    if mark and not any(len(word) >= _MIN_NAME for word, _, _ in find_words(items[:mark])):
        return _endless(items[mark:])
    first = items[0]
    if isinstance(first, Choice) and len(first.branches) > _MAX_NAMES and all(map(_word, first.branches)):
        return (first, *_endless(items[1:]))
    return items


def _mark(items: Items) -> int:
    """Where the first characters stand that are in no word, enough of them in a row; 0 if there are none."""
    start = length = 0
    for at, item in enumerate(items):
        character = _character(item)
        if not character or character.isalnum() or character == "_":
            length = 0
            continue
        start = start if length else at
        length += width((item,))[0]
        if length >= _MIN_MARK:
            return start
    return 0


def _character(item: Item) -> str:
    """The character of which an item is a fixed number, in lower case, or ""."""
    return letter(item._replace(low=1, high=1)) if isinstance(item, Chars) and item.low == item.high else ""


def _endless(items: Items) -> Items:
    return tuple(map(_endless_item, items))


def _endless_item(item: Item) -> Item:
    if isinstance(item, Choice):
        return Choice(tuple(map(_endless, item.branches)))
    if isinstance(item, Loop):
        body = _endless(item.body)
        return item._replace(body=body if item.low else tuple(map(_lettered, body)))
    # Bytes of words, or bytes between words: of both together there would be no end.
    ends = not item.mask & SPACE or not item.mask & ALPHANUMERIC
    return item._replace(high=UNBOUNDED) if ends and item.high - item.low >= _COUNTED else item


def _lettered(item: Item) -> Item:
    """Any of their letters instead of one of many words: in what may be absent these tell nothing."""
    least = width((item,))[0]
    if not isinstance(item, Choice) or len(item.branches) <= _MAX_NAMES or not least:
        return item
    return Chars(union((item,)), least, UNBOUNDED)
