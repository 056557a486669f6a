"""Workers that stay: what they are asked after their scan, and what becomes of them."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from keylint import revisit, workers
from keylint.allowing import Allowing
from keylint.carry import pack, unpack
from keylint.engine import Engine
from keylint.examine import Examined, Examiner
from keylint.historyfeed import HistoryFeed
from keylint.historyscan import Sweeper
from keylint.model import Skipped, SkipReason
from keylint.pipeline import Intake
from keylint.rule import Allowlist
from keylint.secret import Blob, Secret
from keylint.sources.history import History
from keylint.sources.span import Span
from keylint.workers import Crew, Outcome, WorkerError
from tests.helpers.repo import Repo
from tests.history.harness import RULE, Recorder, Result, scan, token

if TYPE_CHECKING:
    from keylint.findings import Collector

PATIENCE_S = 60
WAYS = [pytest.param(True, marks=pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")), False]


def adder(start: int) -> workers.Work:
    """Yields a number, then that number and each request added up."""
    request = yield start
    while True:
        request = yield start + request


def crew_of(work: Any, number: int = 3) -> Crew:
    crew = Crew()
    crew.start(work, number, close_in_child=lambda _: ())
    return crew


@pytest.fixture(params=WAYS, ids=["processes", "threads"])
def forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(workers, "CAN_FORK", request.param)
    return bool(request.param)


def asking(crew: Crew, requests: list[list[Any]], limit_s: float = PATIENCE_S) -> list[list[Any]]:
    """What each worker answers to a list of requests of its own."""
    left = [[*own, None] for own in requests]
    answers: list[list[Any]] = [[] for _ in requests]
    for number, answer in crew.ask(lambda n: left[n].pop(0) if n < len(left) else None, limit_s=limit_s):
        answers[number].append(answer)
    return answers


def test_workers_answer_one_request_after_the_other(forks: bool) -> None:
    crew = crew_of(adder)
    assert [outcome.result for outcome in crew.results()] == [0, 1, 2]
    assert asking(crew, [[10, 11], [20], [30, 31, 32]]) == [[10, 11], [21], [32, 33, 34]]
    assert asking(crew, [[5]]) == [[5]]
    assert asking(crew, [[], [6]]) == [[], [7]]
    crew.close()


def test_a_worker_has_its_next_request_before_its_answer_is_given(forks: bool) -> None:
    crew = crew_of(adder, 1)
    crew.results()
    requests = [3, 2, 1]
    left = []
    for _ in crew.ask(lambda _: requests.pop() if requests else None, limit_s=PATIENCE_S):
        left.append(len(requests))
    assert left == ([1, 0, 0] if forks else [2, 1, 0])
    crew.close()


def test_a_worker_that_fails_says_where_but_not_why(forks: bool) -> None:
    crew = crew_of(adder, 1)
    crew.results()
    with pytest.raises(WorkerError, match=r"^TypeError in test_revisit\.py:[0-9]+$"):
        asking(crew, [["not a number"]])
    crew.close()


def test_long_requests_and_answers_arrive_whole(forks: bool) -> None:
    def echo(_number: int) -> workers.Work:
        request = yield b"x" * 3_000_000
        while True:
            request = yield request * 2

    crew = crew_of(echo, 2)
    assert [len(outcome.result) for outcome in crew.results()] == [3_000_000] * 2
    answers = asking(crew, [[b"y" * 2_000_000, b"z"], [b"y" * 2_000_000]])
    assert [[len(answer) for answer in own] for own in answers] == [[4_000_000, 2], [4_000_000]]
    crew.close()


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_a_worker_that_is_gone_has_no_answer_and_the_others_have() -> None:
    def mortal(number: int) -> workers.Work:
        request = yield number
        while request != "die":
            request = yield number
        os._exit(9)

    crew = crew_of(mortal)
    crew.results()
    asked = [["live", "live"], ["live", "die", "never asked"], ["live"]]
    assert asking(crew, asked) == [[0, 0], [1, None], [2]]
    assert asking(crew, [["live"], ["never asked"], ["live"]]) == [[0], [], [2]]
    crew.close()


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_a_worker_that_takes_too_long_is_ended() -> None:
    def idle(number: int) -> workers.Work:
        request = yield number
        while True:
            time.sleep(request)
            request = yield number

    crew = crew_of(idle, 2)
    crew.results()
    began = time.monotonic()
    assert asking(crew, [[PATIENCE_S, 0], [0, 0]], limit_s=0.5) == [[None], [1, 1]]
    assert time.monotonic() - began < PATIENCE_S / 2
    assert asking(crew, [[0], [0]]) == [[], [1]]
    crew.close()


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_who_stops_listening_ends_the_workers_that_are_at_work() -> None:
    crew = crew_of(adder, 2)
    crew.results()
    answers = crew.ask(lambda _: 1, limit_s=PATIENCE_S)
    next(answers)
    answers.close()
    assert asking(crew, [[1], [1]]) == [[], []], "their answers would be taken for others"
    crew.close()


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_workers_are_gone_after_they_were_let_go_and_have_tidied_up(tmp_path: Path) -> None:
    def tidy(number: int) -> workers.Work:
        try:
            yield os.getpid()
        finally:
            (tmp_path / str(number)).touch()

    crew = crew_of(tidy)
    pids = [outcome.result for outcome in crew.results()]
    began = time.monotonic()
    crew.close()
    assert time.monotonic() - began < workers._FAREWELL_S
    assert sorted(os.listdir(tmp_path)) == ["0", "1", "2"]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_secrets_travel_between_our_own_processes_and_nowhere_else() -> None:
    secret = Secret(token(1).encode(), prefix_len=4, weak=True)
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(secret)
    (back,) = unpack(pack([secret]))
    assert (back.reveal(), back.prefix_len, back.weak) == (secret.reveal(), 4, True)


def places(result: Result) -> dict[tuple[str, str], list[tuple[str, int, str]]]:
    return {
        name: [(place.origin.path, place.line, place.snippet) for place in file.places]
        for name, file in result.files.items()
    }


def busy(repo: Repo) -> None:
    """A history with several keys in several files and versions."""
    for n in range(12):
        repo.commit({f"f{n % 4}": "x\n" * n + f"key = {token(n)}\nold = {token(n % 3)}\n"})


def test_a_second_look_by_the_workers_tells_the_same_as_one_here(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(repo)
    theirs = scan(repo.path)
    monkeypatch.setattr(
        "keylint.historyscan.Sweeper.revisit", lambda _self, visits, *_: iter([None] * len(visits))
    )
    assert places(theirs) == places(scan(repo.path))
    assert len(theirs.values) == 12


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_the_worker_that_found_it_searches_nothing_again(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(repo)
    expected = places(scan(repo.path))
    monkeypatch.setattr(Engine, "scan", lambda *_, **__: pytest.fail("searched again"))
    assert places(scan(repo.path, number=1)) == expected


@pytest.mark.parametrize("most", [0, 3])
def test_what_a_worker_does_not_remember_it_searches_again(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    busy(repo)
    expected = places(scan(repo.path))
    monkeypatch.setattr("keylint.historywork._MOST_KNOWN", most)
    assert places(scan(repo.path)) == expected


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252"])
def test_a_second_look_knows_its_way_in_other_encodings(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, coding: str
) -> None:
    repo.write("a", f"é\nkey = {token(1)}\n".encode(coding))
    repo.write("b", b"\0" + f"\nkey = {token(2)}\n".encode())
    repo.stage(".")
    repo.commit()
    theirs = scan(repo.path)
    assert theirs.values == {token(1), token(2)}
    monkeypatch.setattr(
        "keylint.historyscan.Sweeper.revisit", lambda _self, visits, *_: iter([None] * len(visits))
    )
    assert places(theirs) == places(scan(repo.path))


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_what_lost_workers_were_to_look_at_is_looked_at_here(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(repo)
    expected = places(scan(repo.path))
    monkeypatch.setattr(revisit, "_look", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert places(scan(repo.path)) == expected


@pytest.mark.parametrize("block", [1, 3])
def test_many_visits_go_in_blocks(repo: Repo, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    busy(repo)
    expected = places(scan(repo.path))
    monkeypatch.setattr(revisit, "_BLOCK", block)
    assert places(scan(repo.path)) == expected


@pytest.mark.skipif(not workers.CAN_FORK, reason="needs fork")
def test_what_a_lost_worker_was_asked_about_comes_without_an_answer_and_in_its_place() -> None:
    def work(number: int) -> workers.Work:
        request = yield number
        while True:
            if any(visit[0] == b"5" for visit in request):
                os._exit(9)
            request = yield pack(
                [revisit.Seen([], (Skipped(visit[1], SkipReason.BUDGET, ""),)) for visit in request]
            )

    visits = [revisit.Visit(str(n).encode(), str(n), set()) for n in range(40)]
    crew = crew_of(work, 2)
    crew.results()
    seen = list(revisit.revisit(crew, visits, lambda blob: int(blob) // 10))
    crew.close()
    assert seen[5] is None
    assert [s.skipped[0].path for s in seen if s] == [str(n) for n, s in enumerate(seen) if s]
    assert len(seen) == 40 and sum(s is None for s in seen) <= 8


def test_a_blob_that_is_gone_when_it_is_looked_at_again_is_listed(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": f"key = {token(1)}\n", "b": f"key = {token(2)}\n"})
    gone = repo.git("rev-parse", "HEAD:a")
    original = revisit.revisit

    def late(*arguments: Any) -> Iterator[revisit.Seen | None]:
        (repo.path / ".git" / "objects" / gone[:2] / gone[2:]).unlink(missing_ok=True)
        return original(*arguments)

    monkeypatch.setattr(revisit, "revisit", late)
    result = scan(repo.path)
    assert result.values == {token(2)}
    assert [skipped.reason for skipped in result.skipped] == [SkipReason.MISSING_OBJECT]


def test_what_cuts_a_second_look_short_is_listed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a": f"key = {token(1)}\n", "b": f"key = {token(2)}\n"})

    def cut(_reader: Any, _examiner: Any, visit: revisit.Visit, _recall: Any) -> revisit.Seen:
        return revisit.Seen([], (Skipped(visit.path, SkipReason.BUDGET, "out of time"),))

    monkeypatch.setattr(revisit, "_look", cut)
    result = scan(repo.path)
    assert not result.files
    assert sorted((skipped.path, skipped.reason) for skipped in result.skipped) == [
        ("a", SkipReason.BUDGET), ("b", SkipReason.BUDGET)
    ]  # fmt: skip


def feed(repo: Repo) -> tuple[Recorder, Intake]:
    """Feed a history and expect an interrupt."""
    engine = Engine((RULE,), prefilter="hyperscan")
    recorder = Recorder()
    intake = Intake(Examiner(engine), cast("Collector", cast("Any", recorder)))
    with closing(History(str(repo.path))) as history:
        sweeper = Sweeper(history, lambda: engine, number=2)
        with pytest.raises(KeyboardInterrupt):
            HistoryFeed(history, sweeper, author=lambda *_: "", rules=(RULE,))(intake)
    return recorder, intake


@pytest.mark.parametrize("look", [1, 2])
def test_an_interrupt_during_the_second_look_leaves_what_was_seen(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """What is in HEAD is looked at first, while the log is read, and the rest when it is known."""
    busy(repo)
    original = Sweeper.revisit
    looks = []

    def interrupted(
        sweeper: Sweeper, visits: Any, meanwhile: Any = workers.nothing_else
    ) -> Iterator[revisit.Seen | None]:
        looks.append(visits)
        for number, seen in enumerate(original(sweeper, visits, meanwhile)):
            if number == 2 and len(looks) == look:
                raise KeyboardInterrupt
            yield seen

    monkeypatch.setattr(Sweeper, "revisit", interrupted)
    recorder, _ = feed(repo)
    assert 2 <= len(recorder.files) < 12
    assert len(looks) == look


def test_two_interrupts_leave_no_worker_that_would_be_misunderstood(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(repo)
    calls = []

    def interrupted(_crew: Crew, **options: Any) -> list[Outcome]:
        calls.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Crew, "results", interrupted)
    recorder, _ = feed(repo)
    assert len(calls) == 2 and not recorder.files


def test_after_an_interrupt_the_workers_still_take_the_second_look(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(repo)
    original = Crew.results
    outcomes: list[Outcome] = []

    def interrupted_once(crew: Crew, **options: Any) -> list[Outcome]:
        if not outcomes:
            outcomes[:] = original(crew, **options)
            raise KeyboardInterrupt
        return outcomes

    monkeypatch.setattr(Crew, "results", interrupted_once)
    monkeypatch.setattr("keylint.historylooks.Looks.read", None)  # the parent does not look itself
    recorder, _ = feed(repo)
    assert {value for value, _ in recorder.files} == {token(n) for n in range(12)}


def test_a_blob_on_an_allowlist_is_looked_at_once_whatever_it_holds(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.commit({"a": "".join(f"key = {token(n)}\n" for n in range(40))})
    calls = []
    original = Allowing.remaining
    monkeypatch.setattr(Allowing, "remaining", lambda *given: calls.append(given) or original(*given))
    rule = replace(RULE, allowlists=(Allowlist(commits=(first,), regexes=(token(3),), condition="AND"),))
    assert scan(repo.path, rules=(rule,)).values == {token(n) for n in range(40)} - {token(3)}
    assert len(calls) == 1


def test_a_look_at_an_allowlist_that_is_cut_short_hides_nothing(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.commit({"a": f"key = {token(1)}\n"})
    cut = Examined(skipped=(Skipped("a", SkipReason.BUDGET, "out of time"),))

    class Hurried(Examiner):
        def examine(self, blob: Blob, wanted: Any = None) -> Examined:
            return cut

    rule = replace(RULE, allowlists=(Allowlist(commits=(first,)),))
    assert not scan(repo.path, rules=(rule,)).files
    monkeypatch.setattr("keylint.allowing.Examiner", Hurried)
    assert scan(repo.path, rules=(rule,)).values == {token(1)}


def test_what_cuts_the_look_at_a_message_short_is_listed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a": "x\n"}, f"key {token(1)}")
    original = Examiner.examine

    def cut(examiner: Examiner, blob: Blob, wanted: Any = None) -> Examined:
        examined = original(examiner, blob, wanted)
        return replace(examined, skipped=(Skipped("m", SkipReason.BUDGET, "out of time"),))

    monkeypatch.setattr(Examiner, "examine", cut)
    result = scan(repo.path, Span(messages=True))
    assert result.values == {token(1)}
    assert [skipped.detail for skipped in result.skipped] == ["out of time"]
