"""The manual of a pump that does not exist: twelve pages, written once (manual.json), for every generator.

A block begins with its kind; its text follows. In a text `code` is code and `[words](page#Heading)` is a link.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_TOLD: dict[str, Any] = json.loads(Path(__file__).with_name("manual.json").read_text("utf-8"))

PAGES: list[tuple[str, str, list[list[Any]]]] = _TOLD["pages"]
"""Key, title and blocks of each."""
QUESTIONS: list[tuple[str, str]] = _TOLD["questions"]
"""What a reader would ask, and the page that answers."""
