"""Fixtures of the cluster's tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def interpreter():
    """The module beside this file; test folders are no packages."""
    path = Path(__file__).with_name("interpreter.py")
    spec = importlib.util.spec_from_file_location("cluster_interpreter", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
