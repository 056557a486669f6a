"""The documentation says what the program does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
import tomli

from keylint.cli.keys import keys
from keylint.keys.config import LintConfig, parse_lint_config
from keylint.keys.lint import check_ids
from keylint.keys.render_docs import checks_page

_DOCS = Path(__file__).parents[2] / "docs"


def _page() -> str:
    return (_DOCS / "keys.md").read_text(encoding="utf-8")


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


def test_the_page_of_checks_is_made_from_the_registry() -> None:
    assert (_DOCS / "checks.md").read_text(encoding="utf-8") == checks_page()


def test_the_thresholds_on_the_page_are_the_defaults() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", _page(), re.DOTALL)
    table = tomli.loads(block)["keys"]["lint"]
    config = parse_lint_config(table, "docs", check_ids())
    assert replace(config, ignore=()) == LintConfig()
    assert len(table) == len(LintConfig.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "command"), list(_commands(keys)), ids=lambda v: v if isinstance(v, str) else ""
)
def test_every_command_has_help_and_is_on_the_page(name: str, command: click.Command) -> None:
    assert command.help
    assert name in _page().replace("coveo\\|keypair\\|algolia", "coveo pull keypair pull algolia")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in ("region", "provider", "path"):
            assert parameter.help or parameter.name == "format_name", parameter.name


def test_every_option_that_the_page_names_exists() -> None:
    known = {
        option for _, command in _commands(keys) for parameter in command.params for option in parameter.opts
    }
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", _page()))
    assert named - known == set()
