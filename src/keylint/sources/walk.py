"""Walk a folder without git, in a fixed order, without recursion and without following links."""

from __future__ import annotations

from collections.abc import Iterator

from keylint.model import Skipped, SkipReason
from keylint.sources.base import skipped_for
from keylint.sources.beneath import Beneath
from keylint.sources.excludes import Excludes
from keylint.sources.ignore import IgnoreRules, add_rules, read_ignore_file


def walk(
    folder: Beneath, below: str, excludes: Excludes, *, rules: IgnoreRules | None = None, ignore: bool = True
) -> Iterator[str | Skipped]:
    """Paths of files and links under `below`, relative to `folder`, depth first and sorted.

    `rules` hold from above; with `ignore`, so do the `.gitignore` files on the way. What is named `.git`
    is never entered.
    """
    pending: list[tuple[str, str, IgnoreRules | None]] = [(below, "folder", rules)]
    while pending:
        path, kind, rules = pending.pop()
        if kind == "other":
            yield Skipped(path, SkipReason.SPECIAL_FILE)
        if kind != "folder":
            if kind != "other":
                yield path
            continue
        try:
            entries = folder.entries(path)
        except OSError as error:
            yield skipped_for(f"{path}/" if path else ".", error)
            continue
        prefix = f"{path}/" if path else ""
        if ignore and (".gitignore", "file") in entries:
            rules = add_rules(rules, read_ignore_file(folder, f"{prefix}.gitignore"), path)
        for name, entry_kind in reversed(entries):
            inner = prefix + name
            if name == ".git" or (rules and rules.ignores(f"{inner}/" if entry_kind == "folder" else inner)):
                continue
            if entry_kind == "folder":
                excluded, notice = excludes.check(f"{inner}/")
                if excluded:
                    if notice:
                        yield notice
                    continue
            pending.append((inner, entry_kind, rules))
