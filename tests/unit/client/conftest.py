"""The tests of the core run on CPython and inside Pyodide (tests/browser/test_core_in_chromium.py): no files but
their own, no network, no threads, no numpy.
"""

from __future__ import annotations

import functools
import sys

import pytest
import securesystemslib.signer._key as keys
from hypothesis import HealthCheck, settings

if sys.platform == "emscripten":
    slow = [HealthCheck.too_slow]
    settings.register_profile("pyodide", max_examples=8, deadline=None, database=None, suppress_health_check=slow)
    settings.load_profile("pyodide")
    # Without `cryptography` each check of a signature takes 40 ms, and the same few hundred are checked over
    # and over. The answer depends on nothing but the arguments.
    keys.checkvalid = functools.cache(keys.checkvalid)


def pytest_configure(config: pytest.Config) -> None:
    """As in pyproject.toml, which Pyodide does not read."""
    for mark in ("fault(*lines)", "slow", "process"):
        config.addinivalue_line("markers", f"{mark}: as in pyproject.toml")
