"""A repository and its client, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.harness.repository import Repository
from conformance.harness.subject import Executable, InProcess, Subject


@pytest.fixture
def client(tmp_path: Path) -> InProcess:
    return InProcess(Repository(), tmp_path)


@pytest.fixture(params=["in process", pytest.param("executable", marks=pytest.mark.process)])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """The same test for the client's parts and for the executable."""
    if request.param == "in process":
        yield InProcess(Repository(), tmp_path)
        return
    subject = Executable(Repository(), tmp_path)
    yield subject
    subject.close()
