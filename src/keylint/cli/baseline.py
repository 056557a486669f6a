"""`keylint baseline`: accept what is there today, or what another scanner's baseline accepted."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import click

from keylint.cli.run import Input, Options, execute, from_source
from keylint.config import Config
from keylint.engine import Engine
from keylint.errors import ExitCode, InventoryError
from keylint.foreign import Accepted, read_accepted
from keylint.model import Level, Origin, Problem, Repository, Skipped, SkipReason, Surface
from keylint.pipeline import Intake, Source
from keylint.secret import Blob
from keylint.sources.base import MAX_FILE_BYTES
from keylint.sources.files import FileSource
from keylint.sources.gitobjects import ObjectReader
from keylint.sources.gitrepo import GitRepo

DEFAULT = "keylint-baseline.json"
_OUTPUT = click.option("--output", default=DEFAULT, show_default=True, type=click.Path(dir_okay=False))


@click.group()
def baseline() -> None:
    """Write the findings that are to stay quiet with `--baseline`."""


@baseline.command()
@click.argument("path", default=".", type=click.Path(exists=True))
@_OUTPUT
def create(path: str, *, output: str) -> int:
    """Accept everything that a scan of PATH finds today.

    Exit status 0, or 3 if something could not be read.
    """

    def make_source(config: Config) -> Source:
        return FileSource(path, exclude=config.exclude, max_file_size=config.max_file_size)

    options = Options(format_name="json", output=output, fail_on="never")
    return execute("scan", path, options, from_source(make_source), whole=True)


@baseline.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.argument("path", default=".", type=click.Path(exists=True))
@_OUTPUT
def import_(file: str, path: str, *, output: str) -> int:
    """Accept what FILE accepts: a .gitleaksignore, or a .secrets.baseline of detect-secrets.

    keylint looks at the places that FILE names below PATH and takes over the keys that it finds there;
    entries without one are listed in the result. Exit status 0, or 3 if something could not be read.
    """
    accepted = _read(file)

    def make_input(_config: Config, _engine: Engine) -> Input:
        reader = _AcceptedPlaces(path, file, accepted)
        return Input(reader.feed, reader.repository)

    options = Options(format_name="json", output=output, fail_on="never")
    status = execute("scan", path, options, make_input, whole=False)
    click.echo(
        f"keylint: {len(accepted)} entries of {file} looked up, baseline written to {output}", err=True
    )
    return ExitCode.OK if status == ExitCode.FINDINGS else status


def _read(file: str) -> Sequence[Accepted]:
    try:
        with open(file, encoding="utf-8") as stream:
            return read_accepted(stream.read(), file)
    except UnicodeDecodeError:
        raise InventoryError(f"{file}: not UTF-8", hint="save it as UTF-8") from None


class _AcceptedPlaces:
    """Examines the files and blobs that accepted entries name, and passes on the accepted matches only."""

    def __init__(self, path: str, file: str, accepted: Sequence[Accepted]) -> None:
        self._file = file
        self._source = FileSource(path)
        self._entries: dict[tuple[str, str], list[Accepted]] = defaultdict(list)
        for entry in accepted:
            self._entries[entry.commit, entry.path].append(entry)

    def repository(self) -> Repository:
        """Remote, revision and branch."""
        return self._source.repository()

    def feed(self, intake: Intake) -> None:
        """Deliver the accepted matches; entries that cover none become problems."""
        for place, item in self._items():
            entries = self._entries[place]
            if isinstance(item, Skipped):
                intake.problems.extend(map(self._unmatched, entries))
                if item.reason is not SkipReason.VANISHED:
                    intake.skipped.append(item)
                continue
            examined = intake.examiner.examine(item)
            intake.files += 1
            intake.bytes += examined.size_bytes
            covered = [m for m in examined.matches if any(entry.covers(m) for entry in entries)]
            intake.collector.add(covered)
            intake.problems.extend(
                self._unmatched(entry) for entry in entries if not any(entry.covers(m) for m in covered)
            )

    def _items(self) -> Iterator[tuple[tuple[str, str], Blob | Skipped]]:
        past = [place for place in self._entries if place[0]]
        if past:
            repo = GitRepo.discover(self._source.root)
            with ObjectReader(repo, max_bytes=MAX_FILE_BYTES) as reader:
                for commit, path in past:
                    name = os.fsdecode(
                        repo.attempt("rev-parse", "--verify", f"{commit}:{path}").stdout
                    ).strip()
                    origin = Origin(Surface.TREE, path)
                    gone = Skipped(path, SkipReason.MISSING_OBJECT, f"commit {commit[:12]} has no such file")
                    yield (commit, path), reader.blob(name, origin) if name else gone
        for commit, path in self._entries:
            if not commit:
                yield (commit, path), self._file_at(path)

    def _file_at(self, path: str) -> Blob | Skipped:
        from keylint.sources.base import INLINE_BYTES, skipped_for
        from keylint.sources.beneath import Beneath, open_beneath

        try:
            with Beneath(self._source.root) as folder:
                fd, status = folder.open_file(path)
        except OSError as error:
            return skipped_for(path, error)
        origin = Origin(Surface.TREE, path)
        opener = partial(open_beneath, self._source.root, path)
        with os.fdopen(fd, "rb") as stream:
            if status.st_size > INLINE_BYTES:
                return Blob(origin, b"", status.st_size, opener)
            data = stream.read()
        return Blob(origin, data, len(data))

    def _unmatched(self, entry: Accepted) -> Problem:
        text = f"keylint finds no key at {entry.label}: the entry was not taken over"
        return Problem("import-unmatched", Level.NOTE, text, path=self._file, line=entry.number)
