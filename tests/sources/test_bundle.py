"""A bundle is everything that is served, on the client surface."""

from __future__ import annotations

from pathlib import Path

from keylint.model import SkipReason, Surface
from keylint.secret import Blob
from keylint.sources.bundle import BundleSource
from tests.helpers.repo import Repo
from tests.sources.reading import contents, items, skips


def test_ignored_files_are_part_of_a_bundle(repo: Repo) -> None:
    repo.commit({".gitignore": "dist/\n*.map\n"})
    for name in ("dist/app.js", "dist/app.js.map", "dist/.gitignore", "dist/node_modules/x.js", "src/a.js"):
        repo.write(name, "*\n")
    assert list(contents(BundleSource(str(repo.path / "dist")))) == [
        "dist/.gitignore",
        "dist/app.js",
        "dist/app.js.map",
        "dist/node_modules/x.js",
    ]


def test_a_bundle_outside_a_repository_is_named_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "out/js").mkdir(parents=True)
    (tmp_path / "out/js/app.js").write_text("1")
    assert contents(BundleSource(str(tmp_path / "out"))) == {"js/app.js": b"1"}


def test_one_file_can_be_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text("1")
    [blob] = items(BundleSource(str(tmp_path / "app.js")))
    assert isinstance(blob, Blob) and blob.origin.surface is Surface.CLIENT


def test_links_do_not_lead_out_of_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "private.txt").write_text("private")
    (tmp_path / "out/link").symlink_to("../private.txt")
    source = BundleSource(str(tmp_path / "out"))
    assert contents(source) == {}
    assert skips(source) == {"link": SkipReason.SYMLINK}


def test_excludes_hold_for_bundles(tmp_path: Path) -> None:
    (tmp_path / "out/fonts").mkdir(parents=True)
    (tmp_path / "out/fonts/a.woff").write_text("x")
    assert skips(BundleSource(str(tmp_path / "out"), exclude=["fonts/"])) == {"fonts/": SkipReason.EXCLUDED}
