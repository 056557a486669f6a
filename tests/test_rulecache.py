from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from keylint import rulecache
from keylint.engine import Engine
from keylint.engine.quickdb import QuickDatabase, pack, unpack
from keylint.errors import ConfigError
from keylint.records import replace
from keylint.rulecache import (
    cache_file,
    cache_key,
    default_folder,
    identity,
    late_engine,
    load_engine,
    stored_database,
)
from keylint.rulelist import RuleList
from tests.engine.rulekit import token

RULES = """
[[rules]]
id = "mine.token"
regex = '''\\btok_[0-9A-Za-z]{36}\\b'''
keywords = ["tok_"]

[[rules]]
id = "mine.other"
regex = '''other-[0-9]{8}'''
"""
VALUE = token(random.Random(1)).encode()


@pytest.fixture
def rules(tmp_path: Path) -> str:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    return str(file)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "cache")


def load(rules: str, folder: str) -> Engine:
    return load_engine([rules], builtin=False, cache_dir=folder)


def late(rules: str, folder: str) -> Engine:
    return late_engine([rules], builtin=False, cache_dir=folder)


def stored(rules: str, folder: str) -> Path:
    key = cache_key([rules], builtin=False)
    assert key is not None
    file = cache_file(key, folder)
    assert file is not None
    return Path(file)


def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, reading rule files fails: what works now comes from the cache."""

    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("rule files were read")

    monkeypatch.setattr(rulecache, "_load_rules", refuse)


def test_the_second_engine_comes_from_the_cache(
    rules: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(rules, folder)
    no_reading(monkeypatch)
    second = load(rules, folder)
    assert [*second.rules] == [*first.rules]
    assert [hit.rule.id for hit in second.scan(VALUE)] == ["mine.token"]


def test_built_in_rules_survive_the_cache_without_their_examples(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_engine(cache_dir=folder)
    no_reading(monkeypatch)
    bare = [replace(rule, examples=(), counter_examples=()) for rule in first.rules]
    assert [*load_engine(cache_dir=folder).rules] == bare


def test_folder_and_file_are_private(rules: str, folder: str) -> None:
    load(rules, folder)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert stored(rules, folder).stat().st_mode & 0o777 == 0o600
    assert os.listdir(folder) == [stored(rules, folder).name]


@pytest.mark.parametrize(
    "damage", ["empty", "cut", "flip first", "flip middle", "flip last", "longer", "other format"]
)
@pytest.mark.parametrize("make", [load, late])
def test_a_damaged_cache_is_made_again(
    rules: str, folder: str, damage: str, make: Callable[[str, str], Engine]
) -> None:
    load(rules, folder)
    file = stored(rules, folder)
    good = file.read_bytes()
    file.write_bytes(_damaged(good, damage))
    engine = make(rules, folder)
    assert len(engine.rules) == 2
    assert [hit.rule.id for hit in engine.scan(VALUE)] == ["mine.token"]
    assert file.read_bytes() == good


def _damaged(content: bytes, damage: str) -> bytes:
    flipped = bytearray(content)
    flipped[{"flip first": 20, "flip middle": len(content) // 2}.get(damage, -1)] ^= 0x40
    other = content[:7] + b"\x63" + content[8:]
    table = {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "longer": content + b"x",
        "other format": other,
    }
    return table.get(damage, bytes(flipped))


def test_a_sound_file_of_another_key_is_not_used(rules: str, folder: str, tmp_path: Path) -> None:
    load(rules, folder)
    other = tmp_path / "other.toml"
    other.write_text(RULES.replace("tok_", "xyz_"))
    stored(str(other), folder).write_bytes(stored(rules, folder).read_bytes())
    assert [hit.rule.id for hit in load(str(other), folder).scan(VALUE)] == []


def test_a_database_of_another_machine_is_made_again(
    rules: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(rules, folder)
    key = cache_key([rules], builtin=False)
    assert key is not None
    rulecache._write(str(stored(rules, folder)), key, engine.rules, pack((), b"not a database"))
    assert [hit.rule.id for hit in load(rules, folder).scan(VALUE)] == ["mine.token"]
    no_reading(monkeypatch)
    load(rules, folder)


@pytest.mark.parametrize("make", [load, late])
def test_rules_of_another_version_are_made_again(
    rules: str, folder: str, monkeypatch: pytest.MonkeyPatch, make: Callable[[str, str], Engine]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(RuleList, "dump", lambda _self: (("id", "a field too few"), (), ()))
        load(rules, folder)
    assert [hit.rule.id for hit in make(rules, folder).scan(VALUE)] == ["mine.token"]


def test_another_module_for_patterns_makes_them_again(
    rules: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "matcher.so"
    module.write_bytes(b"one")
    monkeypatch.setattr(rulecache.extensions, "find", lambda _name: SimpleNamespace(origin=str(module)))
    load(rules, folder)
    with monkeypatch.context() as patch:
        no_reading(patch)
        load(rules, folder)
    module.write_bytes(b"another")
    with monkeypatch.context() as patch:
        no_reading(patch)
        with pytest.raises(AssertionError, match="were read"):
            load(rules, folder)
    module.unlink()
    assert [hit.rule.id for hit in load(rules, folder).scan(VALUE)] == ["mine.token"]


def test_a_changed_rule_file_is_read_again(rules: str, folder: str) -> None:
    load(rules, folder)
    Path(rules).write_text(RULES.replace("{36}", "{35}"))
    os.utime(rules, ns=(1, 1))
    assert load(rules, folder).scan(VALUE) == []


def test_a_new_file_in_a_rule_folder_is_noticed(tmp_path: Path, folder: str) -> None:
    home = tmp_path / "mine"
    home.mkdir()
    (home / "a.toml").write_text(RULES)
    assert len(load(str(home), folder).rules) == 2
    (home / "b.toml").write_text("[[rules]]\nid = 'mine.third'\nregex = 'third-[0-9]{4}'\n")
    (home / "notes.txt").write_text("no rule file")
    assert len(load(str(home), folder).rules) == 3


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX")
def test_a_cache_that_others_may_write_is_not_read(
    rules: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(rules, folder)
    stored(rules, folder).chmod(0o666)
    assert stored_database([rules], builtin=False, cache_dir=folder) is None
    stored(rules, folder).chmod(0o600)
    assert stored_database([rules], builtin=False, cache_dir=folder) is not None
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert stored_database([rules], builtin=False, cache_dir=folder) is None


@pytest.mark.skipif(os.name != "posix", reason="symlinks and pipes are POSIX")
@pytest.mark.parametrize("kind", ["symlink", "pipe", "folder"])
def test_what_is_no_regular_file_is_not_read(rules: str, folder: str, kind: str) -> None:
    load(rules, folder)
    file = stored(rules, folder)
    moved = file.rename(file.with_suffix(".moved"))
    if kind == "symlink":
        file.symlink_to(moved)
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.mkdir()
    assert stored_database([rules], builtin=False, cache_dir=folder) is None
    assert len(load(rules, folder).scan(VALUE)) == 1


def test_a_folder_that_cannot_be_written_costs_time_only(rules: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert len(load(rules, str(blocked / "cache")).scan(VALUE)) == 1
    assert stored_database([rules], builtin=False, cache_dir=str(blocked / "cache")) is None


def test_old_files_are_removed_and_the_newest_stay(rules: str, folder: str) -> None:
    os.mkdir(folder)
    for i in range(20):
        old = Path(folder, f"rules-{i:016x}.bin")
        old.write_bytes(b"old")
        os.utime(old, (i, i))
    Path(folder, "notes.txt").write_text("not ours")
    load(rules, folder)
    left = sorted(os.listdir(folder))
    assert stored(rules, folder).name in left
    assert "notes.txt" in left
    assert len(left) == rulecache._KEPT + 1


def test_many_threads_may_start_with_an_empty_cache(rules: str, folder: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: len(load(rules, folder).scan(VALUE)), range(16)))
    assert found == [1] * 16
    assert os.listdir(folder) == [stored(rules, folder).name]


def test_the_pure_path_needs_no_cache(rules: str, folder: str) -> None:
    engine = load_engine([rules], builtin=False, cache_dir=folder, prefilter="pure")
    assert len(engine.scan(VALUE)) == 1
    assert not os.path.exists(folder)


def test_a_rule_file_that_is_not_there_is_a_clear_error(folder: str) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such rule file"):
        load("nowhere.toml", folder)


def test_the_environment_names_the_folder_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("KEYLINT_CACHE_DIR", raising=False)
    if sys.platform == "linux":
        assert default_folder() == str(tmp_path / "keylint")
    monkeypatch.setenv("KEYLINT_CACHE_DIR", "here")
    assert default_folder() == "here"


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [("darwin", "HOME", ("Library", "Caches", "keylint")), ("win32", "LOCALAPPDATA", ("keylint",))],
)
def test_each_platform_has_its_folder(
    platform: str, variable: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("KEYLINT_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert default_folder() == str(tmp_path.joinpath(*expected))


def test_without_a_home_there_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEYLINT_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert default_folder() is None


def test_no_secret_and_no_sample_value_is_in_the_cache(rules: str, folder: str) -> None:
    load(rules, folder).scan(VALUE)
    assert VALUE not in stored(rules, folder).read_bytes()


# ---- an engine that is put together late


def test_a_late_engine_knows_its_rules_and_is_put_together_for_the_first_search(
    rules: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load(rules, folder)
    made: list[Engine] = []
    monkeypatch.setattr(rulecache, "load_engine", lambda *_args, **_options: made.append(whole) or whole)
    engine = late(rules, folder)
    engine.explain = True
    scan = engine.scan
    assert [*engine.rules] == [*whole.rules]
    assert identity(engine) == identity(whole)
    assert engine.prefilter_name == whole.prefilter_name
    assert made == []
    assert [hit.rule.id for hit in scan(VALUE)] == ["mine.token"]
    assert engine.max_window == whole.max_window
    assert made == [whole]
    assert whole.explain


def test_without_stored_rules_a_late_engine_is_a_whole_one(rules: str, folder: str) -> None:
    assert type(late(rules, folder)) is Engine
    assert type(late(rules, folder)) is not Engine


# ---- the hook's question


def test_the_stored_database_answers_whether_anything_could_match(rules: str, folder: str) -> None:
    assert stored_database([rules], builtin=False, cache_dir=folder) is None
    load(rules, folder)
    stored = stored_database([rules], builtin=False, cache_dir=folder)
    assert stored is not None
    quick = QuickDatabase(stored)
    assert quick.could_match(b"x " + VALUE)
    assert not quick.could_match(b"nothing here")
    assert not quick.could_match(b"")
    assert quick.could_match(VALUE)


def test_rules_that_hyperscan_cannot_search_for_always_could_match(tmp_path: Path, folder: str) -> None:
    file = tmp_path / "opaque.toml"
    file.write_text("[[rules]]\nid = 'opaque'\nregex = '''a\\p{Lu}b'''\n")
    engine = load(str(file), folder)
    assert QuickDatabase(engine.dump_database()).could_match(b"nothing here")


def test_what_is_no_database_is_refused() -> None:
    with pytest.raises(ValueError, match="does not load"):
        QuickDatabase(pack((), b"not a database"))
    with pytest.raises(ValueError, match="not a stored database"):
        unpack(b"")


def test_without_hyperscan_there_is_no_quick_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keylint.engine.extension.load", lambda: None)
    with pytest.raises(ValueError, match="not installed"):
        QuickDatabase(pack((), b""))


def test_the_quick_way_imports_next_to_nothing(rules: str, folder: str) -> None:
    load(rules, folder)
    script = (
        "import sys; before = set(sys.modules)\n"
        "from keylint.rulecache import stored_database\n"
        "from keylint.engine.quickdb import QuickDatabase\n"
        f"stored = stored_database([{rules!r}], builtin=False, cache_dir={folder!r})\n"
        "assert not QuickDatabase(stored).could_match(b'nothing here')\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {
        "typing",
        "enum",
        "re",
        "dataclasses",
        "inspect",
        "regex",
        "tomli",
        "click",
        "subprocess",
        "hashlib",
    }
    assert heavy & set(done.stdout.split()) == set()


def test_a_users_rule_file_counts_by_its_content(rules: str) -> None:
    before = cache_key([rules], builtin=False)
    os.utime(rules, (1, 1))
    assert cache_key([rules], builtin=False) == before
    status = os.stat(rules)
    Path(rules).write_text(RULES.replace("tok_", "kot_"))
    os.utime(rules, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert cache_key([rules], builtin=False) != before


@pytest.mark.parametrize("packaged", [True, False])
def test_the_files_of_a_wheel_count_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packaged: bool
) -> None:
    base = tmp_path / ("builtin_rules" if packaged else "rules")
    for name in ("providers", "names"):
        (base / name).mkdir(parents=True)
        (base / name / "a.toml").write_text("")
    monkeypatch.setattr(rulecache, "builtin_dir", lambda: str(base))
    before = cache_key()
    (base / "providers" / "a.toml").write_text("# edited")
    assert (cache_key() == before) is packaged, "only a checkout's files are edited one by one"
    (base / "names" / "b.toml").write_text("")
    os.utime(base / "names", (1, 1))
    assert cache_key() != before
