"""What a thief of the release key does with a publisher's tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

from support.publishing import Documents, Line
from vademecum_builder.pipeline import run_stages
from vademecum_builder.release.numbers import Numbers
from vademecum_builder.signing.metadata import Versions
from vademecum_builder.stages.assemble import AssembledRelease, ReleaseInput, assemble_release

POISON = "Poison is what the thief wrote."


def steal(line: Line, highest: int, files: Mapping[str, str], yank: tuple[int, ...] = ()) -> None:
    """Publish rows of the thief's under the digests of the honest `files`; the numbers are the highest from now on."""
    honest = line.previous()
    assert honest is not None

    def under_honest_digests(content: ReleaseInput, *rest: Any) -> AssembledRelease:
        return assemble_release(replace(content, sources=honest.sources), *rest)

    before = highest - 1
    found = replace(line.found(), numbers=Numbers(before, Versions(before, before, before)))
    poisoned = Documents({key: f"{text}\n\n{POISON}\n" for key, text in files.items()})
    with mock.patch("vademecum_builder.pipeline.assemble_release", under_honest_digests):
        run_stages(poisoned, line.encoders, replace(line.context(yank=yank), previous=found))
