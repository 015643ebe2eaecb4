"""`vade mcp`: an installed knowledge base for agents, through the Model Context Protocol on stdin and stdout."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from vademecum.errors import UsageError, VademecumError
from vademecum.knowledge import KnowledgeBase
from vademecum.origin import pip_install
from vademecum.version import __version__
from vademecum_builder.cli.wording import Shown

_MOST_LISTED = 500
_MOST_HITS = 50


def run(options: Namespace) -> Shown:
    """Answer until stdin ends. Only the protocol goes to stdout."""
    with KnowledgeBase.open(options.store) as knowledge:
        server(knowledge).run("stdio")  # if nothing is installed yet, each tool says so
    return {}, []


def server(knowledge: KnowledgeBase) -> Any:
    """Return the server, with its three tools; raise UsageError if the official SDK is not installed."""
    try:
        from mcp.server import MCPServer
    except ImportError as error:
        raise UsageError(f"`vade mcp` needs the MCP SDK: {pip_install('mcp')}") from error

    tools = Tools(knowledge)
    return MCPServer(
        "vademecum",
        instructions="A knowledge base on this device. Search it, read what is found, and cite passages by their URL.",
        version=__version__,
        log_level="WARNING",
        tools=[_strict(tools.search, "search"), _strict(tools.read, "read"), _strict(tools.list, "list")],
    )


def _strict(function: Callable[..., Any], name: str) -> Any:
    """Return a tool that says which arguments it takes, and refuses others: the SDK drops them in silence."""
    from mcp.server.mcpserver.tools import Tool
    from mcp.types import ToolAnnotations

    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)  # no client need ask its user
    tool = Tool.from_function(function, name, annotations=reads)
    taken = tool.fn_metadata.arg_model
    taken.model_config["extra"] = "forbid"
    taken.model_rebuild(force=True)
    tool.parameters = taken.model_json_schema()
    return tool


@contextmanager
def _answering(knowledge: KnowledgeBase) -> Iterator[None]:
    """An agent's session may last for weeks: what another process has installed meanwhile answers, too."""
    from mcp.server.mcpserver.exceptions import ToolError

    try:
        installed = knowledge.status()["installed"]
        if installed is not None and installed["digest"] != knowledge.release.digest:
            knowledge.reload()
        yield
    except VademecumError as error:  # of others the SDK says only that there was one
        raise ToolError(str(error)) from error


class Tools:
    """What an agent can call. The docstrings are for the agent."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge

    def search(
        self,
        query: str,
        limit: int = 8,
        offset: int = 0,
        mode: Literal["hybrid", "semantic", "lexical"] = "hybrid",
        filters: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Find passages by word and by meaning, best first; one of each document, `total` documents in all. `url` is
        what to cite; `read` shows the whole document. `filters`: by fields of `metadata`: {"team": "blue"}, one of
        several {"team": ["blue", "red"]}, a range {"year": {"min": 2020, "max": 2024}}. What stands in double quotes
        each passage has word for word. `nearest`: no document has most of these words. `unknown`: words, and phrases in
        quotes, that no document has. `language`: that of the query, where no document is in it: ask in another.
        `meant`: what was looked for, where words that no document has were taken for misspelt ones. `unsaid`: fields of
        `filters` that no document has, and that which may be meant."""
        with _answering(self._knowledge):
            limit = min(limit, _MOST_HITS)
            found = self._knowledge.search(query, limit, offset=offset, mode=mode, filters=filters)
        keys = ("document", "title", "heading", "url", "text", "metadata")
        hits = [{key: value for key in keys if (value := getattr(hit, key))} for hit in found]
        facts = {"total": found.total, "nearest": found.nearest, "unknown": list(found.unknown)}
        facts |= {"language": found.language, "meant": found.meant, "unsaid": dict(found.unsaid)}
        return {"release": self._knowledge.release.sequence, **facts, "hits": hits}

    def read(self, document: str) -> str:
        """A whole document in Markdown, by the key that `search` and `list` give."""
        with _answering(self._knowledge):
            page = self._knowledge.document(document)
            if page is None:
                raise UsageError(f"there is no document {document!r}: `list` names those that exist")
        lines = [f"# {page.title}", page.url]
        above: tuple[str, ...] = ()
        for chunk in page.chunks:
            if chunk.headings != above:
                lines.append(f"{'#' * min(6, len(chunk.headings) + 1)} {chunk.headings[-1]}" if chunk.headings else "")
            above = chunk.headings
            lines.append(chunk.markdown)
        return "\n\n".join(filter(None, lines))

    def list(self, under: str = "", limit: int = 100, offset: int = 0) -> dict[str, Any]:
        """The documents whose key begins with `under`, by key: so many of them from `offset` on."""
        with _answering(self._knowledge):
            entries = [entry for entry in self._knowledge.documents() if entry.key.startswith(under)]
        shown = entries[max(offset, 0) :][: min(max(limit, 1), _MOST_LISTED)]
        documents = [{"document": entry.key, "title": entry.title, "url": entry.url} for entry in shown]
        return {"total": len(entries), "documents": documents}
