"""Scenes in IndexedDB: their start, what a fault left, and the oracle's word on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from support.browser_app import DUMP, FILL
from support.oracle import judge_content
from support.scenes import Scene
from support.tally import count

Content = Mapping[str, Mapping[str, bytes]]
"""`records` and `objects`, by name."""


@dataclass
class IndexedScene:
    """A scene in the database of one knowledge base; the page and the workers of its origin see the same.

    Args:
        url: Of the knowledge base: the database is named after it.
    """

    scene: Scene
    page: Page
    url: str

    def reset(self) -> None:
        """Put the database back to the start of the scene."""
        database = self.scene.database
        content = {"records": _hex(database.records), "objects": _hex(database.objects)}
        empty = not (database.records or database.objects)
        self.page.evaluate(FILL, [self._name, None if empty else content])

    def read(self) -> Content:
        """Return what is stored, over a connection of its own."""
        found: Mapping[str, Mapping[str, str]] = self.page.evaluate(DUMP, self._name)
        return {kind: {name: bytes.fromhex(data) for name, data in part.items()} for kind, part in found.items()}

    def judged(self, family: str, point: int, fault: str, damage: str) -> list[str]:
        """Judge what is stored now, and count."""
        content = self.read()
        violations = judge_content(self.scene, content["records"], content["objects"])
        count(family, self.scene.name, point, fault, damage, violations)
        return [f"{self.scene.name}: {fault} at {point}: {violation}" for violation in violations]

    @property
    def _name(self) -> str:
        return f"vademecum:{self.url}"


def _hex(part: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: data.hex() for name, data in part.items()}
