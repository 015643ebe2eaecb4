"""Hits as passages for a language model to cite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vademecum.knowledge import KnowledgeBase
from vademecum.search.results import Hit


def cited(
    knowledge: KnowledgeBase, query: str, limit: int, mode: Any, filters: Mapping[str, Any] | None
) -> list[tuple[Hit, dict[str, Any]]]:
    """Return passages, best first, each with where it stands; several of one document, where they are the best."""
    hits = knowledge.search(query, limit, mode=mode, filters=filters, group=False)
    return [(hit, {**hit.metadata, **_place(hit)}) for hit in hits]


def _place(hit: Hit) -> dict[str, Any]:
    place = {"title": hit.title, "heading": hit.heading, "document": hit.document, "score": hit.score}
    return {"source": hit.url or hit.document, **place}
