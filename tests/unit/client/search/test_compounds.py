"""Names and compounds: their parts, longer ones, written together or apart; numbers are meant as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.publishing import searched
from vademecum.knowledge import KnowledgeBase
from vademecum.search.stop_words import STOP_WORDS
from vademecum.search.tokens import runs_of
from vademecum_builder.encoders.prior import shipped_prior

PAGES = {
    "waits.md": "# Waits\n\n`entryPoints.web.respondingTimeouts.readTimeout` ends a request. Since v2.8.0.\n",
    "again.md": "# Once more\n\nAny one may set `attempts` below `retry`, or the shell's `RETRY_ATTEMPTS`.\n",
    "shop.md": "# Orders\n\n`retryAttempts` is the shop's own. The order P-1001 came late, 19 of 98.\n",
    "index.md": "# Reindexing\n\nThe command `reindex` reads all again, over a WebSocket. A health-check waits.\n",
    "files.md": "# Serving\n\nOf all files `file_server` sends what a load balancer asks for, over HTTP/3.\n",
    "body.md": "# Some\n\nSome have a body, others a wild-card certificate; a wildcard is a star.\n",
    "kinds.md": "# Kinds of an entry\n\nTypes of an entry.\n",
    "fields.md": "# Fields\n\nThe field `entrytype` is kept; a password of WordPress.\n",
    "paint.md": "# Paint\n\nA color, labeled in the center; its behavior is to be organized, and its license bought.\n",
    "valve.md": f"# Valve\n\n{' '.join(word for word in shipped_prior().words[:150] if 'value' not in word)}\n",
}
"""So many words of the language that the encoder knows further ones: `value` is among these."""


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return searched(tmp_path_factory.mktemp("compounds"), PAGES)


@pytest.mark.parametrize(
    ("query", "document", "meant"),
    [
        ("respondingTimeouts.readTimeout", "waits.md", ""),  # a part of a longer one
        ("respondingTimeouts.readTime", "waits.md", ""),  # half typed
        ("web.readTimeout", "waits.md", ""),  # nobody writes it so, but its parts are known
        ("retry.attempts", "again.md", ""),
        ("v2.8", "waits.md", ""),
        ("2.8", "waits.md", ""),
        ("re-index", "index.md", ""),
        ("re index", "index.md", "reindex"),
        ("web socket", "index.md", ""),
        ("web-socket", "index.md", ""),
        ("healthcheck", "index.md", "health-check"),
        ("health_checks", "index.md", ""),
        ("fileserver", "files.md", "file_server"),
        ("loadbalancer", "files.md", "load balancer"),
        ("entrykinds", "kinds.md", "entry kinds"),  # of which one is in the title alone
        ("load-balncer", "files.md", "load-balancer"),
        ("respondingTimeouts.readTimout", "waits.md", "responding timeouts.read timeout"),
        ("http3", "files.md", "http/3"),
        ("wild card", "body.md", ""),
        ("order p-1001", "shop.md", ""),
        ("entry typ", "kinds.md", ""),  # half typed, and no stem of `entrytype`
        ("reind*", "index.md", ""),  # said to go on
        ("re indexes", "index.md", "reindexes"),  # its stem, and no word begins as its second part
        ("colour", "paint.md", ""),  # a word that the encoder knows, spelt as Britons spell it
        ("organise", "paint.md", ""),
        ("centre", "paint.md", ""),
        ("pass word", "fields.md", "password"),  # written so, though a word begins with its second part
    ],
)
def test_it_is_found(kb: KnowledgeBase, query: str, document: str, meant: str) -> None:
    hits = kb.search(query, mode="lexical")
    assert (hits[0].document, hits.unknown, hits.nearest) == (document, (), False)
    assert hits.meant == meant


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("retry.nowhere", ("retry.nowhere", "nowhere")),
        ("retry.attempts nowhere", ("nowhere",)),
        ("2.9", ("2.9",)),  # a number is no sum of its parts
        ("v2.9.0", ("v2.9.0",)),
        ("978-2-8-1001-0", ("978-2-8-1001-0",)),
        ("f-16", ("f-16",)),  # of short parts alone
        ("a/c", ("a/c",)),
        ("http2", ("http2",)),  # and never misspelt
        ("somebody", ("somebody",)),  # words that say little make no others
        ("loadwildcard", ("loadwildcard",)),  # no passage has both
    ],
)
def test_what_no_page_has_is_told(kb: KnowledgeBase, query: str, unknown: tuple[str, ...]) -> None:
    hits = kb.search(query)
    assert (hits.unknown, hits.meant) == (unknown, "")


@pytest.mark.parametrize(
    "said",
    (
        "aren't couldn't didn’t doesn't don't hadn't hasn't haven't isn't shouldn't wasn't weren't won't wouldn't "
        "I've we'll"
    ).split(),
)
def test_halves_of_contractions_are_no_words_of_a_question(kb: KnowledgeBase, said: str) -> None:
    hits = kb.search(f"why {said} reindex", mode="lexical")
    assert ([hit.document for hit in hits], hits.unknown, hits.meant) == (["index.md"], (), "")


@pytest.mark.parametrize("said", "all'uso dall'uso dell'uso l'uso nell'uso quell'uso sull'uso un'idea".split())
def test_what_is_elided_before_a_vowel_says_little(said: str) -> None:
    assert runs_of(said)[0] in STOP_WORDS["italian"]


def test_a_word_that_titles_have_in_two_is_read_so_where_texts_seldom_have_it(tmp_path: Path) -> None:
    pages = {
        "white.md": "# White balance\n\nOf light.\n\n## Again\n\nOf other light.\n",
        "names.md": "# Names\n\nThe variables `whitebalance`, `whitelight`, that of a website.\n\n"
        "## More\n\nA website has an open API.\n",
        "site.md": "# Web, site and more\n\nOf pages.\n",
        "open.md": "# OpenAPI\n\nA schema.\n",
        "in.md": "# In version 30 40\n\nThe inversion of 3040.\n\n## More\n\nMuch.\n\n## And more\n\nAll.\n",
    }
    base = searched(tmp_path, pages)
    for query, document, meant in (
        ("whitebalance", "white.md", "white balance"),
        ("website", "names.md", ""),  # more often than both
        ("whitelight", "names.md", ""),  # no title has both
        ("openapi", "open.md", ""),  # the title has it as it is
        ("inversion", "in.md", ""),  # a word that says little makes none
        ("3040", "in.md", ""),
        ("'whitebalance' or \"whitebalance\"", "names.md", ""),
    ):
        hits = base.search(query, mode="lexical")
        assert (hits[0].document, hits.meant, hits.unknown) == (document, meant, ()), query
    found = {hit.document for hit in base.search("whitebalance", mode="lexical")}
    assert found == {"white.md", "names.md"}, "what has it in one is found, too"


def test_a_stem_does_not_end_before_the_last_joint(tmp_path: Path) -> None:
    pages = {"a.md": "# Start\n\nInstall `hanami-cli`, and send e-mails.\n", "b.md": "# Hanami\n\nA frame.\n"}
    base = searched(tmp_path, pages)
    for query, document, meant in (
        ("hanam", "b.md", ""),  # Snowball leaves that of "hanamicli" as well
        ("hanamicli ", "a.md", "hanami-cli"),
        ("email ", "a.md", "e-mails"),
    ):
        hits = base.search(query, mode="lexical")
        assert (hits[0].document, hits.meant) == (document, meant), query
    assert "hanami-cli" in base.search("hanami_cli ").words, "whatever joins its parts"


def test_a_letter_of_a_name_finds_no_other_name(kb: KnowledgeBase) -> None:
    assert kb.search("p-10123", mode="lexical").unknown == ("p-10123", "10123")
    assert not kb.search("p-10123", mode="lexical")


def test_a_title_that_is_misspelt_comes_first_too(kb: KnowledgeBase) -> None:
    assert kb.search("reindexnig")[0].document == "index.md"
    assert kb.search("once mroe")[0].document == "again.md"


@pytest.mark.parametrize(
    ("query", "unknown", "meant"),
    [
        ("valvr", (), "valve"),
        ("value", ("value",), ""),  # no text has it: it is a word of the language all the same
        ("anyone", ("anyone",), ""),  # nor is it two that texts have
        ("films", ("films",), ""),  # no text has its stem either: the encoder has, and it is no misspelt `files`
        ("1998", ("1998",), ""),  # nor is a number two numbers
        ('"valvr" reindexnig', ("valvr",), "valvr reindexing"),
        ("„valvr reindexnig“", ("valvr", "reindexnig"), ""),
        ('"load balncer', (), "load balancer"),  # quotes that nothing ends
        ('"loadbalancer"', ("loadbalancer",), ""),
        ('"web sockets"', ("web sockets",), ""),  # nor another form of a word, which finds all the same
        ('"reind"', ("reind",), ""),  # nor is it being typed
    ],
)
def test_what_is_a_word_or_quoted_is_meant_as_it_is(
    kb: KnowledgeBase, query: str, unknown: tuple[str, ...], meant: str
) -> None:
    hits = kb.search(query)
    assert (hits.unknown, hits.meant) == (unknown, meant)


def test_what_is_mostly_unknown_is_of_another_language_and_not_misspelt(kb: KnowledgeBase) -> None:
    hits = kb.search("wo ist reindax fürs lesen", mode="lexical")
    assert (list(hits), hits.meant) == ([], "") and "reindax" in hits.unknown
    assert kb.search("reindax lesen", mode="lexical").meant == "reindex lesen"


GERMAN = {
    "a.md": "# Bratpfannen\n\nFür alle Herde.\n",
    "b.md": "# Brause\n\nDer Duschkopf mit Antikalk-Düsen ist kalt.\n",
    "c.md": "# Werkzeug\n\nSchrauben und ein Akkuschrauber.\n",
    "d.md": "# Rundbrief\n\nEin Newsletter, und das Newsletterarchiv. Eine Newsliste ist sichtbar.\n",
}


@pytest.fixture(scope="module", params=["de", "en"])
def german(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, KnowledgeBase]:
    """The same pages, said to be in a language."""
    pages = {key: f"---\nlang: {request.param}\n---\n{text}" for key, text in GERMAN.items()}
    base = searched(tmp_path_factory.mktemp("german"), pages)
    return request.param, base


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("Pfanne", "a.md"),  # what a word ends with
        ("Dusche", "b.md"),  # what it begins with
        ("Kalk", "b.md"),  # and not a word that it may have been misspelt for
        ("fan", None),  # too short
        ("Sicherheit", None),  # of which too little is left to be a part: "sich"
        ("raus", None),  # two letters more are another word
        ('"Pfanne"', None),  # meant as it was typed
    ],
)
def test_where_words_are_written_together_a_part_finds_them(
    german: tuple[str, KnowledgeBase], query: str, document: str | None
) -> None:
    language, base = german
    hits = base.search(f"{query} ", mode="lexical")
    if language == "de":
        assert ([hit.document for hit in hits], hits.meant) == ([document] if document else [], "")
    else:
        assert hits.unknown == (query.strip('"'),) or hits.meant


def test_a_word_that_lacks_a_doubled_letter_is_misspelt(german: tuple[str, KnowledgeBase]) -> None:
    """Its stem may be the beginning of the word that was meant, and of what that is a part of."""
    hits = german[1].search("Newsleter ", mode="lexical")
    meant = "" if german[0] == "en" else "newsletter"  # in English it is another spelling
    assert ([hit.document for hit in hits], hits.meant) == (["d.md"], meant)
