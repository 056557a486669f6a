"""Surroundings of every test: an empty home, nothing of the developer's settings, no network but loopback."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from keylint.rulecache import cache_file, cache_key, load_engine

_REMOVED_PREFIXES = ("GIT_", "GITHUB_", "RUNNER_", "ACTIONS_", "KEYLINT_", "COVEO_", "PRE_COMMIT", "XDG_")
_REMOVED_SUFFIXES = ("_TOKEN", "_API_KEY", "_SECRET", "_PASSWORD")
_REMOVED = frozenset({"CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"})
_KEPT = frozenset({"KEYLINT_REQUIRE_TOOLS"})  # steers the tests, not keylint

# The same examples each time, so that a change that passed here passes in CI; `make fuzz` tries others.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("random", print_blob=True)
settings.load_profile("fixed")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers that pyproject.toml doesn't."""
    config.addinivalue_line("markers", "slow: takes more than about five seconds")
    # Whoever starts the tests in the background has them ignore interrupts, and whatever they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_foreign(name: str) -> bool:
    """Whether an environment variable could steer git, keylint or a report."""
    if name in _KEPT:
        return False
    return name in _REMOVED or name.startswith(_REMOVED_PREFIXES) or name.endswith(_REMOVED_SUFFIXES)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for the run, since compiled rules are the same for every test and every process."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shared-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def built_in(shared_cache: Path) -> Path:
    """Where the compiled built-in rules are, once a test has needed them."""
    key = cache_key()
    assert key is not None
    return Path(cache_file(key, str(shared_cache / "keylint")) or "")


@pytest.fixture(scope="session")
def compiled(built_in: Path) -> Path:
    """The file with the compiled built-in rules, to copy into cache folders: compiling takes 5 s."""
    load_engine(cache_dir=str(built_in.parent))
    return built_in


@pytest.fixture
def pure_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that run in this process compile nothing: for rules beside the built-in ones, which are in no
    cache."""
    monkeypatch.setattr("keylint.rulecache.load_engine", partial(load_engine, prefilter="pure"))


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New empty folders. (`mktemp` lists all the earlier ones for each, and there are thousands.)"""
    parent = tmp_path_factory.mktemp("homes")

    def make() -> Iterator[Path]:
        for number in count():
            folder = parent / str(number)
            folder.mkdir()
            yield folder

    return make()


@pytest.fixture(autouse=True)
def surroundings(
    homes: Iterator[Path], shared_cache: Path, built_in: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give the test an empty home and a clean environment; returns the home.

    A test that needs a global git configuration writes `.gitconfig` there.
    """
    home = next(homes)
    for name in [n for n in os.environ if _is_foreign(n)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    if built_in.exists():
        os.utime(built_in)  # the oldest files go where tests bring rules of their own
    _forbid_network(monkeypatch)
    return home


def _is_loopback(host: Any) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _forbid_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make connections and look-ups of this process fail unless they stay on this machine."""

    def guard(function: Callable[..., Any], host_of: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            host = host_of(*args, **kwargs)
            if not _is_loopback(host):
                raise AssertionError(f"a test tried to reach {host}")
            return function(*args, **kwargs)

        return guarded

    def address_host(sock: socket.socket, address: Any) -> Any:
        return address[0] if isinstance(address, tuple) else None  # not a tuple: a path of this machine

    monkeypatch.setattr(socket.socket, "connect", guard(socket.socket.connect, address_host))
    monkeypatch.setattr(socket.socket, "connect_ex", guard(socket.socket.connect_ex, address_host))
    monkeypatch.setattr(socket, "getaddrinfo", guard(socket.getaddrinfo, lambda host, *a, **k: host))
