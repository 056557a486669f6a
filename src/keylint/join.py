"""Which inventory entry is this value? Keyed hashes give proof, masks give candidates with odds."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from keylint.latepattern import late
from keylint.model import Certainty, KeyRecord, Link, Privacy
from keylint.records import dataclass, field
from keylint.secret import Secret

if TYPE_CHECKING:
    from keylint.inventory.base import Snapshot

MAX_RECORDS = 100
_LONGEST_MASK = 512
# The key-pair API that keylint knows by name lists its keys in a form that other services may share.
_SAME_SERVICE = {"nekuda": "keypair", "key-pair": "keypair"}
_ANY_SERVICE = frozenset({"", "generic", "ambiguous", "unknown"})
# A mask that shows less than this says too little: 10 bits are one stray key in a thousand.
_FEWEST_BITS = 10.0
_ALPHABETS = (
    ("digits", 10, re.compile(rb"[0-9]+")),
    ("hex digits", 16, re.compile(rb"[0-9a-f]+|[0-9A-F]+")),
    ("letters and digits", 36, re.compile(rb"[0-9a-z]+|[0-9A-Z]+")),
    ("letters and digits", 62, re.compile(rb"[0-9A-Za-z]+")),
)
_STARS = r"*\u2022\u25cf\u2219\u00b7\u2588"
_BASE64 = ("characters of base64", 64)
_HIDDEN = late(rf"[{_STARS}]+|\.{{2,}}|\u2026+")
_SHOWN = late(r"[^\W_]")


@dataclass(frozen=True)
class Mask:
    """What a masked value shows. `inner` matches what is between, where the mask tells its length."""

    head: bytes
    tail: bytes
    inner: re.Pattern[bytes] | None = field(default=None, repr=False)

    def fits(self, value: bytes) -> bool:
        """Whether the value may stand behind this mask."""
        start, end = len(self.head), len(value) - len(self.tail)
        if end <= start or not (value.startswith(self.head) and value.endswith(self.tail)):
            return False
        return self.inner is None or self.inner.fullmatch(value, start, end) is not None


def parse_mask(text: str) -> Mask | None:
    """Read a masked value; None if it hides nothing, or shows nothing but dashes.

    Stars and bullets between shown characters stand for one character each, as in
    `**********-****-****-****-********1b3e`. A single run of them, dots and ellipses stand for any number.
    """
    if len(text) > _LONGEST_MASK:
        return None
    hidden = [found.span() for found in _HIDDEN.finditer(text)]
    if not hidden:
        return None
    start, end = hidden[0][0], hidden[-1][1]
    head, tail = text[:start], text[end:]
    if not _SHOWN.search(text):
        return None
    return Mask(
        head.encode("utf-8", "replace"),
        tail.encode("utf-8", "replace"),
        _inner(text[start:end]) if len(hidden) > 1 else None,
    )


@functools.lru_cache(maxsize=256)
def _inner(text: str) -> re.Pattern[bytes] | None:
    """What matches the middle of a mask, None if it stands for any number of characters.

    The masks of one service share a few middles, so a hundred thousand rows compile a few patterns.
    """
    parts = re.split(f"([{_STARS}]+)", text)
    if any(_HIDDEN.search(part) for part in parts[::2]):
        return None
    return re.compile(
        b"".join(
            b".{%d}" % len(part) if number % 2 else re.escape(part.encode("utf-8", "replace"))
            for number, part in enumerate(parts)
        ),
        re.DOTALL,
    )


@dataclass
class _Shape:
    """All entries of one service with the same mask."""

    mask: Mask
    records: list[KeyRecord] = field(default_factory=list)
    weighed: dict[str | None, tuple[int, tuple[KeyRecord, ...]]] = field(default_factory=dict)

    def of(self, organization: str | None) -> tuple[int, tuple[KeyRecord, ...]]:
        """How many entries an organisation (None: all of them) has here, and the weightiest of them."""
        if organization not in self.weighed:
            # Thousands of values may ask about one mask with thousands of entries.
            found = [r for r in self.records if organization in (None, r.organization)]
            self.weighed[organization] = len(found), _weightiest(found)
        return self.weighed[organization]


@dataclass
class _Service:
    """What all snapshots together say about one service."""

    shapes: dict[str, _Shape] = field(default_factory=dict)
    by_tail: dict[bytes, list[_Shape]] = field(default_factory=dict)
    by_head: dict[bytes, list[_Shape]] = field(default_factory=dict)
    tails: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    rows: int = 0  # entries with a mask that can fit
    blind: int = 0  # entries whose mask shows nothing, or that have none
    listed: bool = False
    gaps: list[str] = field(default_factory=list)
    organizations: set[str] = field(default_factory=set)
    common_head: bytes | None = None

    def add(self, record: KeyRecord) -> None:
        """Index the masks of an entry."""
        fitting = False
        for text in record.masks:
            shape = self.shapes.get(text)
            if shape is None:
                mask = parse_mask(text)
                if mask is None:
                    continue
                shape = self.shapes[text] = _Shape(mask)
                index, key = (self.by_tail, mask.tail) if mask.tail else (self.by_head, mask.head)
                index.setdefault(key, []).append(shape)
                head = self.common_head
                self.common_head = mask.head if head is None else _common(head, mask.head)
            shape.records.append(record)
            fitting = True
        self.rows += fitting
        self.blind += not fitting

    def freeze(self) -> None:
        """Note which lengths occur, once all entries are in."""
        self.tails = tuple(sorted({len(tail) for tail in self.by_tail}))
        self.heads = tuple(sorted({len(head) for head in self.by_head}))

    def fitting(self, value: bytes, prefix_len: int) -> list[_Shape]:
        """The masks that the value may stand behind and that say enough to mean something."""
        near = [shape for n in self.tails for shape in self.by_tail.get(value[-n:], ())]
        near += [shape for n in self.heads for shape in self.by_head.get(value[:n], ())]
        return [
            shape
            for shape in near
            if shape.mask.fits(value) and self.odds(shape.mask, value, prefix_len).bits >= _FEWEST_BITS
        ]

    def odds(self, mask: Mask, value: bytes, prefix_len: int) -> _Odds:
        """How much this mask says about this value.

        What all keys of the kind share says nothing: the kind's prefix and what all masks begin with.
        """
        ignored = max(prefix_len, len(self.common_head or b""))
        shown = _count(mask.tail) + _count(mask.head[ignored:])
        return _Odds(shown, *_alphabet(value))


@dataclass(frozen=True)
class _Odds:
    """How many characters of which alphabet a mask shows."""

    shown: int
    alphabet: str
    size: int

    @property
    def bits(self) -> float:
        return self.shown * math.log2(self.size)

    @property
    def one_in(self) -> int:
        """One stray key in this many fits a given entry."""
        return int(self.size**self.shown)


class Joiner:
    """Finds the inventory entries of found values. Building it costs one pass over all snapshots."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._services: dict[str, _Service] = {}
        self._exact: list[tuple[bytes, dict[str, KeyRecord]]] = []
        self._fill([snapshot for snapshot in snapshots if snapshot.listing])
        for service in self._services.values():
            service.freeze()

    def _fill(self, snapshots: Sequence[Snapshot]) -> None:
        # The same key in two files is one key: the newest file's entry counts.
        latest: dict[tuple[object, ...], KeyRecord] = {}
        known: set[tuple[object, ...]] = set()
        numbered = list(enumerate(sorted(snapshots, key=_age)))
        for number, snapshot in numbered:
            self._note(snapshot)
            for row, record in enumerate(snapshot.records):
                key = _identity(record, number, row)
                latest[key] = record
                if record.digests:
                    known.add(key)
        for number, snapshot in numbered:
            exact = {
                digest: latest[_identity(record, number, row)]
                for row, record in enumerate(snapshot.records)
                for digest in record.digests
            }
            if exact:
                self._exact.append((snapshot.salt, exact))
        for key, record in latest.items():
            # Where the value is known, a fitting mask is a coincidence.
            if key not in known:
                self._service(record.provider).add(record)

    def _note(self, snapshot: Snapshot) -> None:
        """Which services a snapshot speaks about, and how completely."""
        providers = {snapshot.provider} | {record.provider for record in snapshot.records}
        for provider in providers - {""}:
            service = self._service(provider)
            service.listed = True
            if not snapshot.complete:
                service.gaps.append(snapshot.partial_reason or "it is marked as partial")
            service.organizations.add(snapshot.organization)
            service.organizations.update(record.organization for record in snapshot.records)
            service.organizations.discard("")

    def _service(self, provider: str) -> _Service:
        return self._services.setdefault(_SAME_SERVICE.get(provider, provider), _Service())

    def link(self, provider: str, secret: Secret, *, organizations: Collection[str] = ()) -> Link:
        """The entries that a found value of this provider may be.

        A provider of "" or "generic" means that the kind is not known: then a mask counts only if it begins
        with shown characters. `organizations` are ids that stand in the same file as the value; among several
        fitting entries those of such an organisation win.
        """
        record = self._same_value(secret)
        if record is not None:
            return Link(Certainty.EXACT, (record,), f"Is {_name(record)}: the whole value is the same.")
        if provider in _ANY_SERVICE:
            return self._of_any_service(secret, organizations)
        service = self._services.get(_SAME_SERVICE.get(provider, provider))
        if service is None or not service.listed:
            return Link(Certainty.NO_INVENTORY, (), "No inventory for this kind of key was given.")
        shapes = service.fitting(secret.reveal(), secret.prefix_len)
        if shapes:
            return _candidates([(service, shape) for shape in shapes], secret, organizations)
        return _nothing(service, organizations)

    def _same_value(self, secret: Secret) -> KeyRecord | None:
        for salt, exact in self._exact:
            record = exact.get(secret.digest(salt))
            if record is not None:
                return record
        return None

    def _of_any_service(self, secret: Secret, organizations: Collection[str]) -> Link:
        found = [
            (service, shape)
            for service in self._services.values()
            for shape in service.fitting(secret.reveal(), secret.prefix_len)
            if any(chr(char).isalnum() for char in shape.mask.head)
        ]
        if found:
            return _candidates(found, secret, organizations)
        return Link(Certainty.NO_INVENTORY, (), "No inventory lists keys of an unknown kind.")


def _candidates(found: list[tuple[_Service, _Shape]], secret: Secret, organizations: Collection[str]) -> Link:
    """A link by masks: one entry, or several."""
    groups = [shape.of(None) for _, shape in found]
    preferred = [shape.of(name) for _, shape in found for name in organizations if name]
    fitting, near = sum(count for count, _ in groups), ""
    near_fitting = sum(count for count, _ in preferred)
    if near_fitting:
        near = " The file names the organisation of the entry."
        if near_fitting < fitting:
            near = f" {fitting:,} entries fit; only those of the organisation that the file names are kept."
        fitting, groups = near_fitting, preferred
    records = _weightiest(record for _, top in groups for record in top)
    # The odds of the mask that says least.
    chances = [
        (service.odds(shape.mask, secret.reveal(), secret.prefix_len), service) for service, shape in found
    ]
    odds, service = min(chances, key=lambda pair: pair[0].one_in)
    text = _odds_text(odds, service.rows)
    if fitting == 1:
        return Link(Certainty.SUFFIX, records, f"May be {_name(records[0])}: {text}.{near}")
    more = f", of which {MAX_RECORDS} are listed" if fitting > MAX_RECORDS else ""
    return Link(Certainty.AMBIGUOUS, records, f"{fitting:,} entries fit{more}: {text}.{near}")


def _weightiest(records: Iterable[KeyRecord]) -> tuple[KeyRecord, ...]:
    """At most MAX_RECORDS entries, those first that would weigh most in a verdict."""
    ranked = sorted(records, key=lambda record: (not record.status.alive, record.privacy is Privacy.PUBLIC))
    return tuple(ranked[:MAX_RECORDS])


def _odds_text(odds: _Odds, rows: int) -> str:
    one = f"its mask shows {odds.shown} {odds.alphabet}, as one stray key in {odds.one_in:,} does by chance"
    if rows < 2:
        return one
    among = -math.expm1(-rows / odds.one_in)  # rows/one_in while that is small
    share = f"about {among:.2%}" if among >= 0.0001 else "less than 0.01%"
    return f"{one}, and {share} of stray keys fit one of {rows:,} entries"


def _nothing(service: _Service, organizations: Collection[str]) -> Link:
    """No entry fits: does that mean that there is none?"""
    strange = sorted(set(organizations) - service.organizations) if service.organizations else []
    if service.gaps:
        return Link(
            Certainty.NONE_PARTIAL, (), f"No entry fits, but the inventory is partial: {service.gaps[0]}."
        )
    if service.blind:
        says = f"No entry fits, but {service.blind:,} entries show too little of their value to compare."
        return Link(Certainty.NONE_PARTIAL, (), says)
    if strange and not set(organizations) & service.organizations:
        says = f"No entry fits, but the file names the organisation {strange[0]}, whose keys are not listed."
        return Link(Certainty.NONE_PARTIAL, (), says)
    return Link(Certainty.NONE, (), "No entry of the complete inventory fits.")


def _name(record: KeyRecord) -> str:
    half = f"the {record.half} half of " if record.half else ""
    return f"{half}{record.label or 'the key'} ({record.key_id})"


def _identity(record: KeyRecord, snapshot: int, row: int) -> tuple[object, ...]:
    if record.key_id:
        return (record.provider, record.organization, record.key_id, record.half)
    return (snapshot, row)


def _age(snapshot: Snapshot) -> float:
    """Undated snapshots count as the newest: they were just exported by hand."""
    return snapshot.taken_at.timestamp() if snapshot.taken_at else float("inf")


def _common(one: bytes, other: bytes) -> bytes:
    if other.startswith(one):
        return one
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return one[: min(len(one), len(other)) if length is None else length]


def _count(shown: bytes) -> int:
    """Shown characters that vary from key to key: separators stand at fixed places."""
    return sum(chr(char).isalnum() for char in shown)


def _alphabet(value: bytes) -> tuple[str, int]:
    """What a value seems to be written in, by its second half: the first may hold a prefix."""
    body = re.sub(rb"[-_]", b"", value[len(value) // 2 :])
    return next(((name, size) for name, size, pattern in _ALPHABETS if pattern.fullmatch(body)), _BASE64)
