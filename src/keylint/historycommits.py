"""The commits and branches that a report names for each story, and who made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from keylint.historyplans import Plan
from keylint.model import Level, Problem
from keylint.sources.history import CommitFacts, History

_MAX_BRANCHES = 10
_MAX_TIP_QUERIES = 50_000

Files = Mapping[str, Mapping[bytes, bytes]]  # commit -> path -> blob


class CommitFinder:
    """Finds the last commits of plans, the branches that still hold their keys, and the facts of all commits.

    `holders` are the blobs that hold keys, with the numbers of these.
    """

    def __init__(self, history: History, holders: Mapping[bytes, Collection[int]]) -> None:
        self._history = history
        self._holders = holders
        self.problems: list[Problem] = []

    def learn(self, plans: Sequence[Plan], *, branches: bool = True) -> Mapping[str, CommitFacts]:
        """Fill in the last commits of plans and, if that is wanted, their `branches`.

        Gives the facts of all their commits, of HEAD, and perhaps of some others.
        """
        gone = [plan for plan in plans if branches and not plan.today and plan.story.first.commit]
        tips = self._tips(gone)
        facts = self._history.ask_facts({*self._named(plans), *tips.values()})
        paths = frozenset(path for plan in gone for path in plan.story.paths)
        asked: dict[str, Collection[bytes]] = dict.fromkeys(tips.values(), paths)
        for parent, wanted in _merged(plans).items():
            asked[parent] = wanted.union(asked.get(parent, ()))
        files = self._history.blobs_at(asked)
        for plan in gone:
            self._name_branches(plan, tips, files)
        for plan in plans:
            plan.last = _last(plan, files)
        return facts()

    def _tips(self, plans: Sequence[Plan]) -> Mapping[str, str]:
        """The branches to ask for some plans, with their commits: none if that would be too much."""
        tips = self._history.tips() if plans else {}
        paths = {path for plan in plans for path in plan.story.paths}
        commits = set(tips.values())
        if len(commits) * len(paths) <= _MAX_TIP_QUERIES:
            return tips
        text = f"{len(commits)} branches are too many to say which of them still hold each key"
        self.problems.append(Problem("many-branches", Level.NOTE, text))
        return {}

    def _name_branches(self, plan: Plan, tips: Mapping[str, str], files: Files) -> None:
        """Name the branches at whose tips a key still is."""
        holding = {
            commit
            for commit in set(tips.values())
            if any(
                plan.key in self._holders.get(files[commit].get(path, b""), ()) for path in plan.story.paths
            )
        }
        names = sorted(name for name, commit in tips.items() if commit in holding)
        plan.branches, plan.branch_count = tuple(names[:_MAX_BRANCHES]), len(names)
        plan.tips = tuple(sorted(holding))

    def _named(self, plans: Iterable[Plan]) -> Iterable[str]:
        """The commits that may be named for plans, apart from tips of branches."""
        yield self._history.repository().revision
        for plan in plans:
            yield plan.story.first.commit
            yield from (place.commit for place in plan.shown)
            yield from _candidates(plan)


def _candidates(plan: Plan) -> tuple[str, ...]:
    """The commits one of which is the last that held a key, apart from tips of branches."""
    removal = plan.story.removal
    return removal.parents if removal else (plan.story.places[0].commit,)


def _merged(plans: Iterable[Plan]) -> Mapping[str, set[bytes]]:
    """The parents of merges that removed a key, and the paths at which each may have held it."""
    asked: dict[str, set[bytes]] = defaultdict(set)
    for plan in plans:
        removal = plan.story.removal
        if removal and len(removal.parents) > 1:
            for parent in removal.parents:
                asked[parent].add(removal.path)
    return asked


def _last(plan: Plan, files: Files) -> list[str]:
    names = _candidates(plan)
    removal = plan.story.removal
    if removal and len(removal.parents) > 1:
        names = tuple(name for name in names if files[name].get(removal.path) == removal.blob)
    return [name for name in (*names, *plan.tips) if name]
