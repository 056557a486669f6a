"""Filters that look at the value alone, or at the few characters beside it: any rule may use them.

Each answers True when the candidate is no secret.
"""

from __future__ import annotations

import sys
from itertools import pairwise

from keylint.engine.candidate import Candidate
from keylint.latepattern import late

_SEPARATING = b"-_.:/ "
_SEPARATORS = late(rb"[" + _SEPARATING + rb"]+")
_PLACEHOLDER_WORDS = late(
    rb"(?i)(?:^|[^a-z])(?:your|my|the|some|insert|enter|replace|add)[-_ ]?"
    rb"(?:own|real|actual|secret|private|public|api|access|auth|key|token|password|client|value|here|this|me"
    rb"|with|org)|change[-_ ]?me|place[-_ ]?holder|redacted|dummy|lorem[-_ ]?ipsum|not[-_ ]?a[-_ ]?real"
    rb"|goes[-_ ]?here|to[-_ ]?be[-_ ]?(?:set|filled)|<[a-z][a-z0-9_ -]*>"
)
# In lower case: each match of the pattern above has one of them, and few generated values do.
_OF_PLACEHOLDERS = (
    b"your", b"my", b"the", b"some", b"insert", b"enter", b"place", b"add", b"change", b"redacted", b"dummy",
    b"lorem", b"not", b"goes", b"to", b"<",
)  # fmt: skip
_EXAMPLE = late(rb"(?i)^example|example(?:key|token|secret)?$|(?<![a-z])example(?![a-z])")
_BRACKETS = late(
    rb"^(?:<[^<>]*>|\[[^\[\]]*\]|\{+[^{}]*\}+|%[A-Za-z_]\w*%|\$\(?[A-Za-z_][\w.]*\)?|\$\{[^{}]*\}|\*+|\.{3,}|@[\w.]+@)$"
)
# In lower case, too.
_MASKED = (b"****", "\u2022\u2022\u2022".encode(), b"...", "\u2026".encode(), b"xxxxxx")
_TEMPLATE = late(rb"\$\{|\{\{|\}\}|<%|%>|\$\(|#\{|%\(|%[sdv]$|^\$[A-Za-z_]")
_MIN_RUN = 4  # average length from which a row of runs such as 1234, aaaa or dcba was typed by a person
_MANY_RUNS = 7  # that a person hardly types into a sample

_UUID = late(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
HEX = late(rb"(?:0x)?[0-9a-fA-F]+")
_DIGEST_LENGTHS = frozenset((32, 40, 56, 64, 96, 128))
_DIGEST_BEFORE = late(
    rb"(?i)(?:sha-?(?:1|2|224|256|384|512)|md5|blake2b?|digest|checksum|integrity|etag|commit|revision|hash)"
    rb"[\"']?[-:= @\"'(]*$"
)
DIGEST_PREFIX = late(rb"(?i)(?:sha-?(?:1|224|256|384|512)|md5)[-=:_]")
_WORD = late(rb"[A-Za-z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_PATH = late(
    rb"(?:[A-Za-z]:)?[~.]{0,2}[\\/]?(?:[\w.@+-]+[\\/])+[\w.@+-]*|[\w.-]+\."
    rb"(?:py|js|ts|tsx|jsx|go|rs|rb|java|json|ya?ml|toml|pem|key|crt|txt|md|html?|css|scss|png|svg|sh|env|ini|cfg"
    rb"|conf|properties|xml|lock|log)"
)
_URL = late(rb"[A-Za-z][A-Za-z0-9+.-]*://[^\s@]*")
_IDENTIFIER = late(
    rb"[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+(?:\(\)?)?"
    rb"|[A-Za-z_$][\w$]*\(.*|[A-Za-z_$][\w$.]*\[.*"
)
_CONSTANT = late(rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:[_-][a-z]+)+")
_DATE_OR_VERSION = late(rb"v?\d+(?:\.\d+)+(?:[-+.]?[a-z]+[\d.]*)?|\d{4}-\d\d-\d\d(?:[T ][\d:.Z+-]*)?|\d+")
_VOWEL_WORD = late(rb"(?i)[aeiouy]")


def repeated(candidate: Candidate) -> bool:
    """Only one character, or only x, 0 and * (separators aside)."""
    rest = _bare(candidate.body)
    return len(rest) > 0 and (rest.count(rest[0]) == len(rest) or not rest.translate(None, b"x0*"))


def sequence(candidate: Candidate) -> bool:
    """Few runs of rising, falling or equal characters, as in `12345678-1234-...` or `abcdef123456`."""
    return in_runs(candidate) and (runs(candidate.body) < _MANY_RUNS or uuid(candidate))


def in_runs(candidate: Candidate) -> bool:
    """Whether a value is made of long runs of rising, falling or equal characters."""
    size = len(_bare(candidate.body))
    most = size // _MIN_RUN
    return size >= 2 * _MIN_RUN and runs(candidate.body, most) <= most


def runs(value: bytes, most: int = sys.maxsize) -> int:
    """The number of rising, falling or equal runs in a value, separators aside; counts to `most` + 1 only."""
    count = 1
    step: int | None = None
    for a, b in pairwise(_bare(value)):
        difference = b - a
        if difference not in (-1, 0, 1) or step not in (None, difference):
            count, step = count + 1, None
            if count > most:
                break
        else:
            step = difference
    return count


def _bare(value: bytes) -> bytes:
    return value.translate(None, _SEPARATING).lower()


def masked(candidate: Candidate) -> bool:
    """Partly hidden already: a run of stars, bullets, dots or x in it."""
    body = candidate.body.lower()
    return any(run in body for run in _MASKED)


def bracketed(candidate: Candidate) -> bool:
    """Wholly `<...>`, `${...}`, `{{...}}`, `%NAME%` or `$NAME`."""
    return _BRACKETS.match(candidate.value) is not None


def placeholder_words(candidate: Candidate) -> bool:
    """Says so: YOUR_API_KEY, changeme, redacted."""
    low = candidate.value.lower()
    if not any(word in low for word in _OF_PLACEHOLDERS):
        return False
    return _PLACEHOLDER_WORDS.search(candidate.value) is not None


def example(candidate: Candidate) -> bool:
    """The word `example` as providers put it into their samples."""
    if b"EXAMPLE" in candidate.body:
        return True
    return b"example" in candidate.body.lower() and _EXAMPLE.search(candidate.body) is not None


def template(candidate: Candidate) -> bool:
    """A template expression, or inside of one."""
    if _TEMPLATE.search(candidate.value):
        return True
    return candidate.before.endswith((b"${", b"{{", b"${{ ", b"{{ ", b"<%= ", b"$(", b"#{", b"$"))


def uuid(candidate: Candidate) -> bool:
    """A UUID, which names things far more often than it opens them."""
    return _UUID.fullmatch(candidate.value) is not None


def digest(candidate: Candidate) -> bool:
    """A hex digest by length, or anything that is called a digest just before it."""
    if _DIGEST_BEFORE.search(candidate.before[-32:]) or DIGEST_PREFIX.match(candidate.value):
        return True
    return len(candidate.value) in _DIGEST_LENGTHS and HEX.fullmatch(candidate.value) is not None


def words(candidate: Candidate) -> bool:
    """Made of words a person can say, in one case style, without digits mixed in."""
    parts = _WORD.findall(_SEPARATORS.sub(b" ", candidate.value))
    letters = [p for p in parts if p.isalpha()]
    if not letters or sum(map(len, parts)) < len(_SEPARATORS.sub(b"", candidate.value)):
        return False
    digits = sum(len(p) for p in parts if p.isdigit())
    sayable = sum(len(p) >= 3 and _VOWEL_WORD.search(p) is not None for p in letters)
    return digits <= 4 and sayable >= 0.7 * len(letters) and sum(map(len, letters)) / len(letters) >= 4


def path(candidate: Candidate) -> bool:
    """A file path or file name."""
    return _PATH.fullmatch(candidate.value) is not None and b"=" not in candidate.value


def url(candidate: Candidate) -> bool:
    """A URL without credentials."""
    return _URL.fullmatch(candidate.value) is not None


def identifier(candidate: Candidate) -> bool:
    """Program text: a member access, a call, a subscript, or a constant's name."""
    if candidate.after[:1] in (b"(", b"["):
        return True
    return (
        _IDENTIFIER.fullmatch(candidate.value) is not None or _CONSTANT.fullmatch(candidate.value) is not None
    )


def number(candidate: Candidate) -> bool:
    """A number, version or date, also after an escape such as \\n."""
    value = candidate.value[1:] if candidate.before.endswith(b"\\") else candidate.value
    return _DATE_OR_VERSION.fullmatch(value) is not None
