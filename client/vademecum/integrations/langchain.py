"""A retriever for LangChain: `pip install 'vademecum[langchain]'`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from vademecum.integrations.passages import cited
from vademecum.knowledge import KnowledgeBase


class VademecumRetriever(BaseRetriever):
    """Passages of an installed knowledge base, best first, offline.

    Attributes:
        knowledge: Opened by the app, which closes it as well.
        limit: The most passages.
        filters, mode: As `KnowledgeBase.search` takes them.

    A document's text is the passage in Markdown; its metadata say where that stands: `source` (an address, or the
    document's key), `title`, `heading`, `document`, `score`, beside the metadata of the document itself.
    Errors: those of `KnowledgeBase.search`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")  # a misspelt filter would filter nothing

    knowledge: KnowledgeBase
    limit: int = 5
    mode: str = "hybrid"
    filters: Mapping[str, Any] | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain names it
    ) -> list[Document]:
        hits = cited(self.knowledge, query, self.limit, self.mode, self.filters)
        return [Document(id=hit.id, page_content=hit.markdown, metadata=metadata) for hit, metadata in hits]
