"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Compiled code is slow the first time: a deadline would judge the compiler.
settings.register_profile("latentforge", deadline=None)
settings.load_profile("latentforge")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real public data; tests that need it are skipped where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LATENTFORGE_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip("no real data; set LATENTFORGE_TEST_DATA to its folder")
    return folder
