"""The pipeline: the same bytes from the same input, nothing from no change, and vectors only for what is new."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.in_hand import MemoryTransport
from support.pages_host import PagesHost
from support.publishing import HANDBOOK, Documents, Line, ask, pull, pulled, read, tree_of
from vademecum.errors import ContentError, SignatureError, UsageError
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import decode_manifest
from vademecum.format.segment import ChunkRow
from vademecum.origin import pip_install
from vademecum.runtime.folder import FolderTransport
from vademecum.runtime.memory import MemoryStore
from vademecum_builder.encoders.directions import encode_directions
from vademecum_builder.index.rows import rows_of
from vademecum_builder.pages.site import SiteBuilder
from vademecum_builder.pipeline import run_stages
from vademecum_builder.profiles import reader as profiles
from vademecum_builder.readers.document import Document, parse_document
from vademecum_builder.release import version_json
from vademecum_builder.release.published import Published
from vademecum_builder.release.version_json import read_changes
from vademecum_builder.signing.defaults import Validity
from vademecum_builder.signing.root import renew_root
from vademecum_builder.sources.base import Changes, Checkpoint, Skipped, SourceItem
from vademecum_builder.stages import parsed

PAGE = "# Page\n\n## One\n\nThe first section.\n\n## Two\n\nThe second section.\n"


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def vectors(published: Published) -> dict[int, ChunkRow]:
    return dict(rows_of(published.segments).chunks)


def current(line: Line) -> Published:
    published = line.previous()
    assert published is not None
    return published


@pytest.mark.fault("D51")
@pytest.mark.usefixtures("small_site")
def test_the_same_input_gives_the_same_bytes_in_another_folder(tmp_path: Path) -> None:
    first = Line(tmp_path / "one", site=SiteBuilder())
    (tmp_path / "two").mkdir()
    shutil.copytree(first.keys, tmp_path / "two" / "keys")
    second = Line(tmp_path / "two", site=SiteBuilder())
    for files in (HANDBOOK, {**HANDBOOK, "page.md": PAGE}):
        assert first.release(files) == second.release(files)
        assert tree_of(first.out) == tree_of(second.out)


@pytest.mark.fault("D51")
@pytest.mark.usefixtures("small_site")
@pytest.mark.parametrize("site", [None, SiteBuilder()])
def test_no_change_writes_nothing(tmp_path: Path, site: SiteBuilder | None) -> None:
    line = Line(tmp_path, site=site)
    line.release(HANDBOOK)
    stamps = {path: path.stat().st_mtime_ns for path in line.out.rglob("*")}
    before = tree_of(line.out)
    line.later(days=14)
    report = line.release(HANDBOOK)
    assert (report.changed, report.signed, report.site, report.bytes.new, report.embedded) == (False,) * 3 + (0, 0)
    assert (report.sequence, report.documents, report.added, report.modified, report.removed) == (1, 3, 0, 0, 0)
    assert tree_of(line.out) == before
    assert {path: path.stat().st_mtime_ns for path in line.out.rglob("*")} == stamps


def test_a_report_says_what_was_done(line: Line) -> None:
    report = line.release(HANDBOOK)
    assert (report.sequence, report.version, report.changed, report.signed) == (1, "2026.11.21-1", True, True)
    assert (report.documents, report.chunks, report.embedded) == (3, 4, 4)
    assert (report.added, report.modified, report.removed) == (3, 0, 0)
    tree = tree_of(line.out)
    assert report.bytes.new == sum(map(len, tree.values()))
    manifest = current(line).manifest
    index = [entry.object.path for entry in manifest.segments]
    index += [path for path in tree if path.startswith("releases/")]
    assert report.bytes.published == sum(len(tree[path]) for path in index)
    changed = {"page.md": PAGE, "notes.txt": "Notes on the sea\n\nWaves.\n", "guide/keys.md": HANDBOOK["guide/keys.md"]}
    report = line.release(changed)
    assert (report.sequence, report.added, report.modified, report.removed) == (2, 1, 1, 1)


def test_only_changed_chunks_are_embedded_and_the_others_keep_their_bits(line: Line) -> None:
    line.release({**HANDBOOK, "page.md": PAGE})
    before = vectors(current(line))
    line.encoders.embedded.clear()
    report = line.release({**HANDBOOK, "page.md": PAGE.replace("second", "third")})
    assert line.encoders.embedded == ["Page\nTwo\nThe third section."]
    assert report.embedded == 1
    assert line.encoders.fits == 1
    after = vectors(current(line))
    assert len(after.keys() & before.keys()) == len(before) - 1
    assert all(after[chunk] == before[chunk] for chunk in after.keys() & before.keys())


def test_what_did_not_change_is_not_parsed_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.release({**HANDBOOK, "page.md": PAGE})
    parsed: list[str] = []

    def parse(item: SourceItem, *, base_url: str) -> Document:
        parsed.append(item.key)
        return parse_document(item, base_url=base_url)

    monkeypatch.setattr(profiles, "parse_document", parse)
    line.release({**HANDBOOK, "page.md": f"{PAGE}\nMore.\n"})
    assert parsed == ["page.md"]


def test_an_edit_that_nobody_can_see_is_no_change(line: Line) -> None:
    line.release({"page.md": PAGE})
    report = line.release({"page.md": PAGE.replace("\n\n", "\n\n\n")})
    assert (report.changed, report.sequence) == (False, 1)


def test_an_edit_that_nobody_can_see_sends_no_row_beside_a_real_change(line: Line) -> None:
    line.release({**HANDBOOK, "page.md": PAGE})
    report = line.release({**HANDBOOK, "page.md": PAGE.replace("\n\n", "\n\n\n"), "new.md": "# New\n\nText.\n"})
    assert (report.added, report.modified) == (1, 0)
    documents = rows_of(current(line).segments).documents
    assert {key: row.sequence for key, row in documents.items()} == {
        **dict.fromkeys(HANDBOOK, 1),
        "page.md": 1,
        "new.md": 2,
    }


def test_a_rename_embeds_nothing(line: Line) -> None:
    line.release({"page.md": PAGE})
    report = line.release({"moved.md": PAGE})
    assert (report.added, report.removed, report.embedded) == (1, 1, 0)
    assert [hit.document for hit in ask(pulled(line), "second section")][:1] == ["moved.md"]


def test_a_change_of_front_matter_alone_embeds_nothing(line: Line) -> None:
    line.release({"page.md": "---\nauthor: Ann\n---\n" + PAGE})
    report = line.release({"page.md": "---\nauthor: Bea\n---\n" + PAGE})
    assert (report.modified, report.embedded) == (1, 0)
    assert ask(pulled(line), "second")[0].metadata == {"author": "Bea"}
    told = read_changes((line.out / "version.json").read_bytes()).by_kind()
    assert ([one.fields for one in told["fields"]], told["modified"]) == ([("author",)], [])
    line.release({"page.md": "---\nauthor: Cid\n---\n" + PAGE + "\nMore.\n"})
    told = read_changes((line.out / "version.json").read_bytes()).by_kind()
    assert ([one.key for one in told["modified"]], told["fields"]) == (["page.md"], [])


def test_a_new_base_url_changes_urls_and_embeds_nothing(line: Line) -> None:
    line.release(HANDBOOK, base_url="https://example.org/a")
    report = line.release(HANDBOOK, base_url="https://example.org/b")
    assert (report.modified, report.embedded) == (3, 0)
    assert ask(pulled(line), "rotate")[0].url.startswith("https://example.org/b/guide/keys/")


def test_two_documents_with_the_same_text_share_its_chunk(line: Line) -> None:
    report = line.release({"a.md": PAGE, "b.md": PAGE})
    assert (report.documents, report.chunks, report.embedded) == (2, 2, 2)
    assert {hit.document for hit in ask(pulled(line), "section")} == {"a.md"}
    line.encoders.embedded.clear()
    report = line.release({"b.md": PAGE})
    assert (report.removed, report.chunks, report.embedded) == (1, 2, 0)
    assert {hit.document for hit in ask(pulled(line), "section")} == {"b.md"}


def test_an_empty_document_and_one_that_becomes_empty(line: Line) -> None:
    report = line.release({"empty.md": "", "page.md": PAGE})
    assert report.documents == 2
    report = line.release({"empty.md": "", "page.md": ""})
    assert (report.modified, report.documents) == (1, 2)
    store = pulled(line)
    assert not any("section" in hit.text for hit in ask(store, "second section"))
    report = line.release({"empty.md": "", "page.md": PAGE})
    pull(store, FolderTransport(line.out), line.root)
    assert ask(store, "second section")[0].text == "The second section."


def test_a_text_that_leaves_and_comes_back(line: Line) -> None:
    store = MemoryStore()
    for files in ({"a.md": PAGE, "b.md": "# B\n\nOther.\n"}, {"b.md": "# B\n\nOther.\n"}, {"a.md": PAGE}):
        line.release(files)
        pull(store, FolderTransport(line.out), line.root)
    assert ask(store, "second section")[0].document == "a.md"


def test_skipped_files_are_warned_of_and_the_rest_is_published(line: Line) -> None:
    source = Documents(HANDBOOK, (Skipped("photo.md", "binary: it holds NUL bytes"),))
    report = run_stages(source, line.encoders, line.context())
    assert report.documents == 3
    assert report.warnings == ("photo.md: skipped: binary: it holds NUL bytes",)


def test_files_that_nothing_here_reads_are_one_warning_with_the_way_to_read_them(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vademecum_builder.readers.rst", None)
    pages = {**HANDBOOK, "a.rst": "Pump\n====\n", "b.rst": "Oil\n===\n"}
    report = run_stages(Documents(pages), line.encoders, line.context())
    assert report.documents == 3
    assert report.warnings == (f"2 .rst: not read: {pip_install('rst')}",)
    unread = {name: text for name, text in pages.items() if name not in HANDBOOK}
    with pytest.raises(UsageError, match=r"2 \.rst \(pip install .*\[rst\]'\).*--allow-"):
        run_stages(Documents(unread), line.encoders, line.context(allow_empty=False, allow_shrink=False))


def test_what_a_field_keeps_private_goes_again_when_drafts_do(line: Line) -> None:
    pages = {**HANDBOOK, "plan.rst": ":draft: true\n\nPlan\n====\n\nWe buy.\n"}
    assert run_stages(Documents(pages), line.encoders, line.context(drafts=True)).documents == 4
    report = run_stages(Documents(pages), line.encoders, line.context())
    assert (report.documents, report.removed) == (3, 1)
    assert report.left_out == {"pages that are not public: draft": 1}


def test_progress_tells_of_every_stage_to_its_end(line: Line) -> None:
    told: list[tuple[str, int, int]] = []
    context = replace(line.context(), progress=lambda *step: told.append(step))
    run_stages(Documents(HANDBOOK), line.encoders, context)
    assert told[:4] == [("reading", number, 3) for number in range(4)]
    assert told[-1] == ("embedding", 4, 4)


def test_two_texts_with_one_id_are_refused(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one build, and against what was published before."""
    monkeypatch.setattr(parsed, "chunk_id", lambda *parts: 7)
    with pytest.raises(ContentError, match="two texts share the id 0000000000000007"):
        line.release({"a.md": "# A\n\nOne.\n", "b.md": "# B\n\nTwo.\n"})
    assert not line.out.exists()
    line.release({"a.md": "# A\n\nOne.\n"})
    with pytest.raises(ContentError, match="two texts share the id"):
        line.release({"a.md": "# A\n\nOne.\n", "b.md": "# B\n\nTwo.\n"})
    assert current(line).manifest.sequence == 1


def test_a_refit_is_a_new_epoch_that_says_what_really_changed(line: Line) -> None:
    line.release(HANDBOOK)
    store = pulled(line)
    before = current(line).manifest
    report = line.release({**HANDBOOK, "page.md": PAGE}, refit=True)
    assert (report.sequence, report.changed, report.embedded) == (2, True, 6)
    assert (report.added, report.modified, report.removed) == (1, 0, 0)
    assert line.encoders.fits == 2
    after = current(line).manifest
    assert after.epoch != before.epoch
    assert [(entry.after, entry.upto) for entry in after.segments] == [(0, 2)]
    outcome = pull(store, FolderTransport(line.out), line.root)
    assert outcome.plan == "full"
    assert ask(store, "second section")[0].document == "page.md"


def test_directions_lie_beside_the_index(line: Line) -> None:
    """Kept with the epoch, and asked for by no client unasked; a build that finds them gone embeds anew."""
    kept = encode_directions(np.ones((5, 96), np.int8))
    line.encoders.directions = kept
    line.release(HANDBOOK)
    found = current(line)
    path = f"objects/{sha256(kept).hexdigest()}.gz"
    assert (found.directions, path in found.files) == (kept, True)
    assert [ref.path for ref in found.manifest.extras] == [path]
    assert path not in {ref.path for ref in found.manifest.objects}
    line.later(days=20)
    assert line.release(HANDBOOK).signed
    assert line.release({**HANDBOOK, "page.md": PAGE}).embedded == 2
    assert (line.out / path).is_file() and current(line).manifest.epoch == found.manifest.epoch
    (line.out / path).unlink()
    assert ask(pulled(line), "second section")[0].document == "page.md"
    assert line.found().published is None


def test_another_encoder_is_a_new_epoch(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.release(HANDBOOK)
    monkeypatch.setattr(type(line.encoders), "load", lambda self, *previous: None)
    report = line.release(HANDBOOK)
    assert (report.sequence, report.changed, report.embedded) == (2, True, 4)
    assert line.encoders.fits == 2


def test_markup_and_anchors_that_change_are_published_and_embed_nothing(line: Line) -> None:
    page = "# Page\n\n## One\n\nSee the *lamp* in the [cellar](cellar.md).\n"
    line.release({"page.md": page})
    store = pulled(line)
    (before,) = rows_of(current(line).segments).chunks.values()
    changed = page.replace("*lamp*", "`lamp`").replace("(cellar.md)", "(attic.md)").replace("## One", "## One {#first}")
    report = line.release({"page.md": changed})
    assert (report.modified, report.embedded) == (1, 0)
    pull(store, FolderTransport(line.out), line.root)
    (hit,) = ask(store, "lamp")
    assert hit.markdown == "See the `lamp` in the [cellar](attic.md)."
    assert hit.text == "See the lamp in the cellar."
    after = rows_of(current(line).segments).chunks[int(hit.id, 16)]
    assert (after.anchor, after.vector, after.scale) == ("first", before.vector, before.scale)
    assert before.id != after.id


def test_another_chunker_is_a_new_epoch(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.release(HANDBOOK)
    before = current(line).manifest.epoch
    for module in ("stages.base", "stages.read"):
        monkeypatch.setattr(f"vademecum_builder.{module}.CHUNKER", "another")
    report = line.release(HANDBOOK)
    assert (report.sequence, report.embedded) == (2, 4)
    assert current(line).manifest.epoch != before


def test_deletions_before_a_new_epoch_leave_no_tombstone_in_it(line: Line) -> None:
    line.release({**HANDBOOK, "page.md": PAGE})
    line.release(HANDBOOK)
    store = pulled(line)
    line.release({"page.md": PAGE}, refit=True)
    assert not any(segment.removed.count(1) for segment in current(line).segments)
    pull(store, FolderTransport(line.out), line.root)
    assert {hit.document for hit in ask(store, "the keys section package weather")} == {"page.md"}


def test_a_previous_release_behind_a_url_is_carried_into_an_empty_folder(line: Line, tmp_path: Path) -> None:
    line.release(HANDBOOK)
    store = pulled(line)
    before = tree_of(line.out)
    with PagesHost(line.out) as server:
        from vademecum.runtime.http import HttpTransport

        previous = read(HttpTransport(server.url), line.root)
    fresh = Line(tmp_path / "fresh")
    shutil.rmtree(fresh.keys)
    shutil.copytree(line.keys, fresh.keys)
    report = fresh.release({**HANDBOOK, "page.md": PAGE}, previous)
    assert (report.sequence, report.added, report.embedded) == (2, 1, 2)
    carried = {path for path in before if path.startswith(("objects/", "releases/", "metadata/1."))}
    after = tree_of(fresh.out)
    sources = current(line).manifest.sources.path
    assert {path: after[path] for path in carried - {sources}} == {path: before[path] for path in carried - {sources}}
    assert pull(store, FolderTransport(fresh.out), line.root).plan == "direct"


def test_objects_that_a_host_sends_inflated_are_carried_as_gzip_files(line: Line, tmp_path: Path) -> None:
    import gzip

    line.release(HANDBOOK)
    tree = tree_of(line.out)
    sent = {path: gzip.decompress(data) if path.endswith(".gz") else data for path, data in tree.items()}
    previous = read(MemoryTransport(sent), line.root)
    assert previous.files == {path: tree[path] for path in previous.files}


def test_signatures_are_renewed_when_half_of_their_time_has_passed(line: Line) -> None:
    line.release(HANDBOOK)
    store = pulled(line)
    line.later(days=15)
    assert not line.release(HANDBOOK).signed
    line.later(seconds=1)
    report = line.release(HANDBOOK)
    assert (report.sequence, report.changed, report.signed) == (1, False, True)
    published = current(line)
    assert published.expires == line.now + Validity().timestamp
    assert published.versions.timestamp == 2
    outcome = pull(store, FolderTransport(line.out), line.root, line.now)
    assert outcome.plan == "none"


def test_renewing_for_years_leaves_few_files(line: Line) -> None:
    line.release(HANDBOOK)
    for _ in range(6):
        line.later(days=20)
        assert line.release(HANDBOOK).signed
    names = [path for path in tree_of(line.out) if path.startswith("metadata/")]
    assert len(names) == 1 + 1 + 2 * 3  # root, timestamp, and three of snapshot and targets


def test_a_renewed_root_is_published_though_nothing_else_changed(line: Line) -> None:
    line.release(HANDBOOK)
    renew_root(line.keys, line.now, rotate=False)
    report = line.release(HANDBOOK)
    assert (report.sequence, report.changed, report.signed) == (1, False, True)
    assert (line.out / "metadata" / "2.root.json").read_bytes() == line.root
    assert not line.release(HANDBOOK).signed


def test_an_expired_release_is_built_upon(line: Line) -> None:
    line.release(HANDBOOK)
    line.later(days=500)
    report = line.release({**HANDBOOK, "page.md": PAGE})
    assert (report.sequence, report.embedded) == (2, 2)
    pull(MemoryStore(), FolderTransport(line.out), line.root, line.now)


@pytest.mark.usefixtures("small_site")
def test_pages_are_rendered_anew_when_title_or_generator_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(tmp_path, site=SiteBuilder())
    line.release(HANDBOOK, title="Handbook")
    listed, read = ((line.out / name).read_text() for name in ("documents.html", "release.html"))
    assert all(row.title in listed for row in rows_of(current(line).segments).live)
    assert "What was read" in read
    changes = parse_object((line.out / "version.json").read_bytes(), "version.json")["changes"]
    assert not line.release(HANDBOOK, title="Handbook").site
    report = line.release(HANDBOOK, title="Manual")
    assert (report.changed, report.site, report.sequence) == (False, True, 1)
    assert b"Manual" in (line.out / "index.html").read_bytes()
    titled = listed.replace("Handbook</", "Manual</").replace("&#34;Handbook&#34;", "&#34;Manual&#34;")
    assert (line.out / "documents.html").read_text() == titled
    monkeypatch.setattr("vademecum_builder.pages.site.__version__", "0.1.1")
    line.site = SiteBuilder()
    assert line.release(HANDBOOK, title="Manual").site
    again = parse_object((line.out / "version.json").read_bytes(), "version.json")["changes"]
    assert again == changes, "what the release changed is still told"


def test_version_json_names_some_of_many_changes_and_counts_all(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_json, "MOST_LISTED", 2)
    line.release({f"{name}.md": PAGE for name in "abcde"})
    one = read(FolderTransport(line.out), line.root)
    changes = read_changes(one.version_json or b"")
    assert ([change.key for change in changes.added], changes.more) == (["a.md", "b.md"], {"added": 3})
    again = version_json.version_json(one.manifest, one.pointer.sha256, changes, one.channels)
    assert again == one.version_json
    line.release({f"{name}.md": f"{PAGE} {name}" for name in "abcde"})
    line.release({f"{name}.md": f"{PAGE} {was}" for name, was in zip("vwxyz", "abcde", strict=True)})
    changes = read_changes((line.out / "version.json").read_bytes())
    told = {kind: [change.key for change in found] for kind, found in changes.by_kind().items() if found}
    assert (told, changes.more, len(changes.removed)) == ({"renamed": ["v.md", "w.md"]}, {"renamed": 3}, 2)


def test_a_version_json_that_names_all_changes_stays_as_it_is(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.release({f"{name}.md": PAGE for name in "abcde"})
    monkeypatch.setattr(version_json, "MOST_LISTED", 2)
    one = read(FolderTransport(line.out), line.root)
    changes = read_changes(one.version_json or b"")
    assert version_json.version_json(one.manifest, one.pointer.sha256, changes, one.channels) == one.version_json


def test_version_json_says_what_the_manifest_says(line: Line) -> None:
    line.release(HANDBOOK, version="Autumn")
    line.release({**HANDBOOK, "page.md": PAGE}, version="Winter")
    version: dict[str, Any] = parse_object((line.out / "version.json").read_bytes(), "version.json")
    [path] = (line.out / "releases").glob("*.2.json")
    manifest = decode_manifest(path.read_bytes())
    assert (version["version"], version["sequence"], version["hash"]) == ("Winter", 2, path.name.split(".")[0])
    assert (version["documentCount"], version["chunkCount"]) == (manifest.documents, manifest.chunks) == (4, 6)
    assert (version["embeddingModel"], version["dimensions"]) == ("builtin", manifest.encoder.dimensions)
    assert version["buildTime"] == "2026-11-21T08:00:00Z"
    assert version["changes"] == {
        "added": [{"key": "page.md", "title": "Page", "url": ""}],
        "modified": [],
        "removed": [],
    }
    line.release({**HANDBOOK, "moved/page.md": PAGE})
    moved = parse_object((line.out / "version.json").read_bytes(), "version.json")["changes"]
    assert moved["added"] == [{"key": "moved/page.md", "title": "Page", "url": "", "was": "page.md"}]
    assert [one.was for one in read_changes(canonical({"changes": moved})).by_kind()["renamed"]] == ["page.md"]
    for file, ref in zip(version["files"], manifest.objects, strict=True):
        assert (file["path"], file["size"], file["uncompressedSize"]) == (ref.path, ref.size, ref.uncompressed)
        assert file["compressionRatio"] == pytest.approx(ref.uncompressed / ref.size, abs=0.01)
        assert (line.out / file["path"]).stat().st_size == ref.size


def test_a_tampered_previous_release_is_not_read(line: Line) -> None:
    line.release(HANDBOOK)
    [path] = (line.out / "releases").iterdir()
    path.write_bytes(path.read_bytes().replace(b"builtin", b"builtim"))
    assert line.previous() is None
    stranger = Line(line.folder / "stranger")
    with pytest.raises(SignatureError):
        read(FolderTransport(line.out), stranger.root)


def test_a_document_that_cannot_be_read_stops_the_build_before_anything_is_written(line: Line) -> None:
    class Broken(Documents):
        def changes(self, since: Checkpoint | None) -> Changes:
            raise UsageError("no such folder")

    with pytest.raises(UsageError, match="no such folder"):
        run_stages(Broken({}), line.encoders, line.context())
    assert not line.out.exists()


def test_raw_notes_are_left_out_and_told(line: Line) -> None:
    fields = "id: 0123456789abcdef0123456789abcdef\ndeleted_time: 1700000000000\ntype_: 1"
    report = line.release({**HANDBOOK, "note.md": f"Soup\n\nLeek.\n\n{fields}"})
    assert report.left_out == {"raw notes of Joplin: export them as Markdown with front matter": 1}


def test_what_a_reader_makes_metadata_of_may_say_that_a_page_is_private(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(item: SourceItem, *, base_url: str) -> Document:
        return replace(
            parse_document(item, base_url=base_url), metadata={"draft": True} if item.key == "page.md" else {}
        )

    monkeypatch.setattr(profiles, "parse_document", parse)
    report = line.release({**HANDBOOK, "page.md": PAGE})
    assert (report.documents, report.left_out) == (3, {"pages that are not public: draft": 1})


def test_a_page_that_a_menu_leaves_out_is_published(line: Line) -> None:
    pages = {**HANDBOOK, "page.md": f"---\nsidebar:\n  hidden: true\nlinks:\n  - private: true\n---\n\n{PAGE}"}
    report = line.release(pages)
    assert (report.documents, report.left_out) == (4, {})
    pages["page.md"] = f"---\nsearch:\n  exclude: true\n---\n\n{PAGE}"
    assert line.release(pages).left_out == {"pages that are not public: search": 1}
