"""Plain command lines mean without click what they mean with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylint.cli import clicked, direct
from keylint.cli.switches import FLAG, SCAN, SHARED, Switch
from tests.helpers.cli import run_keylint

COMMANDS = {"scan": (clicked.scan, SCAN), "bundle": (clicked.bundle, SHARED)}
VALUES = ["json", "never", "file", "folder", "missing", "", "-", "-x", "--debug", "A..B", "a=b", "folder/new"]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder: it holds a file, a folder and a file that nobody may read."""
    made = tmp_path_factory.mktemp("direct")
    (made / "file").write_text("x")
    (made / "folder").mkdir()
    (made / "closed").write_text("x")
    (made / "closed").chmod(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        yield made


def with_click(command: click.Command, words: list[str]) -> dict[str, Any] | None:
    """What click makes of the words; None if it complains."""
    try:
        return dict(command.make_context("x", list(words)).params)
    except click.ClickException:
        return None


def options(switches: tuple[Switch, ...]) -> st.SearchStrategy[list[str]]:
    names = [name for switch in switches for name in (*switch.names, switch.no or switch.names[0])]
    name, value = (
        st.sampled_from([*names, "--", "-vq", "--hist", "--bogus"]),
        st.sampled_from([*VALUES, "closed"]),
    )
    word = name.map(lambda n: [n]) | value.map(lambda v: [v])
    word |= st.tuples(name, value).map(list) | st.tuples(name, value).map(lambda pair: ["=".join(pair)])
    return st.lists(word, max_size=5).map(lambda lists: list(itertools.chain(*lists)))


@pytest.mark.parametrize("name", COMMANDS)
@given(data=st.data())
def test_what_is_read_without_click_is_what_click_reads(name: str, data: st.DataObject) -> None:
    command, switches = COMMANDS[name]
    words = data.draw(options(switches))
    got = direct.read(words, switches)
    if got is not None and (name == "scan" or got["path"] is not None):
        assert got == with_click(command, words)


@pytest.mark.parametrize("switch", SCAN, ids=lambda switch: switch.names[0])
def test_every_option_can_be_read_without_click(switch: Switch) -> None:
    value = [] if switch.takes == FLAG else [(*switch.choices, "file")[0]]
    for name in (*switch.names, *filter(None, [switch.no])):
        got = direct.read(["folder", name, *value], SCAN)
        assert got is not None
        assert got == with_click(clicked.scan, ["folder", name, *value])
        assert got[switch.parameter] != switch.default or switch.choices


@pytest.mark.parametrize(
    "words",
    [
        ["--help"], ["-h"], ["--bogus"], ["a", "b"], ["-vq"], ["--", "a"], ["-"], [""], ["--format", "docx"],
        ["--format"], ["--history=1"], ["--history", "--history"], ["--config", "missing"],
        ["--output", "folder"], ["--hist"],
    ],
)  # fmt: skip
def test_what_is_unusual_or_wrong_is_left_to_click(words: list[str]) -> None:
    assert direct.read(words, SCAN) is None


@pytest.mark.parametrize(
    "words",
    [
        ["scan", "missing"],
        ["scan", "--staged", "--history"],
        ["hook", "--config", "missing"],
        ["bundle", "."],
    ],
)
def test_errors_look_the_same_without_click(words: list[str]) -> None:
    with_it = run_keylint(*words, before="from keylint.cli import direct; direct.run = lambda argv: None")
    without = run_keylint(*words, before="import sys; sys.modules['click'] = None")
    assert (without.status, without.error, without.out) == (with_it.status, with_it.error, with_it.out)


def test_nothing_is_lost_where_the_process_ends_at_once(folder: Path) -> None:
    (folder / "many.txt").write_text(
        "".join(f"key{n} = 'sk" + f"_live_4eC39HqLyjWDarjtT1zdp7dcAbCd{n:04}'\n" for n in range(500))
    )
    done = run_keylint("scan", "many.txt", "--format", "json")
    assert done.status == 1
    assert len(done.findings) == 500
