"""Walk a folder without git, in a fixed order, without recursion and without following links."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple

from keylint.model import Skipped, SkipReason
from keylint.sources.base import skipped_for
from keylint.sources.beneath import Beneath
from keylint.sources.excludes import Excludes
from keylint.sources.ignore import IgnoreRules, add_rules, read_ignore_file


class _Entered(NamedTuple):
    """A folder that is being walked: what is left of its entries, and what holds for them."""

    entries: Iterator[tuple[str, str]]
    prefix: str
    rules: IgnoreRules | None


def walk(
    folder: Beneath, below: str, excludes: Excludes, *, rules: IgnoreRules | None = None, ignore: bool = True
) -> Iterator[str | Skipped]:
    """Paths of files and links under `below`, relative to `folder`, depth first and sorted.

    `rules` hold from above; with `ignore`, so do the `.gitignore` files on the way. What is named `.git`
    is never entered.
    """
    entered: list[_Entered] = []  # the folders on the way down
    path = below
    while True:
        try:
            entries = folder.entries(path)
        except OSError as error:
            yield skipped_for(f"{path}/" if path else ".", error)
        else:
            prefix = f"{path}/" if path else ""
            if ignore and (".gitignore", "file") in entries:
                rules = add_rules(rules, read_ignore_file(folder, f"{prefix}.gitignore"), path)
            entered.append(_Entered(iter(entries), prefix, rules))
        inner = yield from _up_to_a_folder(entered, excludes)
        if inner is None:
            return
        path, rules = inner, entered[-1].rules


def _up_to_a_folder(
    entered: list[_Entered], excludes: Excludes
) -> Generator[str | Skipped, None, str | None]:
    """What comes before the next folder that is to be entered; returns that, or None at the end."""
    while entered:
        entries, prefix, rules = entered[-1]
        for name, kind in entries:
            inner = prefix + name
            if name == ".git" or (rules and rules.ignores(f"{inner}/" if kind == "folder" else inner)):
                continue
            if kind == "folder":
                excluded, notice = excludes.check(f"{inner}/")
                if not excluded:
                    return inner
                if notice:
                    yield notice
            else:
                yield inner if kind != "other" else Skipped(inner, SkipReason.SPECIAL_FILE)
        entered.pop()
    return None
