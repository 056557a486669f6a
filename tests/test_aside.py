"""Something is done meanwhile, and what it raises is not lost."""

from __future__ import annotations

import threading

import pytest

from keylint.aside import Aside


def test_it_runs_meanwhile_and_is_done_after_the_wait() -> None:
    begin = threading.Event()
    done: list[int] = []

    def work() -> None:
        begin.wait(60)
        done.append(1)

    aside = Aside(work)
    assert not done
    begin.set()
    aside.wait()
    assert done == [1]


def test_what_it_raises_comes_with_the_wait() -> None:
    aside = Aside(lambda: {}["missing"])
    with pytest.raises(KeyError, match="missing"):
        aside.wait()
