"""From a blob to its matches: decoding, lines and columns, snippets and inline allow comments.

A blob that is held whole is examined in one go; large content is streamed in pieces that overlap by as much
as a match can reach, and each match belongs to the piece in whose own part its secret begins.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO, Protocol

from keylint.engine.hit import ScanResult
from keylint.inline import has_directive
from keylint.model import Origin, Skipped, SkipReason, Surface
from keylint.places import Book, Examined, Piece
from keylint.records import replace
from keylint.rule import Rule
from keylint.secret import Blob
from keylint.textmap import SNIFF_BYTES, Coding, Text, Transcoder, decode, is_binary, sniff

__all__ = ["Examined", "Examiner"]

PIECE_BYTES = 8 << 20
_MAX_HASHED = 8 << 20  # bytes: line hashes of larger files would cost more than the scan
_MIN_OVERLAP = 2048  # bytes: allow comments and snippets look at their surroundings, too
_MAX_GROWTH = 64 << 20  # bytes that a file may have more than announced before reading stops

_HASHED_SURFACES = (Surface.CLIENT, Surface.TREE, Surface.STAGED)


class Scanner(Protocol):
    """The part of `keylint.engine.Engine` that is needed here."""

    @property
    def rules(self) -> Iterable[Rule]: ...
    @property
    def max_window(self) -> int: ...
    def scan(self, data: bytes, *, path: str = "", binary: bool = False) -> ScanResult: ...


class Examiner:
    """Finds the keys in blobs. One for each engine; not safe to share between threads.

    With `strict_allow` only keylint's own allow comments count. With `reveal` snippets show whole secrets.
    Without `line_hashes` matches have none: they take as long as the scan of a large file.
    """

    def __init__(
        self,
        engine: Scanner,
        *,
        strict_allow: bool = False,
        reveal: bool = False,
        line_hashes: bool = True,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._engine = engine
        self._strict_allow = strict_allow
        self._reveal = reveal
        self._line_hashes = line_hashes
        self._piece_bytes = piece_bytes

    def examine(
        self, blob: Blob, wanted: Collection[bytes] | None = None, known: ScanResult | None = None
    ) -> Examined:
        """Everything found in a blob, or only what has one of the `wanted` values.

        `known` is what the engine found in it, if that was asked already. What could not be read is in
        `skipped`; nothing is raised for it.
        """
        if blob.open:
            return self._stream(blob, wanted)
        text = decode(blob.data)
        examined = self._whole(blob, text, wanted, None if text.coding.unit else known)
        return self._with_other_text(blob, examined, wanted) if text.coding.unit else examined

    def _whole(
        self, blob: Blob, text: Text, wanted: Collection[bytes] | None, known: ScanResult | None
    ) -> Examined:
        data, coding = text
        binary = not coding.unit and data.find(b"\0", 0, SNIFF_BYTES) >= 0 and is_binary(data)
        result = known
        if result is None:
            result = self._engine.scan(data, path=blob.origin.path, binary=binary)
        if not (len(result) or result.limits or result.refused) and (binary or not has_directive(data)):
            return Examined(size_bytes=len(blob.data))
        # Only now is it worth looking at all bytes.
        binary = binary or (not coding.unit and is_binary(data))
        book = self._book(blob.origin, coding, wanted, binary=binary)
        book.take(Piece(data, 0, 0, len(data), last=True), result)
        hashed = self._line_hashes and _has_line_hash(blob.origin, binary)
        if hashed and len(blob.data) <= _MAX_HASHED:
            book.hash_lines(blob.data)
        return book.close(len(blob.data), ())

    def _with_other_text(self, blob: Blob, examined: Examined, wanted: Collection[bytes] | None) -> Examined:
        """Add what stands in a UTF-16 file in another encoding, as appending programs leave it there.

        Lines do not exist for it, so it is treated as binary.
        """
        result = self._engine.scan(blob.data, path=blob.origin.path, binary=True)
        book = self._book(blob.origin, Coding(), wanted, binary=True)
        book.take(Piece(blob.data, 0, 0, len(blob.data), last=True), result)
        other = book.close(len(blob.data), ())
        return replace(
            examined,
            matches=(*examined.matches, *other.matches),
            skipped=(*examined.skipped, *other.skipped),
        )

    def _stream(self, blob: Blob, wanted: Collection[bytes] | None) -> Examined:
        reader = _Reader(blob)
        with reader:
            head = reader.read(SNIFF_BYTES)
            coding = sniff(head)
            binary = not coding.unit and is_binary(head)
            book = self._book(blob.origin, coding, wanted, binary=binary)
            for piece in self._pieces(reader, head, Transcoder(coding)):
                book.take(piece, self._engine.scan(piece.data, path=blob.origin.path, binary=binary))
                del piece  # its bytes need not stay while the next are read
        return book.close(reader.size, reader.skipped)

    def _book(
        self, origin: Origin, coding: Coding, wanted: Collection[bytes] | None, *, binary: bool
    ) -> Book:
        strict, reveal = self._strict_allow, self._reveal
        return Book(origin, coding, binary=binary, strict=strict, reveal=reveal, wanted=wanted)

    def _pieces(self, reader: _Reader, head: bytes, transcoder: Transcoder) -> Iterator[Piece]:
        """The scanned bytes in pieces; neighbours share what a match or its context can reach."""
        overlap = self._overlap()
        data, base, begin = transcoder.feed(head), 0, 0
        while True:
            while len(data) < begin + self._piece_bytes + overlap and (
                more := reader.read(self._piece_bytes)
            ):
                data += transcoder.feed(more)
                del more
            if len(data) < begin + self._piece_bytes + overlap:
                yield Piece(data, base, begin, len(data), last=True)
                return
            end = begin + self._piece_bytes
            yield Piece(data, base, begin, end, last=False)
            drop = max(0, end - overlap)
            data, base, begin = data[drop:], base + drop, end - drop

    def _overlap(self) -> int:
        contexts = [rule.context.within for rule in self._engine.rules if rule.context]
        pairs = [need.within for rule in self._engine.rules for need in rule.requires]
        return max(_MIN_OVERLAP, self._engine.max_window + max([0, *contexts, *pairs]))


def _has_line_hash(origin: Origin, binary: bool) -> bool:
    """GitHub hashes lines of files in the tree; it cannot look into containers or past commits."""
    return not binary and not origin.container and origin.surface in _HASHED_SURFACES


class _Reader:
    """Reads a blob's stream to its end. Errors end the reading and become `skipped`."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._stream: BinaryIO | None = None
        self._limit = blob.size_bytes * 2 + _MAX_GROWTH if blob.size_bytes else None
        self.size = 0
        self.skipped: list[Skipped] = []

    def __enter__(self) -> None:
        assert self._blob.open is not None
        try:
            self._stream = self._blob.open()
        except (OSError, EOFError, ValueError) as error:
            self._fail(error)

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer, and then none, at the end or after an error."""
        parts: list[bytes] = []
        while size > 0 and (part := self._read_some(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _read_some(self, size: int) -> bytes:
        if self._stream is None or self.skipped:
            return b""
        if self._limit is not None and self.size >= self._limit:
            detail = f"it kept growing; only its first {self.size} bytes were scanned"
            self.skipped.append(Skipped(self._blob.origin.display, SkipReason.BUDGET, detail))
            return b""
        try:
            part = self._stream.read(size) or b""
        except (OSError, EOFError, ValueError) as error:
            self._fail(error)
            return b""
        self.size += len(part)
        return part

    def _fail(self, error: Exception) -> None:
        gone = isinstance(error, FileNotFoundError)
        detail = (isinstance(error, OSError) and error.strerror) or type(error).__name__
        reason = SkipReason.VANISHED if gone else SkipReason.UNREADABLE
        self.skipped.append(Skipped(self._blob.origin.display, reason, detail))
