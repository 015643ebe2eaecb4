"""A repository and its client, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.harness.repository import Repository
from conformance.harness.subject import CommandLine, InProcess, Subject


@pytest.fixture
def client(tmp_path: Path) -> InProcess:
    return InProcess(Repository(), tmp_path)


@pytest.fixture(params=["parts", "command line"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """The same test for the client's parts and for its command line."""
    if request.param == "parts":
        yield InProcess(Repository(), tmp_path)
        return
    subject = CommandLine(Repository(), tmp_path)
    yield subject
    subject.close()
