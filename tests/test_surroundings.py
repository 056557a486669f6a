"""The surroundings that conftest.py gives every test."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("keylint.invalid", 80)])
def test_no_test_reaches_the_network(address: tuple[str, int]) -> None:
    with pytest.raises(AssertionError, match="tried to reach"):
        socket.create_connection(address, timeout=1)
    with socket.socket() as sock, pytest.raises(AssertionError, match="tried to reach"):
        sock.connect_ex(address)


def test_a_library_does_not_reach_the_network_either() -> None:
    with pytest.raises(AssertionError, match="tried to reach"):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_git_has_no_settings_and_no_identity(surroundings: Path) -> None:
    done = subprocess.run(
        ["git", "config", "--list", "--global"], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    (surroundings / ".gitconfig").write_text("[user]\nname = A\n", encoding="utf-8")
    done = subprocess.run(["git", "config", "--list"], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == "user.name=A\n"


def test_variables_that_steer_tools_are_gone() -> None:
    kept = {"GIT_CONFIG_NOSYSTEM", "KEYLINT_REQUIRE_TOOLS", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}
    starts = ("GIT_", "GITHUB_", "KEYLINT_", "XDG_", "CI", "NO_COLOR")
    assert [name for name in os.environ if name.startswith(starts) and name not in kept] == []
