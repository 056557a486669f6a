"""The matches of one blob while its pieces come in: which to keep, where they stand, what allows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from keylint.engine.hit import Hit, Refusal, ScanResult
from keylint.inline import Coverage, Directive, Span, find_directives, reason_span
from keylint.linehash import line_hashes
from keylint.model import Location, Origin, Skipped, SkipReason, Surroundings
from keylint.records import dataclass, replace
from keylint.secret import Allow, Match, Secret
from keylint.snippet import STARS, Mask, Needles, Redactor
from keylint.textmap import Coding, LineCursor, Position, locate, settle

if TYPE_CHECKING:
    from keylint.context import Sketch

MAX_PLACES = 50  # of one value of one rule in one blob
_MAX_LIMITS = 10  # sentences about limits for one blob
_DECORATION = " \t\r\n:;,=*/#\"'`-"  # around the reason of an allow comment

_NOWHERE = Position(1, 1, 0)


@dataclass(frozen=True)
class Refused:
    """A candidate that a filter took for no secret. `line` is 1-based; `mask` is fit to print."""

    rule_id: str
    reason: str
    line: int
    mask: str


@dataclass(frozen=True)
class Examined:
    """What one blob holds.

    `allows` are all of keylint's own allow comments, `unused_allows` those that cover no match.
    `size_bytes` is what was read. `refused` is filled where the engine explains.
    """

    matches: tuple[Match, ...] = ()
    allows: tuple[Allow, ...] = ()
    unused_allows: tuple[Allow, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    size_bytes: int = 0
    refused: tuple[Refused, ...] = ()


class Piece(NamedTuple):
    """A stretch of the scanned bytes, at offset `base` of the whole.

    `begin:end` in `data` is its own part; what is around it overlaps with the neighbours. `last`: no other
    comes after it.
    """

    data: bytes
    base: int
    begin: int
    end: int
    last: bool


class _Tail(NamedTuple):
    """A secret that reaches beyond its piece's own part, as offsets in the whole."""

    rule_id: str
    start: int
    end: int


@dataclass
class _Place:
    """A match that is kept. Offsets in the hit are those of its piece."""

    hit: Hit
    allow_at: int | None
    start: Position = _NOWHERE
    end: Position = _NOWHERE
    snippet: str = ""
    count: int = 1
    around: Surroundings = Surroundings()


class Book:
    """Collects what the pieces of one blob hold. Feed the pieces in order, then close it.

    `wanted` are the values that get a place, all of them if it is None.
    """

    def __init__(
        self,
        origin: Origin,
        coding: Coding,
        *,
        binary: bool,
        strict: bool,
        reveal: bool,
        wanted: Collection[bytes] | None = None,
    ) -> None:
        self._origin = origin
        self._wanted = wanted
        self._coding = coding
        self._binary = binary
        self._strict = strict
        self._reveal = reveal
        self._cursor = LineCursor(coding)
        self._settled = binary
        self._needles = Needles()
        self._places: list[_Place] = []
        self._by_value: dict[tuple[str, bytes, bool, bool], list[_Place]] = {}
        self._tails: list[_Tail] = []
        self._allows: dict[int, Allow] = {}  # by offset in the whole
        self._own: set[int] = set()  # which of them are keylint's
        self._used: set[int] = set()
        self._hashes: dict[int, str] = {}
        self._limits: dict[str, None] = {}
        self._pieces = 0
        self._refused: list[Refused] = []

    def take(self, piece: Piece, result: ScanResult) -> None:
        """Add the hits and allow comments that begin in a piece's own part."""
        self._pieces += 1
        self._limits.update(dict.fromkeys(result.limits))
        self._settle(piece.data)
        hits = [hit for hit in result if hit.base.binary or not self._binary]
        directives = self._directives(piece)
        places = self._select(piece, hits, directives)
        wanted = [d for d in directives if self._is_new(piece, d)]
        sketches = _sketches(piece.data, hits, places)
        refused = [r for r in result.refused if piece.begin <= r.secret_start < piece.end]
        positions = self._positions(piece, places, wanted, sketches, [r.secret_start for r in refused])
        self._note_refused(piece.data, refused, positions)
        # Also hits that get no place are noted: a snippet of another one may hold their values.
        if wanted or hits:
            redactor = self._redactor(piece.data, hits, result.hidden)
            self._note_allows(piece, wanted, positions, redactor)
            self._fill(places, positions, redactor)
            for place, sketch in zip(places, sketches, strict=True):
                place.around = self._with_lines(sketch, positions)

    def hash_lines(self, original: bytes) -> None:
        """Compute GitHub's line hashes of the places, from the blob's original bytes."""
        lines = {place.start.line for place in self._places}
        if lines:
            self._hashes = line_hashes(original.decode("utf-8", "replace"), lines)

    def close(self, size_bytes: int, skipped: Iterable[Skipped]) -> Examined:
        """Everything that was found. `skipped` comes on top of the limits that the engine reached."""
        path = self._origin.display
        limits = [Skipped(path, SkipReason.BUDGET, text) for text in list(self._limits)[:_MAX_LIMITS]]
        own = sorted(self._own)
        return Examined(
            matches=tuple(self._match(place) for place in self._places),
            allows=tuple(self._allows[at] for at in own),
            unused_allows=tuple(self._allows[at] for at in own if at not in self._used),
            skipped=(*limits, *skipped),
            size_bytes=size_bytes,
            refused=tuple(self._refused),
        )

    def _note_refused(self, data: bytes, refused: Iterable[Refusal], positions: dict[int, Position]) -> None:
        for refusal in refused:
            value = data[refusal.secret_start : refusal.secret_end]
            secret = Secret(value, prefix_len=refusal.rule.prefix_len, weak=refusal.rule.weak)
            line = positions[refusal.secret_start].line
            self._refused.append(Refused(refusal.rule.id, refusal.reason, line, secret.mask))

    def _settle(self, data: bytes) -> None:
        """The first bytes that are not ASCII tell the encoding of the whole blob."""
        if not self._settled:
            self._coding = self._cursor.coding = settle(self._coding, data)
            self._settled = not data.isascii()

    # ---- what to keep

    def _directives(self, piece: Piece) -> list[Directive]:
        """The allow comments of the own part, of the overlap after it, and those known from before."""
        if self._binary:
            return []
        found = find_directives(piece.data, strict=self._strict)
        return [d for d in found if d.start >= piece.begin or piece.base + d.start in self._allows]

    def _select(self, piece: Piece, hits: Sequence[Hit], directives: Sequence[Directive]) -> list[_Place]:
        """The hits of the own part that get a place; further repetitions are counted only."""
        own = [hit for hit in hits if piece.begin <= hit.secret_start < piece.end]
        if directives:
            halves = [half for hit in hits for half in hit.partners]
            spans = [_span(hit) for hit in (*hits, *halves)]
        else:  # nothing can be covered: the rest of the hits do not matter
            own, spans = [hit for hit in own if self._is_wanted(hit)], []
        coverage = Coverage(piece.data, self._coding, directives, spans)
        kept = []
        for hit in own:
            if self._seen(piece, hit):
                continue
            covering = [piece.base + d.start for d in coverage.of(_span(hit), (hit.rule.id, hit.base.id))]
            self._used.update(covering)
            for half in hit.partners:
                ids = (half.rule.id, half.base.id)
                self._used.update(piece.base + d.start for d in coverage.of(_span(half), ids))
            place = _Place(hit, covering[0] if covering else None)
            if self._is_wanted(hit) and self._needs_place(place):
                kept.append(place)
        self._remember_tails(piece, hits)
        return kept

    def _seen(self, piece: Piece, hit: Hit) -> bool:
        """Whether the piece before has this secret, or a longer one that this is the rest of."""
        start, end = piece.base + hit.secret_start, piece.base + hit.secret_end
        return any(t.rule_id == hit.base.id and t.start < end and start < t.end for t in self._tails)

    def _remember_tails(self, piece: Piece, hits: Sequence[Hit]) -> None:
        self._tails = [
            _Tail(hit.base.id, piece.base + hit.secret_start, piece.base + hit.secret_end)
            for hit in hits
            if hit.secret_start < piece.end < hit.secret_end
        ]

    def _is_wanted(self, hit: Hit) -> bool:
        return self._wanted is None or hit.value in self._wanted

    def _needs_place(self, place: _Place) -> bool:
        hit = place.hit
        key = (hit.rule.id, hit.value, place.allow_at is not None, hit.tentative)
        same = self._by_value.setdefault(key, [])
        if len(same) >= MAX_PLACES:
            same[0].count += 1
            return False
        same.append(place)
        self._places.append(place)
        return True

    def _is_new(self, piece: Piece, directive: Directive) -> bool:
        at = piece.base + directive.start
        mine = piece.begin <= directive.start < piece.end
        return at not in self._allows and (mine or (at in self._used and directive.start >= piece.end))

    # ---- where it stands

    def _positions(
        self,
        piece: Piece,
        places: Sequence[_Place],
        directives: Sequence[Directive],
        sketches: Sequence[Sketch],
        more: Iterable[int],
    ) -> dict[int, Position]:
        """The positions of everything of interest, by offset in the piece.

        Moves the cursor to the piece's end only if something follows: counting lines takes its time.
        """
        offsets = {offset for place in places for offset in (place.hit.secret_start, place.hit.secret_end)}
        offsets.update(directive.start for directive in directives)
        offsets.update(more)
        # What stands before the own part was passed already: its lines are not known any more.
        offsets.update(at for sketch in sketches for at in sketch.offsets if at >= piece.begin)
        if self._binary:
            return {offset: Position(1, 1, piece.base + offset) for offset in offsets}
        inside = [offset for offset in offsets if offset < piece.end]
        beyond = offsets.difference(inside)
        if beyond or not piece.last:
            inside.append(piece.end)
        found = locate(self._cursor, piece.data, piece.begin, inside)
        found |= locate(self._cursor.copy(), piece.data, piece.end, beyond)
        return found

    def _redactor(self, data: bytes, hits: Sequence[Hit], hidden: Iterable[tuple[int, int]]) -> Redactor:
        for hit in hits:
            self._needles.add(data[hit.secret_start : hit.secret_end], hit.value)
        for start, end in hidden:
            self._needles.add(data[start:end], data[start:end])
        masks = []
        if not (self._reveal or self._needles.too_many):  # else it shows all around a key, or nothing
            masks = [Mask(hit.secret_start, hit.secret_end, _secret(hit).mask) for hit in hits]
            masks += [Mask(start, end, STARS) for start, end in hidden]
        return Redactor(data, self._coding, masks, self._needles, reveal=self._reveal)

    def _note_allows(
        self,
        piece: Piece,
        directives: Sequence[Directive],
        positions: dict[int, Position],
        redactor: Redactor,
    ) -> None:
        for directive in directives:
            at = piece.base + directive.start
            reason = redactor.text(*reason_span(piece.data, directive)).strip(_DECORATION)
            if directive.own:
                self._own.add(at)
            else:
                reason = f"gitleaks:allow {reason}".strip()
            self._allows[at] = Allow(positions[directive.start].line, directive.rule_id or "", reason)

    def _fill(self, places: Sequence[_Place], positions: dict[int, Position], redactor: Redactor) -> None:
        for place in places:
            hit = place.hit
            place.start, place.end = positions[hit.secret_start], positions[hit.secret_end]
            if not self._binary:
                mask = Mask(hit.secret_start, hit.secret_end, _secret(hit).mask)
                place.snippet = redactor.around(mask)

    def _with_lines(self, sketch: Sketch, positions: dict[int, Position]) -> Surroundings:
        """The surroundings with the lines of what is named in them."""
        if self._binary or not sketch.offsets:
            return sketch.around
        places = [positions.get(at, Position(0, 0, 0)) for at in sketch.offsets]
        partners = zip(sketch.around.partners, places, strict=True)
        return replace(
            sketch.around,
            partners=tuple(replace(p, line=place.line, column=place.column) for p, place in partners),
        )

    # ---- the result

    def _match(self, place: _Place) -> Match:
        hit = place.hit
        secret = _secret(hit)
        location = Location(
            origin=self._origin,
            line=place.start.line,
            column=place.start.column,
            end_line=place.end.line,
            end_column=place.end.column,
            byte_offset=place.start.byte_offset,
            snippet=self._final(place.snippet, secret),
            binary=self._binary,
            line_hash=self._hashes.get(place.start.line, ""),
        )
        allow = self._allows[place.allow_at] if place.allow_at is not None else None
        return Match(
            hit.rule.id, location, secret, hit.evidence, allow, hit.tentative, place.count, place.around
        )

    def _final(self, snippet: str, secret: Secret) -> str:
        """A snippet of an early piece, without the secrets that only later pieces brought to light."""
        if self._pieces < 2 or self._reveal or not snippet:
            return snippet
        return secret.mask if self._needles.too_many else self._needles.scrub(snippet)


def _span(hit: Hit) -> Span:
    return Span(hit.start, hit.secret_start, hit.secret_end)


def _sketches(data: bytes, hits: Sequence[Hit], places: Sequence[_Place]) -> list[Sketch]:
    if not places:
        return []
    from keylint.context import Context  # patterns that only a find needs

    context = Context(data, hits)
    return [context.around(place.hit) for place in places]


def _secret(hit: Hit) -> Secret:
    """The value with what its rule says about it; a refinement of a rule inherits both."""
    prefix_len = hit.rule.prefix_len or hit.base.prefix_len
    return Secret(hit.value, prefix_len=prefix_len, weak=hit.rule.weak or hit.base.weak)
