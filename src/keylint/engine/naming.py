"""What the text before a value calls it: the name that it is assigned to, and the provider in that name.

FLASK_APP_AIVEN_API_KEY = "..."      a strong name of Aiven
cache_key: ...                       a weak one: most keys of programs open nothing
publicKey = "..."                    a harmless one
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple

from keylint.latepattern import late

_WORD = late(r"[A-Za-z0-9]+")
_LONGEST_JOIN = 4  # parts of a name that may make up one alias, as in BUY_ME_A_COFFEE
_REMEMBERED = 20_000  # runs of words
_GLUED = 3  # letters of an alias that may stand glued to further words, as in `geckoboardkey`

# What people append to a provider's name without a separator.
_WORDS_AFTER = """
access account admin api app application auth bot client cloud code com consumer credentials dev id ingest
insert insights integration io key keys license live master mgmt mobile oauth org password pat personal
platform private prod public publish publishable query read rest sdk secret secrets server service site
sms subscription test token tokens user v1 v2 web webhook write
"""
_ENDINGS = frozenset(_WORDS_AFTER.split())
_KEY_ENDINGS = frozenset(("apikey", "apitoken", "token", "secret"))  # that ordinary words seldom have


SERVICE = "service"  # the fact that holds the provider's name


class Provider(NamedTuple):
    """A provider's name as people write it. `word`: its alias is also an ordinary word."""

    name: str
    word: bool


class Providers:
    """Finds providers in names. `entries` are (alias in lower-case letters and digits, name, is a word)."""

    def __init__(self, entries: Iterable[tuple[str, str, bool]]) -> None:
        self._known = {alias: Provider(name, word) for alias, name, word in entries}
        self._in_runs: dict[str, Provider | None] = {}

    def before(self, text: str, lead: int) -> tuple[Provider | None, bool]:
        """The provider that a value belongs to by the text before it; whether the value's own name says so.

        Else its line says it, or what stands above. There an ordinary word does not count.
        """
        found = self.find(read_name(text, lead).text)
        if found is not None:
            return found, True
        for place in (text[text.rfind("\n") + 1 :], text):
            found = self.find(place)
            if found is not None and not found.word:
                return found, False
        return None, False

    def find(self, text: str) -> Provider | None:
        """The provider that is named last in a text, the longest alias first."""
        for run in reversed(_RUNS.findall(text)):
            if run not in self._in_runs:
                if len(self._in_runs) >= _REMEMBERED:
                    self._in_runs.clear()
                self._in_runs[run] = self._in_run(run)
            found = self._in_runs[run]
            if found:
                return found
        return None

    def _in_run(self, run: str) -> Provider | None:
        parts = [part.lower() for word in _WORD.findall(run) for part in _split(word)]
        for size in range(min(_LONGEST_JOIN, len(parts)), 0, -1):
            for at in range(len(parts) - size, -1, -1):
                found = self._known.get("".join(parts[at : at + size]))
                if found:
                    return found
        for part in reversed(parts):
            found = self._glued(part)
            if found:
                return found
        return None

    def _glued(self, part: str) -> Provider | None:
        """The provider at the start of a word that goes on with the usual endings."""
        for size in range(len(part) - 1, _GLUED - 1, -1):
            found = self._known.get(part[:size])
            if found and is_ending(part[size:]) and not (found.word and part[size:] not in _KEY_ENDINGS):
                return found
        return None


# A name with its separators: letters, digits and what joins them, single spaces included.
_RUNS = late(r"[A-Za-z0-9]+(?:[_. \-][A-Za-z0-9]+)*")


def _split(word: str) -> list[str]:
    """A word at its changes of case, and digits kept with the letters around them (`web3storage`)."""
    return re.findall(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])", word)


@lru_cache(maxsize=1024)
def is_ending(text: str) -> bool:
    """Whether a text is made of the words that follow a provider's name."""
    return text in _ENDINGS or any(
        text[:size] in _ENDINGS and is_ending(text[size:]) for size in range(2, len(text))
    )


class Name:
    """What a value is called, and how much that says."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def strong(self) -> bool:
        """Whether it says secret."""
        return _STRONG.search(self.text) is not None

    @cached_property
    def somebodys(self) -> bool:
        """Whether it is a key of something, as in `acme_key`."""
        return _SOMEBODYS.search(self.text) is not None

    @cached_property
    def certain(self) -> bool:
        """Whether it says secret in words that are used for nothing else."""
        return _CERTAIN.search(self.text) is not None

    @cached_property
    def harmless(self) -> bool:
        """Whether it names something that opens nothing."""
        return _HARMLESS.search(self.text) is not None


_STRONG = late(
    r"(?i)secret|token|passw|passphrase|passcode|pwd|credential|bearer|authorization"
    r"|(?:api|access|auth|client|app|application|consumer|customer|private|master|signing|signature"
    r"|encryption|crypt"
    r"|service|server|account|admin|license|licence|subscription|session|bot|user|personal|oauth2?"
    r"|webhook|deploy"
    r"|integration|project|publish|write|read|sdk|rest|ingest|insert|live|prod(?:uction)?|storage|host|shared"
    r"|function|push|merchant|partner|developer|dev|root|security|hmac|jwt|cookie|flask|django|rails)"
    r"[-_. ]?key(?!board|word|stroke|code|name|frame|store|map|ring|press|down|up\b)|api[-_. ]?auth|x-api"
)
_SOMEBODYS = late(r"[a-z0-9]{3,}(?-i:Key|[-_.]key)\b|[A-Z0-9]{3,}_KEY\b")
_CERTAIN = late(
    r"(?i)(?:api|access|auth|bearer|refresh|personal|bot|private|client|app|service|admin|security"
    r"|secret)[-_ ]?(?:key|token)"
    r"|secret|passw|pwd|passphrase|bearer|(?-i:[a-z0-9]{3}[ _-]token\b|[A-Z0-9]{3}_(?:TOKEN|KEY)\b)"
)
_HARMLESS = late(
    r"(?i)(?<!secret)(?<!secret[-_ ])(?-i:[a-z]Id|[-_ ]id|[a-zA-Z_-]ID)s?[0-9]?[^0-9A-Za-z]*\Z"
    r"|public(?!a)(?! (?:static|final|const|readonly|override|virtual|string|let|var)\b)"
    r"|pub[-_ ]?key|(?:site|gpg|pgp|ssh[-_]host|activation)[-_ ]?key|digest|checksum"
    r"|fingerprint|thumbprint"
    r"|integrity|etag"
    r"|sha-?(?:1|2|256|512)|md5|\bhash(?!icorp)|encrypted|encryption[-_ ]?context|ciphertext"
    r"|\bkid\b|\biv\b|nonce"
    r"|(?<!right)signature(?!s?[-_ ]?(?:api|key|token|secret))"
    r"|verifier|(?:site|domain)[-_ ]?verif|verification[^0-9A-Za-z]*\Z"
    r"|challenge|tokeni[sz]|translat(?!(?:e|or|ion)?[-_ ]?api|e[-_ ]?(?:key|token|secret))"
    r"|\bauthors?\b|authority|authentic(?:ity)?(?![a-z])"
    r"|keywords|(?:(?<!survey)(?<!pdf)mon(?!keylearn)|whis|hoc|joc|tur|don)key|passive(?!total)"
    r"|compass|bypass|passport"
    r"|key[-_ ]?(?:id|name|word|code|board|stroke|frame|map|press|down|up|path|file|len|length|size|type"
    r"|usage|pair"
    r"|hash|ring|space|stem|val|spec|alg|vault|store)s?\b"
    r"|token[-_ ]?(?:type|url|uri|name|count|len|length|path|file|endpoint|address|symbol|contract|id"
    r"|kind|hash|prefix)s?\b"
    r"|(?:secret|password|credential|auth|access|bearer|private|session)s?[-_ ]?(?:name|path|file|url|uri"
    r"|arn|ref|hint"
    r"|type|hash|length|version|field|label|header|method|scheme|mode|group|level|policy|point|log|time"
    r"|date)s?\b"
    r"|(?:primary|foreign|partition|sort|cache|index|idempotency|i18n|translation|message|object|s3|row"
    r"|map|dict|lookup"
    r"|routing|group|composite|hash|shard|metric|registry|storage_?path|config|setting|property|node|list"
    r"|state|react"
    r"|item|feature|flag|category|redis|known)[-_. ]?keys?\b"
    r"|(?<![a-z])(?:asset|image|file|blob|bucket|record|entity|unique|query|event|locale|chunk|module"
    r"|dedup(?:e|lication)?|surrogate|document|page|view|route|component|widget|template|theme|style|layer"
    r"|tile|version|artifact|attachment|media|video|photo|thumbnail|order|build|job|task|issue|ticket"
    r"|product|sku|invoice|menu|tab|field|param|option|attribute|label|tag|lang|language)[-_. ]?keys?\b"
    r"|(?:client|request|idempotency|change|grant|lock|correlation|trace|creation|update|resume|poll|page"
    r"|(?<![a-z])(?:next|prev)[a-z]{0,10}|starting"
    r"|lifecycle[-_ ]?action|work[-_ ]?unit|task|previous|continuation|sync|cursor|csrf|xsrf|csrfmiddleware"
    r"|request_?verification|anti_?forgery|lexer|parser|start|end|begin|stop|cancellation|cancel|design"
    r"|color|theme"
    r"|unk|pad|mask|bos|eos|sep|cls)[-_ ]?tokens?\b"
)
_NAME_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz$. \\-"
_LONGEST_BEGINNING = 40  # characters of a name before the match


def read_name(before: str, lead: int) -> Name:
    """What the text before a value says of it.

    `lead` is how many characters at its end belong to the match: the end of the name, and what stands between
    name and value. What the match does not have of the name is looked up before it.
    """
    at = len(before) - lead
    head = before[max(0, at - _LONGEST_BEGINNING) : at]
    beginning = head[len(head.rstrip(_NAME_CHARACTERS)) :]
    return _name(beginning.lstrip() + before[at:])


@lru_cache(maxsize=8192)
def _name(text: str) -> Name:
    return Name(text)


@lru_cache(maxsize=4)
def providers(entries: tuple[tuple[str, str, bool], ...]) -> Providers:
    """The lexicon of a rule's `names`; rules that share them share it."""
    return Providers(entries)
