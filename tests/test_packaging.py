"""What is published: the wheel holds the rules and runs on its own; the documented commands exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RULE_FILES = sorted(path.relative_to(ROOT / "rules").as_posix() for path in (ROOT / "rules").rglob("*.toml"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(ROOT)], check=True, timeout=120)
    (built,) = folder.glob("keylint-*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; its dependencies are those of the running interpreter."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A path file adds the folder alone: the editable keylint that lives there stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


def test_the_wheel_holds_every_rule_file_and_nothing_of_the_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    prefix = "keylint/builtin_rules/"
    assert RULE_FILES
    assert (
        sorted(n.removeprefix(prefix) for n in names if n.startswith(prefix) and n.endswith(".toml"))
        == RULE_FILES
    )
    assert "keylint/py.typed" in names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"keylint"}


def test_the_installed_wheel_finds_its_own_rules(installed: Path, tmp_path: Path) -> None:
    code = "from keylint.ruleset import builtin_dir, load_rules; print(builtin_dir(), len(load_rules(())))"
    done = subprocess.run(
        [installed / "bin" / "python", "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    folder, count = done.stdout.split()
    assert Path(folder).is_relative_to(installed)
    assert int(count) > 0


def test_the_installed_wheel_scans(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "clean.txt").write_text("nothing here\n", encoding="utf-8")
    done = subprocess.run(
        [installed / "bin" / "keylint", "scan", "clean.txt"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "no findings" in done.stdout


def _documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def _commands(path: Path) -> list[str]:
    """The command lines in the fenced shell blocks of a Markdown file."""
    blocks = re.findall(
        r"^```(?:sh|shell|bash|console)\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S
    )
    lines = (line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


def test_every_documented_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    used = {
        word
        for path in _documents()
        for line in _commands(path)
        for match in re.findall(r"\bmake((?: [a-z]+)+)", line)
        for word in match.split()
    }
    assert used
    assert used <= targets


def test_every_documented_keylint_command_exists() -> None:
    used = {
        name
        for path in _documents()
        for line in _commands(path)
        for name in re.findall(r"(?:^|&& |exec |bin/)keylint ([a-z]+)", line)
    }
    assert used
    for name in sorted(used):
        done = subprocess.run(
            [sys.executable, "-m", "keylint", name, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"keylint {name}: {done.stderr}"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert any("make check" in line for line in _commands(ROOT / "README.md"))
    assert re.search(r"^make check$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.M)


def test_the_pinned_versions_are_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*", line)] == []


def test_compiled_rules_are_still_good_when_the_same_wheel_was_installed_again(installed: Path) -> None:
    def key() -> str:
        command = "from keylint.rulecache import cache_key; print(cache_key().hex())"
        return subprocess.check_output([installed / "bin" / "python", "-I", "-c", command], text=True)

    (package,) = installed.glob("lib/python*/site-packages/keylint")
    (record,) = package.parent.glob("keylint-*.dist-info/RECORD")
    before = key()
    for file in package.rglob("*"):
        os.utime(file, (1, 1))
    assert key() == before
    listed = record.read_text(encoding="utf-8")
    try:
        record.write_text(listed.replace("sha256=", "sha256=x", 1), encoding="utf-8")
        assert key() != before
    finally:
        record.write_text(listed, encoding="utf-8")
