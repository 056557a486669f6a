"""The canary: whatever keylint is asked for, no form of a found secret leaves it without --reveal."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from keylint.names import NameMask
from keylint.rulecache import load_engine
from tests.helpers.cli import run_keylint
from tests.helpers.make import coveo_key
from tests.helpers.repo import Repo
from tests.inventory.samples import coveo_key as entry
from tests.inventory.samples import pair, private_half

COVEO = coveo_key(99)
STRIPE = "sk" + "_live_" + "".join(random.Random(99).choices(string.ascii_letters + string.digits, k=32))
PASSWORD = "".join(random.Random(98).choices(string.ascii_letters + string.digits, k=20))
URL = f"postgres://shop:{PASSWORD}@db.acme.io:5432/shop"
# A key as the user of an address is what is told of it; its password is a secret all the same.
OTHER_PASSWORD = "".join(random.Random(97).choices(string.ascii_letters + string.digits, k=20))
ODD_URL = f"postgres://{STRIPE}:{OTHER_PASSWORD}@db.acme.io:5432/shop"
# What a token claims is shown, but no key in it.
CLAIMED = "sk" + "_live_" + "".join(random.Random(96).choices(string.ascii_letters + string.digits, k=32))
SECRETS = (COVEO, STRIPE, PASSWORD, OTHER_PASSWORD, CLAIMED)


def jwt(**claims: object) -> str:
    """A token with these claims, whose signature nobody has checked."""
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join(
        [*encoded, "".join(random.Random(95).choices(string.ascii_letters + string.digits, k=43))]
    )


COMMANDS = {
    "scan": ["scan", "."],
    "file": ["scan", "code.js"],
    "stdin": ["scan", "-"],
    "staged": ["scan", "--staged"],
    "history": ["scan", "--history"],
    "range": ["scan", "--range", "HEAD~1..HEAD"],
    "bundle": ["bundle", "."],
    "hook": ["hook"],
    "hook files": ["hook", "code.js"],
}
FORMATS = ["text", "json", "sarif", "github"]
Run = Callable[..., tuple[int, list[bytes]]]


def forms(secret: str) -> Iterator[bytes]:
    """What a secret looks like raw and in the usual encodings, wherever it stands in them."""
    raw = secret.encode()
    yield raw
    yield raw[:-4]
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(secret, safe="").replace("-", "%2D").encode()
    yield "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "".join(f"%{byte:02x}" for byte in raw).encode()
    yield raw[::-1]
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"x" * shift + raw)[4 * bool(shift) : -4]
    yield raw.decode().encode("utf-16-le")


def leaks(*contents: bytes) -> list[bytes]:
    """The forms of any secret that stand in any of these."""
    return [form for content in contents for secret in SECRETS for form in forms(secret) if form in content]


def content() -> str:
    """A line for each form of each secret, and one with all of them side by side."""
    lines = [f"const coveo = '{COVEO}';", f"const stripe = '{STRIPE}';", f"const db = '{URL}';"]
    lines.append(f"const odd = '{ODD_URL}';")
    lines.append(f"const token = '{jwt(iss=CLAIMED, ref=CLAIMED, role='service_role', exp=4e9)}';")
    for secret in (COVEO, STRIPE):
        encoded = base64.b64encode(secret.encode()).decode()
        lines.append(f"'{secret}' '{encoded}'")
        lines.append(f"'{secret.encode().hex()}' '{secret}'")
        lines.append(f"'{secret}' '{quote(secret, safe='').replace('-', '%2D')}'")
        shifted = base64.b64encode(b"u:" + secret.encode()).decode()
        lines.append(f"'{shifted}' '{secret}'")
    lines.append(f"{COVEO} {STRIPE} {URL} {PASSWORD}")
    lines.append(f"{COVEO} // keylint" + f":allow the key {COVEO}, {STRIPE}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository that has the secrets in a commit, in the index and in the working tree."""
    made = Repo(tmp_path_factory.mktemp("canary") / "r")
    made.commit({"README": "hello\n"})
    made.commit({"code.js": content()})
    made.write("code.js", "// changed\n" + content())
    made.stage()
    made.write("code.js", "// changed again\n" + content())
    return made


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of all runs of this module: compiling rules takes longer than all else in a run."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(repo: Repo, tmp_path: Path, cache: Path) -> Run:
    """Runs keylint in the repository and returns the exit status and everything that the run left behind."""

    def runner(command: list[str], *options: str, before: str = "") -> tuple[int, list[bytes]]:
        known = _stamps(cache)
        done = run_keylint(
            *command,
            *options,
            cwd=repo.path,
            stdin=content().encode(),
            env={"XDG_CACHE_HOME": str(cache), "TMPDIR": str(tmp_path)},
            before=before,
        )
        new = [path for path, stamp in _stamps(cache).items() if known.get(path) != stamp]
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return done.status, [done.out, done.err, *(path.read_bytes() for path in (*files, *new))]

    return runner


def _stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    files = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path: (status.st_mtime_ns, status.st_ino) for path, status in files.items()}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", COMMANDS)
def test_no_form_of_a_secret_is_written(run: Run, name: str, format_name: str) -> None:
    options = ["-v", "--debug"]
    if not name.startswith("hook"):
        options += ["--format", format_name, "--show-suppressed"]
    elif format_name != "text":
        pytest.skip("hooks write text")
    status, written = run(COMMANDS[name], *options)
    assert status == 1, written
    assert b"xx********" in written[0]  # the findings are there
    assert leaks(*written) == []


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_form_of_a_secret_is_in_an_output_file(run: Run, tmp_path: Path, format_name: str) -> None:
    output = tmp_path / "report"
    options = ["--format", format_name, "--output", str(output), "-v"]
    status, written = run(COMMANDS["scan"], *options)
    assert status == 1
    assert b"xx********" in output.read_bytes()
    assert leaks(*written) == []


_CRASHES = {
    "examine": "import keylint.examine as m\ndef f(self, blob): raise RuntimeError(blob.data)\n"
    "m.Examiner.examine = f",
    "engine": "import keylint.engine as m\ndef f(self, data, **more): raise ValueError(data)\n"
    "m.Engine.scan = f",
    "findings": "import keylint.findings as m\ndef f(self, judge):"
    " raise KeyError([key.reveal() for key in self._keys])\nm.Collector.findings = f",
    "key error chain": "import keylint.findings as m\ndef f(self, judge):\n"
    "    try: {}[next(iter(self._keys)).reveal()]\n"
    "    except KeyError as e: raise RuntimeError(next(iter(self._keys)).reveal()) from e\n"
    "m.Collector.findings = f",
    "report": "import keylint.report as m\ndef f(name, report, options): raise RuntimeError(report)\n"
    "m.render = f",
}


@pytest.mark.parametrize("crash", _CRASHES)
@pytest.mark.parametrize("name", ["scan", "stdin", "staged", "history", "bundle", "hook"])
def test_a_crash_tells_nothing(run: Run, name: str, crash: str) -> None:
    status, written = run(COMMANDS[name], "--debug", "-v", before=_CRASHES[crash])
    assert status == 4
    assert b"bug in keylint" in written[1]
    assert leaks(*written) == []


# ---- inventories


def test_whole_values_of_an_inventory_come_out_nowhere(repo: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "inventories"
    folder.mkdir()
    unmasked = [
        entry(1, value=COVEO, displayName=f"The key {COVEO}", description=f"value {COVEO}"),
        entry(2, value=STRIPE),
    ]
    (folder / "coveo.json").write_text(json.dumps(unmasked))
    pairs = {"keys": [pair(3, private_key=private_half(3))]}
    (folder / "pairs.json").write_text(json.dumps(pairs))
    for format_name in FORMATS:
        done = run_keylint(
            *["scan", ".", "--format", format_name, "-v", "--debug", "--inventory"],
            str(folder / "coveo.json"),
            cwd=repo.path,
        )
        assert done.status == 1
        assert leaks(done.out, done.err) == []
        assert b"unmasked" in done.out or b"whole value" in done.out
    done = run_keylint("scan", ".", "--inventory", folder / "pairs.json", cwd=repo.path)
    assert private_half(3).encode() not in done.out + done.err


def test_a_broken_inventory_is_not_quoted(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "i").mkdir()
    wrong = [
        json.dumps([entry(1, value=COVEO)])[:-5] + f"'{COVEO}'",
        json.dumps([entry(1, value=[COVEO])]),
        json.dumps([entry(1, value=COVEO, status=COVEO, id={"a": COVEO})]),
        json.dumps([entry(1, value=COVEO, status=COVEO, createdDate=COVEO)]),
        json.dumps([entry(1, value=COVEO, status=COVEO, privileges=[{"owner": COVEO}])]),
        json.dumps({COVEO: [entry(1, value=COVEO)]}),
        json.dumps(COVEO),
        COVEO,
    ]
    for text in wrong:
        (tmp_path / "i" / "wrong.json").write_text(text)
        for option in ("--inventory", "--baseline"):
            done = run_keylint("scan", ".", option, tmp_path / "i" / "wrong.json", cwd=repo.path)
            assert done.status in (1, 2)
            assert leaks(done.out, done.err) == [], text


# ---- wherever else a secret may stand


@pytest.mark.parametrize(
    "text",
    [
        f'"{COVEO}" = 1',
        f"{COVEO} = 1\n{COVEO} = 2\n[{COVEO}]",
        f'fail-on = "{COVEO}"',
        f'max-file-size = "{COVEO}"',
        f'exclude = ["{COVEO}\\\\"]',
        f"rules = '{COVEO}'",
        f"inventory = '{COVEO}'",
        f"baseline = '{URL}'",
        f"[[ignore]]\nreason = '{COVEO}'\npath = '{STRIPE}'\nexpires = 2020-01-01",
        f"[[ignore]]\nreason = '{COVEO}'\nfingerprint = '{COVEO}'\nrule = '{COVEO}'",
        f"x = {COVEO}",
    ],
)
def test_a_secret_in_the_configuration_is_not_quoted(repo: Repo, tmp_path: Path, text: str) -> None:
    (tmp_path / "keylint.toml").write_text(text)
    done = run_keylint("scan", ".", "-v", "--debug", "--config", tmp_path / "keylint.toml", cwd=repo.path)
    assert done.status in (1, 2)
    assert leaks(done.out, done.err) == []


@pytest.mark.parametrize(
    "text",
    [
        f"[[rules]]\nid = '{COVEO}'\nregex = '('",
        f"[[rules]]\nid = 'a'\nregex = '({COVEO}'",
        f"[[rules]]\nid = 'a'\nregex = 'abcdef'\n{COVEO} = 1",
        f"[[rules]]\nid = 'a'\nregex = 'abcdef'\nseverity = '{COVEO}'",
        f"[[rules]]\nid = 'a'\nregex = '{COVEO}'\ndescription = '{COVEO}'",
    ],
)
def test_a_secret_in_a_rule_file_is_not_quoted(repo: Repo, tmp_path: Path, text: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    done = run_keylint("scan", ".", "-v", "--debug", "--rules", tmp_path / "own.toml", cwd=repo.path)
    assert done.status in (1, 2)
    assert leaks(done.out, done.err) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan", COVEO],
        ["scan", URL],
        ["scan", f"--{STRIPE}"],
        ["scan", ".", STRIPE],
        ["scan", "--inventory", STRIPE],
        ["scan", "--format", COVEO],
        ["scan", "--range", f"{COVEO}..HEAD"],
        ["scan", "--since", COVEO],
        ["scan", "--output", f"{COVEO}/{COVEO}"],
        ["scan", "--staged", COVEO],
        ["hook", COVEO],
        ["hook", f"--{COVEO}"],
        ["bundle", f"https://example.com/?token={COVEO}"],
        [COVEO],
    ],
)
def test_a_secret_in_an_argument_is_not_quoted(repo: Repo, arguments: list[str]) -> None:
    done = run_keylint(*arguments, cwd=repo.path)
    assert done.status not in (0, 4)
    assert leaks(done.out, done.err) == []


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("staged", [False, True])
def test_a_secret_in_a_file_name_is_masked(tmp_path: Path, format_name: str, staged: bool) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"README": "hello\n"})
    repo.write(f"{COVEO}/{STRIPE}.js", f"const k = '{COVEO}';\n")
    repo.write(f"{STRIPE}.txt", f"const k = '{coveo_key(5)}';\n")  # the secret is in the name only
    repo.write(f"{COVEO}.txt", "nothing // keylint" + ":allow\n")
    (repo.path / f"link-{STRIPE}").symlink_to("/etc/hosts")
    repo.stage()
    more = ["--staged"] if staged else ["."]
    done = run_keylint("scan", *more, "--format", format_name, "-v", cwd=repo.path)
    assert leaks(done.out, done.err) == []


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_secret_in_the_name_of_the_scanned_folder_is_masked(tmp_path: Path, format_name: str) -> None:
    folder = tmp_path / f"{STRIPE}"
    folder.mkdir()
    (folder / "a.js").write_text(coveo_key(5))
    done = run_keylint("scan", folder, "--format", format_name, "-v")
    assert leaks(done.out, done.err) == []
    done = run_keylint("scan", folder / "a.js", "--format", format_name, "-v", cwd=tmp_path)
    assert leaks(done.out, done.err) == []


def test_a_remote_with_a_token_is_not_quoted(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"a.js": coveo_key(5)})
    repo.git("remote", "add", "origin", f"https://user:{STRIPE}@git.example.com/shop.git?token={COVEO}")
    repo.git("switch", "-q", "-c", f"branch-{COVEO}")
    for format_name in FORMATS:
        for more in ([], ["--history"]):
            done = run_keylint("scan", ".", "--format", format_name, "-v", *more, cwd=repo.path)
            assert leaks(done.out, done.err) == []


def test_the_cache_holds_rules_only(run: Run, cache: Path) -> None:
    run(COMMANDS["scan"])
    names = [path.name for path in cache.rglob("*") if path.is_file()]
    assert names
    assert all(name.startswith("rules-") for name in names)


def test_reveal_does_show_the_values(repo: Repo) -> None:
    for format_name in FORMATS:
        done = run_keylint("scan", ".", "--reveal", "--format", format_name, "-v", cwd=repo.path)
        if format_name != "github":
            assert COVEO.encode() in done.out


def test_a_password_beside_a_key_is_hidden_in_names_too() -> None:
    shown = NameMask(load_engine().scan)(f"see {ODD_URL} for more")
    assert not leaks(shown.encode())
    assert shown.startswith("see ") and shown.endswith(" for more")
