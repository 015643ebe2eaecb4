"""A retriever for LlamaIndex: `pip install 'vademecum[llama-index]'`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from vademecum.integrations.passages import cited
from vademecum.knowledge import KnowledgeBase


class VademecumRetriever(BaseRetriever):
    """Passages of an installed knowledge base, best first, offline: see `vademecum.integrations.langchain`, whose
    retriever has the same arguments, texts and metadata. A node's score is the hit's."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        *,
        limit: int = 5,
        mode: str = "hybrid",
        filters: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self._asked: tuple[KnowledgeBase, int, str, Mapping[str, Any] | None] = (knowledge, limit, mode, filters)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        knowledge, limit, mode, filters = self._asked
        hits = cited(knowledge, query_bundle.query_str, limit, mode, filters)
        nodes = ((TextNode(id_=hit.id, text=hit.markdown, metadata=metadata), hit.score) for hit, metadata in hits)
        return [NodeWithScore(node=node, score=score) for node, score in nodes]
