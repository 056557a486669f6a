"""The compiled rules on disk: private, written atomically, rebuilt when in doubt.

One file for each rule set: a header with lengths and checksums, the key that says what it was made from, the
rules as `rulelist` stores them (so that no TOML is read again) and the compiled database. The top of this
module imports next to nothing: the hook asks `stored_database` first and needs the rest only where it hit.
"""

from __future__ import annotations

import marshal
import os
import sys
import zlib

from keylint import __version__, extensions, privatefile
from keylint.builtin import builtin_dir, is_packaged, rule_files_in
from keylint.engine import extension

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from keylint.engine import Engine
    from keylint.rule import Rule
    from keylint.rulelist import RuleList

    # Number of rules, the rules as `marshal` packs them, the database, and what tells the rules from others.
    Stored = tuple[int, memoryview, memoryview, bytes]
    Front = tuple[int, memoryview, bytes]  # the same without the database

_MAGIC = b"keylint\x0d"  # the last byte is the version of this format
_NUMBER = 4  # bytes of a number, big-endian
# The sizes of the head and of the rules, and the CRC-32 of both and of the database, which comes last.
_HEADER = len(_MAGIC) + 4 * _NUMBER
_KEPT = 8  # files of other rule sets and versions that stay
_MAX_BYTES = 256 << 20
_HEAD_FIELDS = 3


def load_engine(
    paths: Sequence[str] = (),
    *,
    builtin: bool = True,
    cache_dir: str | None = None,
    prefilter: str = "auto",
) -> Engine:
    """An engine for the built-in rules and the user's, from the cache where that is current.

    `paths` are rule files or folders; `cache_dir` overrides `default_folder()`. A cache that cannot be read
    or written never fails a run. Raises ConfigError for wrong rules, a wrong path or an unknown `prefilter`.
    """
    from keylint.engine import Engine

    key = cache_key(paths, builtin=builtin)
    if prefilter == "pure" or key is None:
        return Engine(_load_rules(paths, builtin), prefilter=prefilter)
    file = cache_file(key, cache_dir)
    stored = _read(file, key)
    if stored is not None:
        try:
            return engine_from(stored, prefilter=prefilter)
        except (TypeError, ValueError):
            pass  # of another version, or of another machine: made again below
    if _reads_further_files(paths):
        file = None
    engine = Engine(_load_rules(paths, builtin), prefilter=prefilter, complete=file is not None)
    if file is not None and (database := engine.dump_database()):  # the pure path has nothing to store
        _write(file, key, engine.rules, database)
    return engine


def late_engine(paths: Sequence[str] = (), *, builtin: bool = True, cache_dir: str | None = None) -> Engine:
    """As `load_engine`, but of what is stored only the rules are read before something has to be searched."""
    from keylint.engine.late import LateEngine

    def whole() -> Engine:
        return load_engine(paths, builtin=builtin, cache_dir=cache_dir)

    key = cache_key(paths, builtin=builtin)
    front = _read_front(cache_file(key, cache_dir), key) if key is not None else None
    if front is None:
        return whole()
    _, packed, told = front
    try:
        return LateEngine(_restored(packed), told, whole)
    except (TypeError, ValueError):
        return whole()


def engine_from(stored: Stored, *, prefilter: str = "auto") -> Engine:
    """An engine of what `stored_rules` gave.

    Raises TypeError or ValueError if that is of another version or does not load on this machine.
    """
    from keylint.engine import Engine

    _, packed, database, told = stored
    engine = Engine(_restored(packed), prefilter=prefilter, database=database)
    engine.identity = told
    return engine


def _restored(packed: memoryview) -> RuleList:
    """Stored rules, with the patterns that were stored beside them put in place. Raises TypeError or
    ValueError if they are of another version.
    """
    from keylint import latepattern, precompiled
    from keylint.rulelist import RuleList

    rules, patterns, others = marshal.loads(packed)  # noqa: S302  (our own file, whose checksum fits)
    latepattern.restore(patterns)
    precompiled.restore(others)
    return RuleList(stored=rules)


def identity(engine: Engine) -> bytes:
    """What tells the rules of an engine from others, wherever and whenever they were loaded."""
    return engine.identity or _identity(engine.rules)


def stored_database(
    paths: Sequence[str] = (), *, builtin: bool = True, cache_dir: str | None = None
) -> memoryview | None:
    """The compiled database of a current cache for `QuickDatabase`, or None. Reads no rule file."""
    stored = stored_rules(paths, builtin=builtin, cache_dir=cache_dir)
    return stored[2] if stored is not None else None


def stored_rules(
    paths: Sequence[str] = (), *, builtin: bool = True, cache_dir: str | None = None
) -> Stored | None:
    """What a current cache holds, for `engine_from`; None if there is none."""
    key = cache_key(paths, builtin=builtin)
    return _read(cache_file(key, cache_dir), key) if key is not None else None


def default_folder() -> str | None:
    """The user's cache folder for keylint, or None where there is none. KEYLINT_CACHE_DIR comes first."""
    own = os.environ.get("KEYLINT_CACHE_DIR")
    if own:
        return own
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "keylint") if os.path.isabs(base) else None


def cache_key(paths: Sequence[str] = (), *, builtin: bool = True) -> bytes | None:
    """Everything that a compiled rule set depends on. None: it cannot be told.

    That is the versions of keylint, Python, Hyperscan and regex, the machine, the built-in rules and the
    modules that read rules, and the user's own rule files. For what came as a wheel its list of files speaks,
    so that what CI stored is still good after the next installation.
    """
    try:
        parts = (
            _own(builtin),
            _build(extension.find()),
            _build(extensions.find("regex._regex")),
            [
                _digest(file)
                for path in map(os.path.abspath, paths)
                for file in (rule_files_in(path) if os.path.isdir(path) else [path])
            ],
        )
    except OSError:
        return None
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    versions = (__version__, sys.hexversion, sys.implementation.cache_tag, sys.platform, machine)
    return marshal.dumps((versions, parts, builtin), 2)  # version 2: no references, so always the same bytes


def cache_file(key: bytes, cache_dir: str | None = None) -> str | None:
    """Where the rule set of this key is stored, or None without a cache folder."""
    folder = cache_dir or default_folder()
    if not folder:
        return None
    return os.path.join(folder, f"rules-{zlib.crc32(key):08x}{zlib.adler32(key):08x}.bin")


_READERS = (
    "extensions.py",
    "fieldtypes.py",
    "latepattern.py",
    "precompiled.py",
    "providers.py",
    "re2.py",
    "rule.py",
    "rulefields.py",
    "rulelist.py",
    "ruleset.py",
    "engine/confirm.py",
    "engine/lines.py",
    "engine/opening.py",
    "engine/outline.py",
    "engine/patterns.py",
    "engine/perrule.py",
    "engine/quickdb.py",
    "engine/vector.py",
    "engine/window.py",
)


def _load_rules(paths: Sequence[str], builtin: bool) -> tuple[Rule, ...]:
    from keylint.ruleset import load_rules

    return load_rules(paths, builtin=builtin)


def _reads_further_files(paths: Sequence[str]) -> bool:
    from keylint.ruleset import reads_further_files

    return reads_further_files(paths)


def _identity(rules: Iterable[Rule]) -> bytes:
    """A digest of all that rules say. Takes 15 ms, so it is stored beside them."""
    from keylint.digests import sha256
    from keylint.rule import to_plain

    plain = marshal.dumps(tuple(to_plain(rule) for rule in rules), 2)  # version 2: always the same bytes
    return sha256(plain).digest()


def _own(builtin: bool) -> list[Any]:
    """What tells this keylint from others: of a wheel the list of its files, which has a digest of each, else
    name, time and size of the files.

    Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    here = os.path.dirname(os.path.abspath(__file__))
    data = builtin_dir()
    if is_packaged(data):
        try:
            return [_digest(os.path.join(f"{here}-{__version__}.dist-info", "RECORD"))]
        except OSError:
            pass  # whoever installed it left no list
    files = [_stamp(os.path.join(here, *name.split("/"))) for name in _READERS]
    for name in ("providers", "names") if builtin else ():
        folder = os.path.join(data, name)
        # What a wheel brought changes as a whole; each hook would wait 10 ms for its six hundred files.
        files += [_stamp(folder)] if is_packaged(folder) else _stamps(folder)
    return files


def _build(spec: Any) -> list[Any]:
    """What tells the build of an extension module from others: size and version, else name, time and size."""
    if spec is None:
        return []
    folder = os.path.dirname(spec.origin)
    start = os.path.basename(folder) + "-"
    versions = [
        name
        for name in os.listdir(os.path.dirname(folder))
        if name.startswith(start) and name.endswith(".dist-info")
    ]
    name, time, size = _stamp(spec.origin)
    return [name, size, *sorted(versions)] if versions else [name, size, time]


def _digest(path: str) -> tuple[str, int, int, int]:
    """Name, size and checksums of a file."""
    with open(path, "rb") as stream:
        content = stream.read()
    return path, len(content), zlib.crc32(content), zlib.adler32(content)


def _stamp(path: str) -> tuple[str, int, int]:
    status = os.stat(path)
    return os.path.abspath(path), status.st_mtime_ns, status.st_size


def _stamps(folder: str) -> list[tuple[str, int, int]]:
    """The stamp of each rule file directly in a folder."""
    stamps = [(folder, 0, 0)]
    with os.scandir(folder) as entries:  # there are hundreds, and each hook waits for this
        for entry in entries:
            if entry.name.endswith(".toml"):
                status = entry.stat()
                stamps.append((entry.name, status.st_mtime_ns, status.st_size))
    return sorted(stamps)


def _late_patterns(rules: Iterable[Rule]) -> dict[tuple[Any, ...], Any]:
    """keylint's own patterns that a scan with a find needs, compiled, and those made for these rules."""
    import keylint.context
    import keylint.inline
    import keylint.names
    import keylint.snippet  # noqa: F401 - those of the engine are loaded already
    from keylint import latepattern
    from keylint.engine.opening import opening

    for rule in rules:
        opening(rule.regex)
    return latepattern.dump()


def _patterns_of(rules: Iterable[Rule]) -> dict[str, bytes]:
    """What rules search for beside their own patterns, compiled, by its text."""
    from contextlib import suppress

    from keylint.engine.confirm import compile_pattern
    from keylint.errors import ConfigError
    from keylint.precompiled import dump

    packed: dict[str, bytes] = {}
    for rule in rules:
        texts = [rule.path, *(beside.regex for beside in rule.beside)]
        texts += [text for allowed in rule.allowlists for text in (*allowed.regexes, *allowed.paths)]
        texts += [rule.context.regex] if rule.context else []
        for text in filter(None, texts):
            with suppress(ConfigError):  # that is told where the pattern is used
                packed[text] = dump(compile_pattern(text, rule, "regex"))
    return packed


# ---- the file


def _read(file: str | None, key: bytes) -> Stored | None:
    """What a sound file of our own holds that was made for this key, else None."""
    content = privatefile.read(file, _MAX_BYTES) if file else None
    front = _front(content, key) if content is not None else None
    if content is None or front is None:
        return None
    count, packed, told = front
    _, end, _, crc = _header(content)
    database = memoryview(content)[end:]
    return (count, packed, database, told) if zlib.crc32(database) == crc else None


def _read_front(file: str | None, key: bytes) -> Front | None:
    """As `_read`, but without the database."""
    header = privatefile.read(file, _MAX_BYTES, size=_HEADER) if file else None
    if not file or header is None or len(header) < _HEADER:
        return None
    content = privatefile.read(file, _MAX_BYTES, size=_header(header)[1])
    return _front(content, key) if content is not None else None


def _front(content: bytes, key: bytes) -> Front | None:
    if content[: len(_MAGIC)] != _MAGIC or len(content) < _HEADER:
        return None
    middle, end, crc, _ = _header(content)
    view = memoryview(content)
    if end > len(content) or zlib.crc32(view[_HEADER:end]) != crc:
        return None
    # Our own file, private to this user, and its checksum fits.
    head = marshal.loads(view[_HEADER:middle])  # noqa: S302
    if not isinstance(head, tuple) or len(head) != _HEAD_FIELDS or head[0] != key:
        return None
    _, count, told = head
    return count, view[middle:end], told


def _header(content: bytes) -> tuple[int, int, int, int]:
    """Where the head ends and where the rules, and the checksums of both and of the database."""
    starts = range(len(_MAGIC), _HEADER, _NUMBER)
    head, rules, *crcs = (int.from_bytes(content[start : start + _NUMBER], "big") for start in starts)
    return _HEADER + head, _HEADER + head + rules, crcs[0], crcs[1]


def _write(file: str, key: bytes, rules: RuleList, database: bytes) -> None:
    """Store a rule set. Whatever prevents it is no problem of the run: it only costs time."""
    # The rules are packed by themselves: where nothing could match, nobody unpacks them.
    packed = marshal.dumps((rules.dump(), _late_patterns(rules), _patterns_of(rules)))
    head = marshal.dumps((key, len(rules), _identity(rules)))
    numbers = (len(head), len(packed), zlib.crc32(packed, zlib.crc32(head)), zlib.crc32(database))
    header = _MAGIC + b"".join(number.to_bytes(_NUMBER, "big") for number in numbers)
    try:
        privatefile.write(file, (header, head, packed, database))
        privatefile.prune(os.path.dirname(file), "rules-", _KEPT)
    except OSError:
        return
