"""What stands around a value: the other half of its pair, its variable, its neighbours.

Read from the bytes beside a hit, and only where a hit gets a place: a scan that finds nothing pays nothing.
Names and neighbours are evidence for people, never proof: no verdict follows from them alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keylint.engine.confirm import compile_pattern
from keylint.engine.finder import find
from keylint.engine.hit import Hit
from keylint.latepattern import late, late_backwards
from keylint.model import Partner, Surroundings
from keylint.rule import Beside, Rule

_REACH = 600  # bytes on each side of a value that neighbours are looked for in
_BEFORE = 240  # bytes before a value where its name stands
_MAX_MATCHES = 1000  # of one `beside` pattern in one piece
_MAX_SHOWN = 3  # values of one `beside` pattern
_LONGEST = 120  # bytes of such a value
_TIMEOUT_S = 1.0

# Prefixes of variables that build tools write into what browsers get:
# https://nextjs.org/docs/app/guides/environment-variables, https://vite.dev/guide/env-and-mode,
# https://create-react-app.dev/docs/adding-custom-environment-variables,
# https://docs.expo.dev/guides/environment-variables, https://svelte.dev/docs/kit/$env-static-public,
# https://nuxt.com/docs/guide/going-further/runtime-config, https://cli.vuejs.org/guide/mode-and-env.html,
# https://www.gatsbyjs.com/docs/how-to/local-development/environment-variables
_PREFIX = rb"REACT_APP_|NEXT_PUBLIC_|NUXT_PUBLIC_|EXPO_PUBLIC_|GATSBY_|VUE_APP_|VITE_|PUBLIC_"
_LEAD = rb"""(?:\\?["'`])?(?:https?://[^\s"'`<>]{0,200}|(?:[Bb]earer|[Bb]asic|[Tt]oken|SSWS)[ ]{1,2})?"""
_BUNDLED = late_backwards(
    rb"(?<![0-9A-Za-z_])(" + _PREFIX + rb""")[0-9A-Za-z_]{1,80}["'`\])]{0,4}\s{0,8}"""
    rb"""(?:(?:=>|:=|\|\||\?\?|[:=,(])?\s{0,16}|\s{0,4},?\s{0,16}["']?value["']?\s{0,4}[:=]\s{0,4})"""
    + _LEAD
    + rb"\Z"
)
_NAME = late_backwards(
    rb"""([A-Za-z_$][0-9A-Za-z_$.-]{1,80})["'`\])]{0,4}[ \t]{0,8}(?:=>|:=|\|\||\?\?|[:=,(])[ \t]{0,8}"""
    + _LEAD
    + rb"\Z"
)
_PARAMETER = late_backwards(
    rb"""(?:\?|%3[Ff])(?:[^\s"'`<>]{0,200}(?:&|;|%26))?"""
    rb"""(access_?token|auth_?token|private_?token|token|api_?key|key|client_?secret|secret)(?:=|%3[Dd])\Z""",
    re.IGNORECASE,
)
_WORDS = late(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SAYS_PUBLIC = frozenset(
    (
        "anon", "anonymous", "browser", "client", "delivery", "frontend", "public", "publishable", "search",
        "site", "sitekey", "storefront",
    )
)  # fmt: skip
_SAYS_PRIVATE = frozenset(
    (
        "admin", "backend", "draft", "impersonate", "impersonation", "management", "master", "preview",
        "private", "push", "secret", "server", "write",
    )
)  # fmt: skip


class _Neighbour(NamedTuple):
    """Text near values of some providers (none: of all) that speaks for a public or for a private key."""

    providers: tuple[str, ...]
    public: bool
    before: int  # bytes
    after: int
    pattern: bytes
    says: str


_NEIGHBOURS = (
    _Neighbour((), True, 24, 0, rb"data-sitekey|[?&]render=", "it stands where pages name a site key"),
    _Neighbour((), False, 300, 300, rb"siteverify", "siteverify, a call that servers make, is near"),
    _Neighbour(
        ("google", "firebase"), True, _REACH, _REACH,
        rb"authDomain|messagingSenderId|firebaseapp\.com|firebaseConfig",
        "a Firebase web configuration is around it",
    ),
    _Neighbour(("google",), True, 80, 0, rb"maps/api/js\?", "it is in the address of a Google Maps script"),
    _Neighbour(
        ("google", "firebase"), False, 200, 200,
        rb"(?i:gemini)|generativelanguage",
        "Gemini, which no public key should reach, is named nearby",
    ),
    _Neighbour(
        ("google",), True, _REACH, 0,
        rb"""["']installed["']\s{0,4}:\s{0,4}\{""",
        "its file is of an installed application, which ships its secret",
    ),
    _Neighbour(
        ("google",), False, _REACH, 0,
        rb"""["']web["']\s{0,4}:\s{0,4}\{""",
        "its file is of a web application",
    ),
    _Neighbour(
        ("coveo",), False, 300, 300,
        rb"createToken|search/v2/token|(?i:impersonat)",
        "search tokens are made nearby",
    ),
    _Neighbour(("coveo",), True, 80, 0, rb"coveoua\(|CoveoAnalytics", "it is in a call for usage analytics"),
)  # fmt: skip
_CLIENT_ID = late(
    rb"""(?i:client[_-]?id)["'\]]{0,3}[ \t]{0,8}(?:=>|:=|[:=])[ \t]{0,8}["'`]?"""
    rb"""([0-9A-Za-z._-]{6,120})(?![0-9A-Za-z._({-])"""
)
_CLIENT_SECRET = late(r"client_?secret\Z", re.IGNORECASE)
_OPEN_ID = late(
    r"[0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-z.-]+\.apps\.googleusercontent\.com"
)


class Sketch(NamedTuple):
    """Surroundings whose lines are not known yet: `offsets` are those of the partners, in bytes."""

    around: Surroundings
    offsets: tuple[int, ...]


class Context:
    """Reads the surroundings of the hits in one piece of content."""

    def __init__(self, data: bytes, hits: Sequence[Hit]) -> None:
        self._data = data
        self._spans = [(hit.secret_start, hit.secret_end) for hit in hits]
        self._values = {hit.value for hit in hits}
        self._everywhere: dict[tuple[str, str], list[tuple[int, str]]] = {}

    def around(self, hit: Hit) -> Sketch:
        """What stands around one hit."""
        before = self._data[max(0, hit.secret_start - _BEFORE) : hit.secret_start]
        name = _name(before)
        bundled = _BUNDLED.search(before)
        parameter = _PARAMETER.search(before)
        partners = [*_halves(hit), *self._beside(hit), *self._client_id(hit, name)]
        public, private = self._hints(hit, name)
        return Sketch(
            Surroundings(
                partners=tuple(partner for _, partner in partners),
                bundled=bundled[1].decode() if bundled else "",
                parameter=parameter[1].decode() if parameter else "",
                public_hints=tuple(public),
                private_hints=tuple(private),
            ),
            tuple(offset for offset, _ in partners),
        )

    # ---- neighbours that name the key

    def _beside(self, hit: Hit) -> Iterator[tuple[int, Partner]]:
        for wanted in dict.fromkeys((*hit.base.beside, *hit.rule.beside)):
            found = self._found(hit, wanted)
            found.sort(key=lambda item: abs(item[0] - hit.secret_start))
            nearest = {value: offset for offset, value in reversed(found)}
            for value in list(dict.fromkeys(value for _, value in found))[:_MAX_SHOWN]:
                yield nearest[value], Partner(wanted.name, value)

    def _found(self, hit: Hit, wanted: Beside) -> list[tuple[int, str]]:
        if wanted.within:
            start = max(0, hit.start - wanted.within)
            return list(self._matches(hit.base, wanted, start, hit.end + wanted.within))
        key = (hit.base.id, wanted.regex)
        if key not in self._everywhere:
            spans = find(wanted.regex, self._data, hit.base)[:_MAX_MATCHES]
            self._everywhere[key] = [
                (start, text) for start, end in spans if (text := self._shown(start, end))
            ]
        return list(self._everywhere[key])

    def _matches(self, rule: Rule, wanted: Beside, start: int, end: int) -> Iterator[tuple[int, str]]:
        pattern = compile_pattern(wanted.regex, rule, "beside")
        try:
            for number, match in enumerate(pattern.finditer(self._data, start, end, timeout=_TIMEOUT_S)):
                group = next((g for g in range(1, pattern.groups + 1) if match[g] is not None), 0)
                if number >= _MAX_MATCHES:
                    return
                if group and (text := self._shown(*match.span(group))):
                    yield match.start(group), text
        except TimeoutError:
            return  # what was found until then is enough for a hint

    def _shown(self, start: int, end: int) -> str:
        """The text of a span, or "" where it is no identifier that may be shown: a key stands there, say."""
        if not 0 < end - start <= _LONGEST or any(s < end and start < e for s, e in self._spans):
            return ""
        if self._data[start:end] in self._values:
            return ""
        text = self._data[start:end].decode("utf-8", "replace")
        return text if text.isprintable() else ""

    def _client_id(self, hit: Hit, name: str) -> Iterator[tuple[int, Partner]]:
        """The id that stands with an OAuth client's secret (RFC 6749, section 2.3.1) of any service."""
        if not _CLIENT_SECRET.search(name) or hit.partners:
            return
        found = [
            (match.start(1), text)
            for match in _CLIENT_ID.finditer(self._data, max(0, hit.start - _REACH), hit.end + _REACH)
            if (text := self._shown(*match.span(1))) and any(c.isdigit() for c in text)
        ]
        if found:
            offset, text = min(found, key=lambda item: abs(item[0] - hit.secret_start))
            # An id of unknown form might be anything: enough is shown to recognise it.
            yield offset, Partner("client id", text if _OPEN_ID.fullmatch(text) else f"{text[:6]}...")

    # ---- what speaks for which side

    def _hints(self, hit: Hit, name: str) -> tuple[list[str], list[str]]:
        sides: tuple[list[str], list[str]] = ([], [])
        ambiguous = ("client",) if "secret" in _words(name) else ()  # a client's secret is no client-side key
        for side, known in enumerate((_SAYS_PUBLIC, _SAYS_PRIVATE)):
            words = [word for word in _words(name) if word in known and word not in ambiguous]
            if words:
                sides[side].append(f'its name says "{words[0]}"')
        for near in _NEIGHBOURS:
            if not near.providers or hit.rule.provider in near.providers:
                start = max(0, hit.secret_start - near.before)
                if re.search(near.pattern, self._data[start : hit.secret_end + near.after]):
                    sides[not near.public].append(near.says)
        return sides


def _halves(hit: Hit) -> Iterator[tuple[int, Partner]]:
    for half in hit.partners:
        value = half.value.decode("utf-8", "replace")
        yield (
            half.secret_start,
            Partner(half.rule.title, value, rule_id=half.rule.id, facts=half.evidence.facts),
        )


def _name(before: bytes) -> str:
    """The name that the value after these bytes is given to, without a prefix of build tools."""
    found = _NAME.search(before)
    return re.sub(_PREFIX, b"", found[1]).decode("ascii", "replace") if found else ""


def _words(name: str) -> Iterator[str]:
    """`adminApiKey` and `ADMIN_API_KEY` -> `admin`, `api`, `key`."""
    return (word.lower() for word in _WORDS.findall(name))
