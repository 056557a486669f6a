"""A repository for each test, made as if on a machine without any settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.repo import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository."""
    return Repo(tmp_path / "repo")
