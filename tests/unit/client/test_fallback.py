"""The last fallback: while no release is to be had, the app's own documents answer by their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.followed_tree import FAST, FollowedTree
from support.growth import grows_with_the_square
from vademecum import KnowledgeBase
from vademecum.errors import EmptyStoreError, NetworkError, UsageError
from vademecum.search.local import index_documents, text_of

JS = Path(__file__).parents[3] / "client" / "vademecum" / "js"
LONG = "\n\n".join(f"Paragraph {n} of many about the water pump and its valve." for n in range(60))
DOCUMENTS: list[dict[str, Any]] = [
    {"key": "keys", "title": "Keys", "text": "Rotate the key.\n\nRun home.", "url": "https://example.org/keys/"},
    {"key": "pump", "title": "Pumps", "html": "<h1>Oil</h1><p>pump&#39;s oil &amp; <b>filter</b></p><style>x</style>"},
    {"key": "long", "text": LONG},
    {"key": "twice", "text": "the first says lamp"},
    {"key": "twice", "title": "Größe", "text": "the second says naïve Straße 水泵"},
    {"key": "empty", "title": "Nothing but a title", "text": ""},
]


def unreachable(path: Path, **more: Any) -> KnowledgeBase:
    return KnowledgeBase.open(path / "kb.db", url="http://127.0.0.1:9/", config=FAST, fallback=DOCUMENTS, **more)


def test_the_apps_documents_answer_while_there_is_no_release(tmp_path: Path) -> None:
    kb = unreachable(tmp_path)
    hits = kb.search("rotate keys")
    assert (hits[0].document, hits[0].title, hits[0].url) == ("keys", "Keys", "https://example.org/keys/")
    assert hits[0].text.startswith("Rotate the key.")
    assert hits[0].why.words == 1
    assert hits[0].why.meaning is None
    assert kb.search("filter")[0].text.split() == ["Oil", "pump's", "oil", "&", "filter"]
    assert [hit.document for hit in kb.search("pumps", limit=2)] == ["pump", "long"]
    assert not kb.search("lamp"), "of equal keys the last counts"
    assert kb.search("nothing but a title")[0].document == "empty"
    assert (kb.release.sequence, kb.release.version) == (0, "local")
    assert {entry.key for entry in kb.documents()} == {"keys", "pump", "long", "twice", "empty"}
    view = kb.document("long")
    assert view is not None
    assert len(view.chunks) > 3
    assert not (tmp_path / "kb.db").exists(), "nothing of it is stored"


def test_a_run_of_blanks_costs_no_more_than_its_length() -> None:
    def indexed(blanks: int) -> None:
        opened = index_documents([{"key": "a", "text": f"Oil{' ' * blanks}and\n \n\twax  \n"}])
        assert opened.generation.chunks == 2

    assert not grows_with_the_square(indexed, 4000)


def test_it_is_marked_as_local_and_the_host_goes_on_being_asked(tmp_path: Path) -> None:
    kb = unreachable(tmp_path)
    assert kb.status()["local"]["documents"] == 5, "before anything was ever kept"
    assert KnowledgeBase.open(tmp_path / "kb.db", fallback=DOCUMENTS).status()["local"]["documents"] == 5
    assert kb.search("key")
    error = kb.sync().error
    assert isinstance(error, NetworkError)
    status = kb.status()
    assert (status["installed"], status["local"]["documents"]) == (None, 5)
    assert status["firstUse"] is False
    assert kb.search("key")[0].document == "keys", "as before"
    with pytest.raises(EmptyStoreError):
        kb.rollback()


def test_a_release_takes_its_place_whole(tmp_path: Path) -> None:
    place = FollowedTree(tmp_path / "other")
    kb = KnowledgeBase.open(
        tmp_path / "kb.db", url=place.site, trust=place.publisher.first_root, config=FAST, fallback=DOCUMENTS
    )
    kb.set_policy(activation="next-start")
    assert kb.search("pumps")[0].document == "pump"
    assert kb.sync().to_sequence == 2
    assert kb.release.sequence == 2, "no release was open that could go on answering"
    assert not kb.search("pumps", mode="lexical"), "nothing is mixed"
    assert kb.status()["local"] is None
    again = KnowledgeBase.open(tmp_path / "kb.db", fallback=DOCUMENTS)
    assert again.search("run home")[0].document == "a"


def test_another_process_installs_and_reload_turns_to_it(tmp_path: Path) -> None:
    place = FollowedTree(tmp_path)
    kb = KnowledgeBase.open(tmp_path / "new.db", fallback=DOCUMENTS)
    assert kb.release.sequence == 0
    KnowledgeBase.open(tmp_path / "new.db", url=place.site, trust=place.publisher.first_root).sync()
    kb.reload()
    assert kb.release.sequence == 2


@pytest.mark.parametrize(
    "wrong",
    [None, "text", {}, {"key": "a"}, {"key": "", "text": "x"}, {"key": 1, "text": "x"}, {"key": "a", "text": 5},
     {"key": "a", "text": "x", "url": 5}, {"key": "a", "html": b"x"}],
    ids=repr,
)  # fmt: skip
def test_what_is_no_document_is_told(tmp_path: Path, wrong: Any) -> None:
    kb = KnowledgeBase.open(tmp_path / "kb.db", fallback=[{"key": "a", "text": "good"}, wrong])
    with pytest.raises(UsageError, match="document 1 needs a key"):
        kb.search("good")


def test_what_is_not_shown_of_html_ends_a_word() -> None:
    assert text_of("one<script>no</script>two") == "one two"
