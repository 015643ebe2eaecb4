"""The kinds `feed`, `git` and `python`: from the settings to items and documents."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.pages_host import PagesHost
from vademecum.errors import NetworkError, UsageError
from vademecum_builder.kinds import python
from vademecum_builder.kinds.base import OpenedSource
from vademecum_builder.kinds.registry import kind_of
from vademecum_builder.readers.document import Document
from vademecum_builder.readers.outline import block_text
from vademecum_builder.readers.private import why_private_record
from vademecum_builder.settings import read_settings
from vademecum_builder.sources import feed
from vademecum_builder.sources.base import Changes, Checkpoint, Entry, Removed, Skipped, SourceItem
from vademecum_builder.sources.feed import FeedSource


def opened(folder: Path, settings: str) -> OpenedSource:
    (folder / "vademecum.toml").write_text(f'[[source]]\nname = "x"\n{settings}\n')
    request = read_settings(folder / "vademecum.toml")
    [one] = kind_of(request.sources[0].kind).open_source(request.sources[0], request)
    return one


def documents(one: OpenedSource) -> dict[str, Document]:
    reader = one.reader()
    read = [reader.read(item) for item in one.source.changes(None).entries if isinstance(item, SourceItem)]
    return {document.key: document for document in read if isinstance(document, Document)}


def keys(entries: Sequence[Entry] | Changes) -> list[str]:
    taken = entries.entries if isinstance(entries, Changes) else entries
    return sorted(f"-{e.key}" if isinstance(e, Removed) else e.key for e in taken if not isinstance(e, Checkpoint))


def checkpoint(changes: Changes) -> Checkpoint:
    *_, last = changes.entries
    assert isinstance(last, Checkpoint)
    return last


ITEM = """<item><guid>{0}</guid><title>News {0} &amp; more</title><link>https://a.example/{0}</link>
<author>ann@a.example (Ann)</author>
<category>oil</category><pubDate>Sat, 28 Nov 2026 10:00:0{0} +0100</pubDate>
<description>&lt;p&gt;About &lt;b&gt;{0}&lt;/b&gt;.&lt;/p&gt;</description></item>"""


def rss(*numbers: int) -> str:
    return f'<rss version="2.0"><channel><title>A</title>{"".join(map(ITEM.format, numbers))}</channel></rss>'


def test_entries_of_a_feed_are_documents(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(rss(1, 2))
    found = documents(opened(tmp_path, 'kind = "feed"\npath = "a.xml"'))
    assert (found["1"].title, found["1"].url) == ("News 1 & more", "https://a.example/1")
    assert found["1"].metadata["updated"] == "2026-11-28T09:00:01Z"
    assert found["1"].metadata["tags"] == ["oil"]
    assert "<" not in str(found["1"].sections) and "About" in str(found["1"].sections)


def test_another_version_of_this_program_reads_a_feed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it takes from an entry, and what it leaves out, may be something else; what fell out of the feed stays."""
    (tmp_path / "a.xml").write_text(rss(1, 2))
    source = FeedSource(str(tmp_path / "a.xml"))
    first = checkpoint(source.changes(None))
    assert keys(source.changes(first)) == []
    monkeypatch.setattr(feed, "__version__", "another")
    assert (keys(source.changes(first)), source.changes(first).whole) == (["1", "2"], False)


POST = """<item><title>{0}</title><link>https://a.example/?p={0}</link><guid>urn:{0}</guid><content:encoded>{0}
text</content:encoded><wp:status>{1}</wp:status><wp:post_type>{2}</wp:post_type><wp:post_password>{3}</wp:post_password>
</item>"""
POSTS = {"seen": "publish post", "page": "publish page", "draft": "draft post", "own": "private page",
         "locked": "publish post s3cret", "soon": "future post", "gone": "trash post", "picture": "inherit attachment",
         "menu": "publish nav_menu_item", "order": "wc-completed shop_order", "letter": "publish feedback",
         "solved": "closed topic"}  # fmt: skip


def test_of_an_export_of_wordpress_what_everybody_sees_is_published(tmp_path: Path) -> None:
    posts = [POST.format(name, *(f"{told} ".split(" "))[:3]) for name, told in POSTS.items()]
    posts = [one.replace("?p=letter", "?post_type=feedback&amp;p=7") for one in posts]  # what no page shows
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/"'
    (tmp_path / "a.xml").write_text(f'<rss version="2.0" {spaces}><channel>{"".join(posts)}</channel></rss>')
    source = opened(tmp_path, 'kind = "feed"\npath = "a.xml"').source
    items = [item for item in source.changes(None).entries if isinstance(item, SourceItem)]
    assert len(items) == len(POSTS)
    shown = [item.key for item in items if not why_private_record(json.loads(item.data))]
    assert shown == ["urn:seen", "urn:page", "urn:solved"]
    # An item of a menu has the id of the post that it leads to; a post that is a draft now keeps its own.
    menus = [POST.format("seen", "publish", "nav_menu_item", ""), posts[2], POST.format("draft", "draft", "post", "")]
    (tmp_path / "a.xml").write_text(
        f'<rss version="2.0" {spaces}><channel>{"".join((*menus, *posts[:2], *menus[:1]))}</channel></rss>'
    )
    assert keys(source.changes(None)) == [
        "urn:draft",
        "urn:draft 3",
        "urn:page",
        "urn:seen",
        "urn:seen 1",
        "urn:seen 6",
    ]


def test_shortcodes_of_an_export_of_wordpress_are_no_text(tmp_path: Path) -> None:
    written = '[caption id="a" width=9]Our boat[/caption] [gallery][embed] [sic] '
    written += '&lt;code>[caption id="b"]&lt;/code> [1] [[no]]'
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/1.2/"'
    post = POST.format("a", "publish", "post", "").replace("a\ntext", written)
    (tmp_path / "a.xml").write_text(f'<rss version="2.0" {spaces}><channel>{post}</channel></rss>')
    [told] = documents(opened(tmp_path, 'kind = "feed"\npath = "a.xml"')).values()
    said = " ".join(block_text(block) for section in told.sections for block in section.blocks)
    assert " ".join(said.split()) == 'Our boat [sic] [caption id="b"] [1] [[no]]'


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>urn:1</id><title>T</title>
<link href="https://a.example/1"/><updated>2026-01-01T00:00:00Z</updated>
<content type="html">&lt;p&gt;Long&lt;/p&gt;</content>
<summary>Short</summary></entry>
<entry><title> </title></entry><entry><summary>Of whales</summary></entry>
<entry><title>Without</title></entry>
<entry><id>urn:1</id><title>Twice</title></entry></feed>"""


def test_an_entry_without_an_id_or_with_another_ones_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(ATOM)
    one = opened(tmp_path, 'kind = "feed"\npath = "a.xml"')
    assert "Long" in str(documents(one)["urn:1"].sections) and "Short" not in str(documents(one))
    assert "Without" in documents(one)  # called by its title
    assert [found.title for found in documents(one).values() if "Of whales" in str(found.sections)] == ["Of whales"]
    left = [(entry.key, entry.reason) for entry in one.source.changes(None).entries if isinstance(entry, Skipped)]
    assert left == [("entry 2", "no id, no link, no title and no text"), ("entry 5", "its id urn:1 stands twice")]


WORDS = " ".join(["word"] * 30)
ENTRIES = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><id>urn:1</id><title>T</title>
<link href="/1"/><author><name>Ann</name></author><category term="oil"/><category term="sea"/><category term=""/>
<published>2026-01-01T00:00:00Z</published><updated>2026-02-01T00:00:00+01:00</updated>
<content type="html">&lt;p&gt;Long [x a="1"]&lt;/p&gt;</content><content type="text">more</content>
<summary>Short</summary></entry>
<entry><link href="https://a.example/2"/><published>2026-01-01T00:00:00Z</published><summary>{WORDS}</summary></entry>
<entry><title>Only a title</title></entry><entry><summary>Only a text&lt;br>and more</summary></entry></feed>"""
PRODUCTS = """<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
<item><g:id>sku-1</g:id><g:title>Oak</g:title><g:link>https://a.example/oak</g:link>
<g:description>Of oak.</g:description></item>
<item><g:title>Elm</g:title><g:link>https://a.example/elm</g:link></item></channel></rss>"""


def test_what_the_entries_of_news_and_of_products_say(tmp_path: Path) -> None:
    def said(text: str, place: str) -> dict[str, object]:
        (tmp_path / "a.xml").write_text(text)
        entries = FeedSource(place).changes(None).entries
        return {one.key: json.loads(one.data) for one in entries if isinstance(one, SourceItem)}

    first = {"author": "Ann", "tags": ["oil", "sea"], "text": '<p>Long [x a="1"]</p>\nmore', "title": "T",
             "updated": "2026-01-31T23:00:00Z"}  # fmt: skip
    others = {
        "https://a.example/2": {
            "link": "https://a.example/2", "text": WORDS, "title": WORDS[:74] + " …", "updated": "2026-01-01T00:00:00Z",
        },
        "Only a title": {"title": "Only a title"},
        "a16770fa4c4d3ea7": {"text": "Only a text<br>and more", "title": "Only a text"},
    }  # fmt: skip
    assert said(ENTRIES, str(tmp_path / "a.xml")) == {"urn:1": first} | others
    with PagesHost(tmp_path) as host:
        assert said(ENTRIES, f"{host.url}a.xml")["urn:1"] == first | {"link": f"{host.url}1"}
    assert said(PRODUCTS, str(tmp_path / "a.xml")) == {
        "sku-1": {"link": "https://a.example/oak", "text": "Of oak.", "title": "Oak"},
        "https://a.example/elm": {"link": "https://a.example/elm", "title": "Elm"},
    }
    with pytest.raises(UsageError, match=r"b\.xml: cannot be read: No such file"):
        FeedSource(str(tmp_path / "b.xml")).changes(None)
    with pytest.raises(UsageError, match=r"not a checkpoint of the feed \S+a\.xml \(commit\)"):
        FeedSource(str(tmp_path / "a.xml")).changes(Checkpoint("commit", "{}"))


@pytest.mark.parametrize("keep", [True, False])
def test_what_falls_out_of_a_feed_is_kept_or_gone(tmp_path: Path, keep: bool) -> None:
    (tmp_path / "a.xml").write_text(rss(1, 2))
    with PagesHost(tmp_path) as host:
        one = opened(tmp_path, f'kind = "feed"\npath = "{host.url}a.xml"\nkeep = {str(keep).lower()}')
        first = checkpoint(one.source.changes(None))
        assert list(one.source.changes(first).entries) == [first]
        (tmp_path / "a.xml").write_text(rss(2, 3))
        after = one.source.changes(first)
        assert (after.whole, keys(after)) == (not keep, ["2", "3"])
        assert [request.status for request in host.requests] == [200, 304, 200]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<p>x", "not a feed"), ("", "not a feed"), (rss(1, 2)[:-30], "it ends in the middle"), (rss(), "no entry"),
    ],
)  # fmt: skip
def test_a_feed_that_is_none_is_refused(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "a.xml").write_text(content)
    with pytest.raises(UsageError, match=why):
        documents(opened(tmp_path, 'kind = "feed"\npath = "a.xml"'))
    with pytest.raises(UsageError, match="no such file"):
        opened(tmp_path, 'kind = "feed"\npath = "b.xml"')


def git(folder: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@a.example", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, day: int, **files: str | None) -> str:
    for name, text in files.items():
        file = folder / "docs" / f"{name}.md"
        if text is None:
            file.unlink()
        else:
            file.write_text(f"# {name}\n\n{text}\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x", "--date", "2020-01-01T00:00:00Z")
    git(folder, "-c", "core.editor=true", "commit", "-q", "--amend", "--no-edit", "--allow-empty")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VADEMECUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T10:00:00+01:00")
    (tmp_path / "repository/docs").mkdir(parents=True)
    git(tmp_path / "repository", "init", "-q")
    (tmp_path / "repository/outside.md").write_text("# Outside")
    return tmp_path / "repository"


SETTINGS = 'kind = "git"\nurl = "repository"\nfolder = "docs"'


@pytest.mark.slow
def test_a_ref_of_a_repository_is_read_with_its_dates_and_then_what_changed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = repository.parent
    commit(repository, 1, a="Ann", b="Bob")
    git(repository, "branch", "old")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-02T10:00:00Z")
    commit(repository, 2, b="Bob again")
    (repository / "docs/c.md").write_text("# Not committed")
    one = opened(place, SETTINGS)
    found = documents(one)
    assert {key: document.metadata["updated"] for key, document in found.items()} == {
        "a.md": "2026-01-01T09:00:00Z", "b.md": "2026-02-02T10:00:00Z",
    }  # fmt: skip
    old = opened(place, f'{SETTINGS}\nref = "old"\nbase-url = "https://a.example"\npattern = ["b.md"]')
    [bob] = documents(old).values()
    assert "Bob again" not in str(bob) and bob.url == "https://a.example/b/"
    old = opened(place, f'{SETTINGS}\nref = "old"')
    first = checkpoint(old.source.changes(None))
    commit(repository, 3, a=None, d="Dan")
    after = opened(place, SETTINGS).source.changes(first)
    assert (after.whole, keys(after)) == (False, ["-a.md", "b.md", "c.md", "d.md"])
    assert keys(opened(place, SETTINGS).source.changes(checkpoint(opened(place, SETTINGS).source.changes(None)))) == []


@pytest.mark.slow
def test_a_submodule_is_told(repository: Path) -> None:
    head = commit(repository, 1, a="One.")
    for name in ("docs/other", "beside"):
        git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},{name}")
    git(repository, "commit", "-q", "-m", "x")
    source = opened(repository.parent, SETTINGS).source
    first = source.changes(None)
    *_, checkpoint = first.entries
    assert isinstance(checkpoint, Checkpoint)
    assert first.left_out == source.changes(checkpoint).left_out == {"submodules (each is a source of its own)": 1}


@pytest.mark.slow
def test_a_shallow_clone_is_read_and_says_no_date_of_what_lies_before_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, 1, a="Ann", b="Bob")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-02-02T10:00:00Z")
    commit(repository, 2, b="Bob again")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-03-03T10:00:00Z")
    commit(repository, 3, b="Bob at last")
    place = repository.parent
    git(place, "clone", "-q", "--depth=2", repository.as_uri(), "shallow")
    found = documents(opened(place, SETTINGS.replace("repository", "shallow")))
    assert {key: document.metadata.get("updated") for key, document in found.items()} == {
        "a.md": None, "b.md": "2026-03-03T10:00:00Z",
    }  # fmt: skip


@pytest.mark.slow
def test_a_history_that_was_rewritten_is_read_whole(repository: Path) -> None:
    commit(repository, 1, a="Ann")
    one = opened(repository.parent, SETTINGS)
    after = one.source.changes(Checkpoint("commit", "0" * 40))
    assert (after.whole, keys(after)) == (True, ["a.md"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (SETTINGS.replace('"repository"', '"https://ann:secret@127.0.0.1:1/none.git"'), "none.git cannot be read: "),
        (f'{SETTINGS}\nref = "none"', "repository has no none"),
        (SETTINGS.replace("docs", "none"), "has no folder none"),
        (SETTINGS.replace("docs", "../x"), "expected a folder within"),
        (SETTINGS.replace('"repository"', '"--upload-pack=x"'), "expected an address"),
    ],
)
def test_a_repository_that_cannot_be_read(repository: Path, settings: str, why: str) -> None:
    commit(repository, 1, a="Ann")
    with pytest.raises(UsageError, match=why) as told:
        opened(repository.parent, settings)
    assert "secret" not in str(told.value)


@pytest.mark.process
def test_a_repository_that_does_not_answer_may_be_asked_again(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vademecum_builder.sources.git.SECONDS", 0)
    with pytest.raises(NetworkError, match="no answer in 0 seconds"):
        opened(repository.parent, SETTINGS)


MODULE = """
from vademecum_builder.sources.base import MARKDOWN, SourceItem

def rows(count=2):
    for number in range(count):
        yield {"id": number, "name": f"Row {number}", "text": "A text"}
    yield {"name": "without"}

def pages():
    yield SourceItem("a.md", MARKDOWN, b"# Page\\n\\nIts text.")

def wrong(): yield 7
def fails(): yield {"id": 1}; raise RuntimeError("no more")
def nothing(): return []
value = 7
"""


@pytest.fixture
def module(tmp_path: Path) -> str:
    name = f"sources_of_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    return name


def test_what_a_function_yields_are_documents(tmp_path: Path, module: str) -> None:
    one = opened(
        tmp_path, f'kind = "python"\ncall = "{module}:rows"\narguments = {{count = 3}}\ntext = "{{name}}: {{text}}"'
    )
    assert [document.title for document in documents(one).values()] == ["Row 0", "Row 1", "Row 2"]
    assert [e.reason for e in one.source.changes(None).entries if isinstance(e, Skipped)] == [
        "no id: id is empty or not there"
    ]
    assert documents(opened(tmp_path, f'kind = "python"\ncall = "{module}:pages"'))["a.md"].title == "Page"
    assert str(tmp_path) not in sys.path


def test_of_a_record_that_a_function_yields_twice_the_second_keeps_the_first_back(tmp_path: Path) -> None:
    name = f"twice_of_{tmp_path.name.replace('-', '_')}"
    yielded = [{"id": 1, "name": "Pump"}, {"id": 1, "name": "Pump", "draft": True}]
    (tmp_path / f"{name}.py").write_text(f"def rows():\n    return {yielded}\n")
    for drafts, count in (("", 2), ("drafts = true", 1)):
        one = opened(tmp_path, f'kind = "python"\ncall = "{name}:rows"\n{drafts}')
        items = [entry.key for entry in one.source.changes(None).entries if isinstance(entry, SourceItem)]
        assert items == ["1"] * count


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (":wrong", "number 1 is a int: yield a dict"), (":fails", "RuntimeError: no more"), (":nothing", "no record"),
        (":none", "has no attribute 'none'"), (":value", "is not a function"), ("x:y", "No module named"),
        ("none", "there is no such entry point; there is none"),
    ],
)  # fmt: skip
def test_a_function_that_cannot_be_read(tmp_path: Path, module: str, call: str, why: str) -> None:
    call = f"{module}{call}" if call.startswith(":") else call
    with pytest.raises(UsageError, match=why):
        documents(opened(tmp_path, f'kind = "python"\ncall = "{call}"'))


def test_a_package_brings_a_source_by_its_entry_point(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{python.GROUP}]\nacme = {module}:rows\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert len(documents(opened(tmp_path, 'kind = "python"\ncall = "acme"'))) == 2


@pytest.mark.process
def test_a_source_of_dlt_is_a_function_that_yields_its_rows(tmp_path: Path) -> None:
    name = f"dlt_of_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(DLT)
    one = opened(tmp_path, f'kind = "python"\ncall = "{name}:products"\nid = "sku"')
    assert [(key, document.title) for key, document in documents(one).items()] == [("p-1", "Chair"), ("p-2", "Table")]


DLT = """
import dlt

@dlt.source
def shop():
    @dlt.resource
    def products():
        yield [{"sku": "p-1", "name": "Chair"}, {"sku": "p-2", "name": "Table"}]
    return products

def products():
    yield from shop().resources["products"]
"""
