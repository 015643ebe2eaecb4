"""The retrievers, through the real libraries, which take seconds to import."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.publishing import Line
from vademecum import KnowledgeBase, __version__
from vademecum_builder.cli.commands.mcp import server as mcp_server

pytestmark = pytest.mark.slow

PAGES = {
    "keys.md": "---\nteam: blue\n---\n# Keys\n\n## Rotate\n\nMake a new **release key**, then sign a new root.\n",
    "pump.md": "---\nteam: red\n---\n# The pump\n\n## After frost\n\nBleed the pump before it runs again.\n",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("retrievers") / "kb.db"


@pytest.fixture(scope="module")
def knowledge(store: Path) -> Iterator[KnowledgeBase]:
    line = Line(store.parent)
    line.release(PAGES)
    with KnowledgeBase.open(store, url=line.out, trust=line.root) as opened:
        opened.sync()
        yield opened


def test_langchain_gets_passages_that_can_be_cited(knowledge: KnowledgeBase) -> None:
    from vademecum.integrations import langchain

    retriever = langchain.VademecumRetriever(knowledge=knowledge, limit=1)
    [found] = retriever.invoke("rotate the release key")
    assert found.page_content == "Make a new **release key**, then sign a new root."
    keys = ("source", "title", "heading", "document", "team")
    assert [found.metadata[key] for key in keys] == ["keys.md", "Keys", "Rotate", "keys.md", "blue"]
    assert [document.id for document in asyncio.run(retriever.ainvoke("rotate a key"))] == [found.id]


def test_the_chain_of_the_docs_cites_its_hits(knowledge: KnowledgeBase, capsys: Any) -> None:
    """The example in site/content/apps.md, with a model that says what it was asked."""
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import RunnableLambda

    page = (Path(__file__).parents[4] / "site" / "content" / "apps.md").read_text(encoding="utf-8")
    [example] = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "langchain" in code]
    model: Any = RunnableLambda(lambda prompt: AIMessage(prompt.to_string()))
    exec(compile(example, "apps.md", "exec"), {"kb": knowledge, "model": model})
    said = capsys.readouterr().out
    assert "[1] keys.md\nMake a new **release key**" in said
    assert "Question: how do I rotate a key" in said


def test_llama_index_gets_the_same(knowledge: KnowledgeBase) -> None:
    from llama_index.core import QueryBundle

    from vademecum.integrations import llama_index

    [found] = llama_index.VademecumRetriever(knowledge, limit=1).retrieve(QueryBundle("pump after frost"))
    assert found.node.get_content() == "Bleed the pump before it runs again."
    assert found.node.metadata["source"] == "pump.md"
    assert found.score == knowledge.search("pump after frost", 1)[0].score


def test_filters_and_modes_are_those_of_the_search(knowledge: KnowledgeBase) -> None:
    from vademecum.integrations import langchain, llama_index

    how: Any = {"filters": {"team": "red"}, "mode": "lexical", "limit": 5}
    found = langchain.VademecumRetriever(knowledge=knowledge, **how).invoke("key pump")
    assert {document.metadata["document"] for document in found} == {"pump.md"}
    nodes = llama_index.VademecumRetriever(knowledge, **how).retrieve("key pump")
    assert [node.node.metadata["document"] for node in nodes] == ["pump.md"]
    misspelt: Any = {"filter": {"team": "red"}}
    for retriever, wrong in ((langchain.VademecumRetriever, ValueError), (llama_index.VademecumRetriever, TypeError)):
        with pytest.raises(wrong, match="filter"):
            retriever(knowledge=knowledge, **misspelt)


def test_an_agent_searches_reads_and_lists(knowledge: KnowledgeBase) -> None:
    server = mcp_server(knowledge)

    async def call(tool: str, **arguments: object) -> object:
        answer: object = await server.call_tool(tool, arguments)
        return answer

    tools = asyncio.run(server.list_tools())
    assert {tool.name for tool in tools} == {"search", "read", "list"}
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools), "no client need ask its user"
    assert "keys.md" in str(asyncio.run(call("search", query="rotate a key")))
    text = str(asyncio.run(call("read", document="pump.md")))
    assert "# The pump" in text and "## After frost" in text and "Bleed the pump" in text
    listed = str(asyncio.run(call("list", under="p")))
    assert "pump.md" in listed and "keys.md" not in listed
    for key in ("no.md", "", "\ud800"):
        with pytest.raises(Exception, match="there is no document"):
            asyncio.run(call("read", document=key))
    for query in ("", "?!…", "\x00\x1b", "\ud800", "a" * 10_000, "鍵 ключ"):
        assert "'hits': []" in str(asyncio.run(call("search", query=query))), query
    assert "'title': 'Keys'" in str(asyncio.run(call("search", query="key", limit=1_000_000)))
    for wrong in ({"limit": 0}, {"offset": -1}, {"filters": {"team": {"least": 1}}}):
        with pytest.raises(Exception, match=next(iter(wrong))):
            asyncio.run(call("search", query="key", **wrong))
    for filters, found in (({"team": "red"}, 1), ({"team": ["red", "blue"]}, 2), ({"team": {"min": "blue"}}, 2)):
        answer = str(asyncio.run(call("search", query="", filters=filters)))
        assert (answer.count("'team': "), "'title': 'The pump'" in answer) == (found, True)
    with pytest.raises(Exception, match="mode"):
        asyncio.run(call("search", query="key", mode="fuzzy"))
    assert "'meant': 'pump'" in str(asyncio.run(call("search", query="pmup")))


@pytest.mark.parametrize("tool", ["search", "read", "list"])
def test_an_argument_that_a_tool_does_not_have_is_an_error(knowledge: KnowledgeBase, tool: str) -> None:
    """`filter` for `filters` narrowed nothing, and nobody was told."""
    server = mcp_server(knowledge)
    asked = {"search": {"query": "key"}, "read": {"document": "keys.md"}, "list": {}}[tool]
    with pytest.raises(Exception, match=r"(?s)filter\b.*not permitted"):
        asyncio.run(server.call_tool(tool, {**asked, "filter": {"team": "red"}}))
    [described] = [one for one in asyncio.run(server.list_tools()) if one.name == tool]
    assert described.input_schema["additionalProperties"] is False
    assert set(asked) <= described.input_schema["properties"].keys()


@pytest.mark.process
def test_vade_mcp_speaks_the_protocol(knowledge: KnowledgeBase, store: Path) -> None:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    command = ["-m", "vademecum_builder.cli.main", "mcp", "--store", str(store)]

    async def talk() -> str:
        parameters = StdioServerParameters(command=sys.executable, args=command)
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            assert (await session.initialize()).server_info.version == __version__
            return str(await session.call_tool("search", {"query": "rotate a key"}))

    assert "keys.md" in asyncio.run(talk())


def test_an_agent_is_told_that_the_store_is_empty_and_answered_when_it_is_not(store: Path, tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "kb.db") as later:
        server = mcp_server(later)
        for tool, asked in (("search", {"query": "key"}), ("read", {"document": "keys.md"}), ("list", {})):
            with pytest.raises(Exception, match="nothing is installed here yet"):
                asyncio.run(server.call_tool(tool, asked))
        shutil.copy(store, tmp_path / "kb.db")
        assert "keys.md" in str(asyncio.run(server.call_tool("search", {"query": "rotate a key"})))


def test_an_agent_is_answered_from_what_was_installed_while_it_talks(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.release(PAGES)
    with KnowledgeBase.open(tmp_path / "kb.db", url=line.out, trust=line.root) as updating:
        updating.sync()
        with KnowledgeBase.open(tmp_path / "kb.db") as open_for_weeks:
            server = mcp_server(open_for_weeks)

            def ask() -> str:
                return str(asyncio.run(server.call_tool("search", {"query": "turbine"})))

            assert "'hits': []" in ask()
            line.release({**PAGES, "turbine.md": "# The turbine\n\nIt turns.\n"})
            updating.sync()
            assert "turbine.md" in ask()
            updating.rollback()
            assert "'hits': []" in ask()
