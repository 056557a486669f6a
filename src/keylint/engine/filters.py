"""Named tests that tell a value from something that only looks like one.

A rule switches filters on by name or by the name of a group (`Rule.filters`); `placeholder` is on for all
rules, `none` switches that off. A filter answers True when the candidate is no secret. Add one: write the
predicate, register it under a name, and list it in a group if the group's rules should all have it.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

from keylint.engine.lexicon import dull as is_dull
from keylint.engine.lexicon import readable, striking, worded
from keylint.engine.naming import Name, read_name
from keylint.errors import ConfigError


class Candidate(NamedTuple):
    """A value and the text beside it on both sides (at most SURROUNDINGS bytes).

    `body` is the value without the public prefix of its kind. `lead` is how many bytes at the end of `before`
    belong to the match. `service` is the provider that the text before the value names, where the rule asks for
    it (`Rule.names`).
    """

    value: bytes
    body: bytes
    before: bytes = b""
    after: bytes = b""
    lead: int = 0
    service: str = ""

    @property
    def name(self) -> Name:
        """What the value is called."""
        return read_name(self.before.decode("latin-1"), self.lead)


SURROUNDINGS = 160
Filter = Callable[[Candidate], bool]

_SEPARATORS = re.compile(rb"[-_.:/ ]+")
_PLACEHOLDER_WORDS = re.compile(
    rb"(?i)(?:^|[^a-z])(?:your|my|the|some|insert|enter|replace|add)[-_ ]?"
    rb"(?:own|real|actual|secret|private|public|api|access|auth|key|token|password|client|value|here|this|me"
    rb"|with|org)|change[-_ ]?me|place[-_ ]?holder|redacted|dummy|lorem[-_ ]?ipsum|not[-_ ]?a[-_ ]?real"
    rb"|goes[-_ ]?here|to[-_ ]?be[-_ ]?(?:set|filled)|<[a-z][a-z0-9_ -]*>"
)
_EXAMPLE = re.compile(rb"(?i)^example|example(?:key|token|secret)?$|(?<![a-z])example(?![a-z])")
_BRACKETS = re.compile(
    rb"^(?:<[^<>]*>|\[[^\[\]]*\]|\{+[^{}]*\}+|%[A-Za-z_]\w*%|\$\(?[A-Za-z_][\w.]*\)?|\$\{[^{}]*\}|\*+|\.{3,}|@[\w.]+@)$"
)
_TEMPLATE = re.compile(rb"\$\{|\{\{|\}\}|<%|%>|\$\(|#\{|%\(|%[sdv]$|^\$[A-Za-z_]")
_MIN_RUN = 4  # average length from which a row of runs such as 1234, aaaa or dcba was typed by a person

_UUID = re.compile(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(rb"(?:0x)?[0-9a-fA-F]+")
_DIGEST_LENGTHS = frozenset((32, 40, 56, 64, 96, 128))
_DIGEST_BEFORE = re.compile(
    rb"(?i)(?:sha-?(?:1|2|224|256|384|512)|md5|blake2b?|digest|checksum|integrity|etag|commit|revision|hash)"
    rb"[\"']?[-:= @\"'(]*$"
)
_DIGEST_PREFIX = re.compile(rb"(?i)(?:sha-?(?:1|224|256|384|512)|md5)[-=:_]")
_WORD = re.compile(rb"[A-Za-z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_PATH = re.compile(
    rb"(?:[A-Za-z]:)?[~.]{0,2}[\\/]?(?:[\w.@+-]+[\\/])+[\w.@+-]*|[\w.-]+\."
    rb"(?:py|js|ts|tsx|jsx|go|rs|rb|java|json|ya?ml|toml|pem|key|crt|txt|md|html?|css|scss|png|svg|sh|env|ini|cfg"
    rb"|conf|properties|xml|lock|log)"
)
_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^\s@]*")
_IDENTIFIER = re.compile(
    rb"[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)[A-Za-z_$][\w$]*)+(?:\(\)?)?"
    rb"|[A-Za-z_$][\w$]*\(.*|[A-Za-z_$][\w$.]*\[.*"
)
_CONSTANT = re.compile(rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:[_-][a-z]+)+")
_DATE_OR_VERSION = re.compile(
    rb"v?\d+(?:\.\d+)+(?:[-+.]?[a-z]+[\d.]*)?|\d{4}-\d\d-\d\d(?:[T ][\d:.Z+-]*)?|\d+"
)
_VOWEL_WORD = re.compile(rb"(?i)[aeiouy]")


def repeated(candidate: Candidate) -> bool:
    """Only one character, or only x, 0 and * (separators aside)."""
    rest = _SEPARATORS.sub(b"", candidate.body).lower()
    return len(rest) > 0 and (len(set(rest)) == 1 or set(rest) <= set(b"x0*"))


def sequence(candidate: Candidate) -> bool:
    """Runs of rising, falling or equal characters, as in `12345678-1234-...` or `abcdef123456`."""
    rest = _SEPARATORS.sub(b"", candidate.body).lower()
    if len(rest) < 2 * _MIN_RUN:
        return False
    runs = 1
    step: int | None = None
    for a, b in pairwise(rest):
        difference = b - a
        if difference not in (-1, 0, 1) or step not in (None, difference):
            runs, step = runs + 1, None
        else:
            step = difference
    return len(rest) / runs >= _MIN_RUN


def masked(candidate: Candidate) -> bool:
    """Partly hidden already: a run of stars, bullets, dots or x in it."""
    return re.search(rb"\*{4,}|(?:\xe2\x80\xa2){3,}|\.{3,}|\xe2\x80\xa6|[xX]{6,}", candidate.body) is not None


def bracketed(candidate: Candidate) -> bool:
    """Wholly `<...>`, `${...}`, `{{...}}`, `%NAME%` or `$NAME`."""
    return _BRACKETS.match(candidate.value) is not None


def placeholder_words(candidate: Candidate) -> bool:
    """Says so: YOUR_API_KEY, changeme, redacted."""
    return _PLACEHOLDER_WORDS.search(candidate.value) is not None


def example(candidate: Candidate) -> bool:
    """The word `example` as providers put it into their samples."""
    return b"EXAMPLE" in candidate.body or _EXAMPLE.search(candidate.body) is not None


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
    if _DIGEST_BEFORE.search(candidate.before[-32:]) or _DIGEST_PREFIX.match(candidate.value):
        return True
    return len(candidate.value) in _DIGEST_LENGTHS and _HEX.fullmatch(candidate.value) is not None


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


_SHORTEST = 16  # characters of a value that only its name makes a secret
_SHORTEST_NAMED = 10  # where the name holds a provider, too
_MARKS = re.compile(rb"[^0-9A-Za-z]")
_PICTURE = re.compile(
    rb"iVBORw0KGgo|R0lGOD|/9j/|UklGR|PHN2Zy|PD94bWw|AAABAA|d09GR|T1RUTw|AAEAAAA|JVBERi0|UEsDB|H4sIA|TVqQ|f0VMR"
    rb"|AGFzbQ|SUQz|T2dnUw|AAAA[A-Z]Gft"
)
_DATA_URI = re.compile(rb"(?i)data:[a-z-]{3,20}/[a-z0-9.+-]{1,60}(?:;[a-z0-9=-]{1,30})*,\Z|base64,\Z")
_PUBLIC_KEY = re.compile(
    rb"MI[GHI][A-Za-z0-9]{1,3}AN?BgkqhkiG9w0|MII[B-H][A-Za-z0-9+/]{3}CC[AB]|MF[kk]wEwYHKoZIzj0|MFIwEwYH|MCowBQYDK2V"
    rb"|AAAA[BCE]3NzaC1|AAAAE2VjZHNh|BEGIN PUBLIC|LS0tLS1CRUdJTiBD|LS0tLS1CRUdJTiBQVU"
)
_TEST_CERTIFICATE = re.compile(rb"(?i)test[-_ ]?(?:cert|key|ca\b)|snake[-_ ]?oil|self[-_ ]?signed")
_CODE_AFTER = re.compile(rb"[ \t]*(?:[(\[]|=>|\?[.:]?|&&|\|\||[<>=!]=|\+[^+]|\?\?)")
_MEMBERS = re.compile(rb"[A-Za-z_$][\w$]{0,60}(?:(?:\.|->|::)[A-Za-z_$][\w$]{0,60}){1,12}[!?;]?")
_SHORT_MEMBERS = re.compile(rb"[A-Za-z_$][\w$]{0,3}(?:\.[A-Za-z_$][\w$]{0,3})+(?:\.\w+)?")
_CONSTANT_MEMBER = re.compile(rb"(?:[A-Za-z_]\w*\.)+[A-Z][A-Z0-9_]*")
_SNAKE = re.compile(rb"[A-Za-z]{2,}[0-9]{0,4}(?:[_.-][A-Za-z]{2,}[0-9]{0,4}){1,12}")
_TUTORIAL = re.compile(rb"(?:my|your|the|some|user|test)?[-_]?(?:pass(?:word|wd|w)?|pwd|secret|token|test|changeme)[0-9!]{0,3}")
_PATTERN = re.compile(rb"0-9|[Aa]-[Zz]|[Aa]-[Ff]|\\[dwsDWS]|ABCDEFGHIJ|abcdefghij|0123456789|\{\d+(?:,\d*)?\}")
_JOINT = re.compile(rb"[0-9A-Za-z]([/+._-]+)\Z")
_PICTURE_ADDRESS = re.compile(rb"(?i)\.(?:svg|png|gif|jpe?g|webp|ico)\?[^\s\"'`<>]{0,100}\Z")
_EXAMPLE_ADDRESS = re.compile(rb"(?i)://(?:[0-9a-z-]+\.){0,4}(?:example|invalid|test)(?:\.(?:com|org|net))?[/?:][^\s\"'`<>]{0,120}\Z")
_PAIR = re.compile(rb"[A-Za-z_]{2,30}=[^=]")
_LOGIN = re.compile(rb"://([^:/@]*):([^@]*)@")
_QUOTE = b"\"'`"


def short(candidate: Candidate) -> bool:
    """Too short for a generated secret, unless its name holds a provider as well."""
    return len(candidate.value) < (_SHORTEST_NAMED if candidate.service else _SHORTEST)


def dull(candidate: Candidate) -> bool:
    """Too few different characters for a random text of its length and alphabet."""
    return is_dull(candidate.body)


def spoken(candidate: Candidate) -> bool:
    """Reads like words: usual pairs of letters, or most of it known words."""
    return readable(candidate.body) or worded(candidate.body) > 0.5


def weak_name(candidate: Candidate) -> bool:
    """A name that says little, such as plain `key`, no provider named with it, and no striking value either."""
    return not candidate.service and not candidate.name.strong and not striking(candidate.value)


def harmless_name(candidate: Candidate) -> bool:
    """A name of something that opens nothing: a public key, a key's id, a hash, a token of a grammar."""
    return candidate.name.harmless


def unnamed_uuid(candidate: Candidate) -> bool:
    """A UUID that is not called a secret, nor a provider's key. Many a token is just a number of a request."""
    return uuid(candidate) and not candidate.service and not candidate.name.certain


def unnamed_digest(candidate: Candidate) -> bool:
    """A hex digest by length that is not called a secret, nor a provider's key, or anything called a digest."""
    if _DIGEST_PREFIX.match(candidate.value) or _DIGEST_BEFORE.search(candidate.before[-32:]):
        return True
    return digest(candidate) and not candidate.service and not candidate.name.strong


def pair(candidate: Candidate) -> bool:
    """A name and a value of its own, such as the next parameter of an address."""
    return _PAIR.match(candidate.value) is not None


def tutorial_login(candidate: Candidate) -> bool:
    """An address with a login that tutorials print: the user's name as the password, or `password`."""
    login = _LOGIN.search(candidate.value)
    if login is None:
        return False
    user, password = login[1].lower(), login[2].lower()
    return user in (password, b"anonymous") or _TUTORIAL.fullmatch(password) is not None


def picture(candidate: Candidate) -> bool:
    """Base64 of an image, font, archive, document or program, by its first bytes, or a data URI."""
    return _PICTURE.match(candidate.value) is not None or _DATA_URI.search(candidate.before) is not None


def public_key(candidate: Candidate) -> bool:
    """A public key or a certificate, by the first bytes of its DER or SSH form in base64."""
    return _PUBLIC_KEY.search(candidate.value) is not None


def test_certificate(candidate: Candidate) -> bool:
    """Said to be of a test certificate just before it."""
    return _TEST_CERTIFICATE.search(candidate.before[-80:]) is not None


def code(candidate: Candidate) -> bool:
    """Program text without quotes: a call, a comparison, a member, a name in snake or kebab case."""
    if candidate.before[-1:] in _QUOTE and candidate.after[:1] == candidate.before[-1:]:
        return _SNAKE.fullmatch(candidate.value) is not None
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
    gap = _JOINT.search(candidate.before[-candidate.lead :]) if candidate.lead else None
    if gap is None:
        return False
    hexadecimal = len(candidate.value) >= 32 and _HEX.fullmatch(candidate.value) is not None
    return gap[1] != b"-" or not candidate.name.certain or not (hexadecimal or striking(candidate.value))


def picture_address(candidate: Candidate) -> bool:
    """A parameter in the address of a picture, such as a badge: whoever sees the page sees it."""
    return _PICTURE_ADDRESS.search(candidate.before) is not None


def example_address(candidate: Candidate) -> bool:
    """A parameter in an address of an example host (RFC 2606)."""
    return _EXAMPLE_ADDRESS.search(candidate.before) is not None


def pattern(candidate: Candidate) -> bool:
    """A regular expression, or the alphabet of one."""
    return _PATTERN.search(candidate.value) is not None


def no_base64(candidate: Candidate) -> bool:
    """Not base64: what stands in its place is plain text or a template."""
    return _from_base64(candidate.value) is None


def no_login(candidate: Candidate) -> bool:
    """Not base64 of `user:password`, or of one that tutorials print."""
    plain = _from_base64(candidate.value)
    if plain is None or not all(32 <= byte < 127 for byte in plain):
        return True
    user, colon, password = plain.partition(b":")
    return not colon or len(password) < 4 or _TUTORIAL.fullmatch(password.lower()) is not None or user == password


FILTERS: dict[str, Filter] = {
    "repeated": repeated,
    "sequence": sequence,
    "masked": masked,
    "bracketed": bracketed,
    "placeholder_words": placeholder_words,
    "example": example,
    "template": template,
    "uuid": uuid,
    "digest": digest,
    "words": words,
    "path": path,
    "url": url,
    "identifier": identifier,
    "number": number,
    "short": short,
    "dull": dull,
    "spoken": spoken,
    "weak_name": weak_name,
    "harmless_name": harmless_name,
    "unnamed_uuid": unnamed_uuid,
    "unnamed_digest": unnamed_digest,
    "picture": picture,
    "public_key": public_key,
    "test_certificate": test_certificate,
    "code": code,
    "joined": joined,
    "picture_address": picture_address,
    "example_address": example_address,
    "pair": pair,
    "tutorial_login": tutorial_login,
    "pattern": pattern,
    "no_base64": no_base64,
    "no_login": no_login,
}
GROUPS: dict[str, tuple[str, ...]] = {
    "placeholder": ("repeated", "sequence", "masked", "bracketed", "placeholder_words", "example"),
    "generic": ("template", "uuid", "digest", "words", "path", "url", "identifier", "number"),
    "assigned": (
        "short", "template", "joined", "picture_address", "example_address", "pair", "harmless_name", "weak_name", "unnamed_uuid", "unnamed_digest", "number", "url", "code",
        "pattern", "picture", "public_key", "test_certificate", "dull", "spoken",
    ),
    "none": (),
}
NAMES = (*FILTERS, *GROUPS)


def select(names: Iterable[str], where: str) -> dict[str, Filter]:
    """The predicates that filter names stand for, in the order of trying.

    Raises ConfigError, naming `where`, for an unknown one.
    """
    wanted = list(names)
    if "none" not in wanted:
        wanted.insert(0, "placeholder")
    chosen: dict[str, Filter] = {}
    for name in wanted:
        if name not in NAMES:
            raise ConfigError(f"{where}: unknown filter {name!r}", hint="known: " + ", ".join(NAMES))
        for single in GROUPS.get(name, (name,)):
            chosen[single] = FILTERS[single]
    return chosen
