"""What every inventory format shares: the snapshot, and the care that is taken with raw values."""

from __future__ import annotations

import datetime as dt
import marshal
import re
from collections.abc import Mapping
from typing import Any

from keylint.errors import InventoryError
from keylint.inventory.dates import parse_date
from keylint.model import KeyRecord, Level, Privacy, Privilege, Problem
from keylint.records import dataclass, field, replace
from keylint.secret import Secret

# Characters that stand for hidden ones in a masked value. Two or more dots do so too.
HIDING = "*\u2022\u25cf\u2219\u00b7\u2026\u2588"
_HIDDEN = re.compile(f"[{HIDING}]|\\.{{2,}}")
# Whole keys of the two services whose listings keylint reads, wherever people pasted them.
_PASTED = re.compile(
    r"xx[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[as]k_[A-Za-z0-9_-]{28,}", re.IGNORECASE
)
_SHORTEST_PASTED = 31
_PRIVACY = {"public": Privacy.PUBLIC, "private": Privacy.PRIVATE}
_MOST_SHOWN = 20
_MOST_NAMED = 100


@dataclass(frozen=True)
class TemplateExport:
    """A key template as an organisation has it (Coveo: `GET .../templates/apikeys`)."""

    provider: str
    template_id: str
    name: str
    privacy: Privacy | None
    privileges: tuple[Privilege, ...]
    description: str = ""
    longest_lifetime: str = ""  # ISO 8601 duration, such as P14D


@dataclass(frozen=True)
class Snapshot:
    """One inventory file. `salt` keys the digests of its records.

    `complete` False means that absence from it proves nothing, `partial_reason` says why. A templates export
    has no records and `listing` False: it says nothing about which keys exist. `unmasked` counts the
    values that stood in the file in full.
    """

    provider: str
    organization: str = ""
    records: tuple[KeyRecord, ...] = ()
    taken_at: dt.datetime | None = None
    complete: bool = True
    partial_reason: str = ""
    salt: bytes = field(default=b"", repr=False)
    source: str = ""
    unmasked: int = 0
    problems: tuple[Problem, ...] = ()
    templates: tuple[TemplateExport, ...] = ()
    listing: bool = True
    assignable: tuple[Privilege, ...] = ()  # what a Custom key of this organisation may get
    groups: tuple[str, ...] = ()  # names of the organisation's groups


def is_masked(value: str) -> bool:
    """Whether a listing's value hides characters."""
    return _HIDDEN.search(value) is not None


def safe_mask(mask: str) -> str:
    """The mask itself, or a shorter one where it would show more than 20 letters and digits."""
    mask = _whole(mask)
    if mask.count("*") >= len(mask) - _MOST_SHOWN:
        return mask
    shown = sum(char.isalnum() for char in _HIDDEN.sub("", mask))
    return mask if shown <= _MOST_SHOWN else f"{mask[:4]}********{mask[-4:]}"


def _whole(text: str) -> str:
    """The text without lone surrogates, which JSON may hold and no output can."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def scrub(text: str) -> str:
    """Text from a listing with every whole key in it masked, and without lone surrogates."""
    text = _whole(text)
    if len(text) < _SHORTEST_PASTED or ("-" not in text and "_" not in text):
        return text
    return _PASTED.sub(lambda found: f"{found[0][:2]}********{found[0][-4:]}", text)


class Collector:
    """Gathers what one file says. Raw values become keyed hashes here and go no further."""

    def __init__(self, provider: str, source: str, salt: bytes, *, personal: bool = False) -> None:
        self.provider = provider
        self.source = source
        self.salt = salt
        self.personal = personal
        self.plain_words = False  # whether a privilege may be one word, as other services name it
        self.records: list[KeyRecord] = []
        self.unmasked = 0
        self.problems: list[Problem] = []
        self._known: dict[tuple[str, str, str], int] = {}
        self._texts: dict[str, str] = {}
        self._sets: dict[bytes, tuple[Privilege, ...]] = {}
        self._last_unmasked = 0

    def problem(self, code: str, text: str, line: int, level: Level = Level.WARNING) -> None:
        """Note something about the file."""
        self.problems.append(Problem(code, level, text, path=self.source, line=line))

    def digest(self, value: str, line: int, what: str) -> str:
        """The keyed hash of a value that the file holds in full, which is a problem of its own."""
        self.unmasked += 1
        self._last_unmasked = line
        if self.unmasked <= _MOST_NAMED:
            self.problem(
                "unmasked-inventory",
                f"{what} stands here in full: destroy this file and treat the key as exposed",
                line,
                Level.ERROR,
            )
        return Secret(value.encode("utf-8", "surrogatepass")).digest(self.salt)

    def add(self, record: KeyRecord) -> None:
        """Keep a record. The same one twice is kept once; two that differ are an error."""
        key = (record.provider, record.key_id, record.half)
        if not record.key_id:
            self.records.append(record)
            return
        before = self._known.setdefault(key, len(self.records))
        if before == len(self.records):
            self.records.append(record)
            return
        first = self.records[before]
        if _same(first, record):
            self.problem("duplicate-entry", "the same entry again, counted once", record.line, Level.NOTE)
            return
        raise InventoryError(
            f"{self.source}: lines {first.line} and {record.line} have the same id but differ",
            hint="list the keys again, in one go",
        )

    def shared(self, text: str) -> str:
        """The same text for equal ones: of those that many keys have, one is kept."""
        return self._texts.setdefault(text, text)

    def privileges(self, value: object, line: int) -> tuple[Privilege, ...] | None:
        """The privileges of an entry or template; None where it does not say."""
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.wrong("privileges", "a list", line)
        # 100,000 keys share a handful of sets: each is read once. This is the fastest way to tell them apart.
        try:
            written = marshal.dumps(value, 2)
        except ValueError:
            raise self.wrong("privileges", "a list that is not nested so deeply", line) from None
        found = self._sets.get(written)
        if found is None:
            found = self._sets[written] = tuple(self._privilege(item, line) for item in value)
        return found

    def _privilege(self, item: object, line: int) -> Privilege:
        if self.plain_words and isinstance(item, str) and item:
            # Services other than Coveo name a right by one word, such as Algolia's `addObject`.
            owner, _, rest = item.partition("/")
            domain, _, kind = rest.partition("/")
            return Privilege(owner if rest else "", domain or owner, kind)
        fields = Fields(item, line, self, "privileges")
        domain = fields.text("targetDomain") or fields.text("target_domain")
        ids = [*fields.texts("targetIds"), *fields.texts("target_ids")]
        one = fields.text("targetId")
        if one and one not in ids:
            ids.append(one)
        made = Privilege(fields.text("owner"), domain, fields.text("type"), tuple(ids))
        if not made.owner or not made.target_domain:
            raise self.wrong("privileges", "owner and targetDomain in every privilege", line)
        return made

    def wrong(self, name: str, expected: str, line: int) -> InventoryError:
        """The error for a member of another type than expected."""
        return InventoryError(f"{self.source}:{line}: {name}: expected {expected}")

    def snapshot(self, **more: Any) -> Snapshot:
        """Everything gathered, as a snapshot; `more` are further fields of it."""
        if self.unmasked > _MOST_NAMED:
            self.problem(
                "unmasked-inventory",
                f"{self.unmasked - _MOST_NAMED} more values stand here in full, the last one on this line",
                self._last_unmasked,
                Level.ERROR,
            )
        return Snapshot(
            provider=self.provider,
            records=tuple(self.records),
            salt=self.salt,
            source=self.source,
            unmasked=self.unmasked,
            problems=tuple(self.problems),
            **more,
        )


class Fields:
    """Typed access to the members of one JSON object. Unknown members are never read."""

    def __init__(self, item: object, line: int, collector: Collector, where: str = "entry") -> None:
        if not isinstance(item, dict):
            raise collector.wrong(where, "an object", line)
        self.item: Mapping[str, Any] = item
        self.line = line
        self._collector = collector

    def text(self, name: str) -> str:
        """A string, "" if it is absent or null, with pasted keys masked."""
        value = self.item.get(name)
        if value is None:
            return ""
        # Most texts are short and plain: asked here, without further calls, since listings are long.
        if type(value) is str and len(value) < _SHORTEST_PASTED and value.isascii():
            return value
        return scrub(self.raw(name))

    def raw(self, name: str) -> str:
        """A string as it stands: only for values that are masked or hashed next."""
        value = self.item.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._collector.wrong(name, "text", self.line)
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings; empty if it is absent or null."""
        value = self.item.get(name)
        if not value and (value is None or isinstance(value, list)):
            return []
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            raise self._collector.wrong(name, "a list of texts", self.line)
        return [scrub(part) for part in value]

    def flag(self, name: str) -> bool | None:
        """True, False, or None if it is absent or null."""
        value = self.item.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._collector.wrong(name, "true or false", self.line)
        return value

    def date(self, name: str, *, end_of_day: bool = False) -> dt.datetime | None:
        """A date; one that cannot be read is a problem of the file and counts as absent."""
        value = self.item.get(name)
        if value is None:
            return None
        try:
            return parse_date(value, end_of_day=end_of_day)
        except ValueError as error:
            self._collector.problem("bad-date", f"{name}: {error}; taken as absent", self.line)
            return None

    def inner(self, *path: str) -> Fields:
        """The object at a path of members; an empty one where any of them is absent or null."""
        item: Any = self.item
        for name in path:
            item = item.get(name) or {}
            if not isinstance(item, dict):
                raise self._collector.wrong(name, "an object", self.line)
        return Fields(item, self.line, self._collector)

    def objects(self, name: str) -> list[Fields]:
        """A list of objects; empty if it is absent or null."""
        value = self.item.get(name)
        if not value and (value is None or isinstance(value, list)):
            return []
        if not isinstance(value, list):
            raise self._collector.wrong(name, "a list", self.line)
        return [Fields(item, self.line, self._collector, name) for item in value]

    def privacy(self, name: str) -> Privacy | None:
        """Public or private in any case of letters; None if absent or another word."""
        return _PRIVACY.get(self.text(name).lower())


def _same(one: KeyRecord, other: KeyRecord) -> bool:
    return replace(one, line=0) == replace(other, line=0)


def partial_reason(meta: Mapping[str, Any], count: int) -> str:
    """Why a listing with this envelope cannot be complete; "" if nothing says so.

    Looks at our own `complete`, at the filter that was asked for and at the usual paging members.
    """
    if meta.get("complete") is False:
        reason = meta.get("partial_reason")
        return scrub(reason) if isinstance(reason, str) and reason else "it says that it is not complete"
    for name in ("filter", "status", "statusFilter"):
        if isinstance(meta.get(name), str) and meta[name]:
            return f"it was made with a filter ({name})"
    for name in ("has_more", "hasMore", "next", "next_page", "nextPage", "next_cursor", "nextCursor"):
        if meta.get(name):
            return "it is one page of several"
    for name in ("total", "totalEntries", "total_count", "totalCount"):
        total = meta.get(name)
        if isinstance(total, int) and total > count:
            return f"it holds {count} of {total} entries"
    return ""
