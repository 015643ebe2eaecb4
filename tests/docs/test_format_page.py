"""site/content/format.md against the code: every example, every table, every number that stands on both sides."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.app import App, texts
from support.drive import drive
from support.publisher import NOW, Publisher, make_encoder
from support.samples import MANIFEST
from vademecum.delta import dictionary
from vademecum.delta.decode import decode_pack
from vademecum.delta.dictionary import OldDocument
from vademecum.encoder import alphabet, query
from vademecum.encoder import file as encoder
from vademecum.errors import ContentError, ServerError
from vademecum.format import markup, objects, segment, tensors
from vademecum.format.json import canonical, parse_object
from vademecum.format.manifest import MOST_VALUES, decode_manifest, encode_manifest
from vademecum.format.objects import EPOCH as EPOCH_NAME
from vademecum.format.objects import FORMAT
from vademecum.format.segment import chunk_id, framed
from vademecum.generation.live_rows import assemble
from vademecum.runtime.memory import MemoryDatabase, MemoryStore
from vademecum.runtime.sqlite import file as sqlite_file
from vademecum.search.places import MOST_PLACES
from vademecum.store.pointer import decode_head, encode_head
from vademecum.store.records import HEALTH, RECORDS, SPOILED, SYNC, Failures, Spoiled
from vademecum.store.seal import seal
from vademecum.transport.waiting import remember_wait
from vademecum.trust import channel as trust
from vademecum.trust.metadata import Trust
from vademecum.trust.rollout import bucket
from vademecum_builder.chunking.markup import write
from vademecum_builder.encoders.quantise import quantise
from vademecum_builder.index.gzipped import gzipped

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "site/content/format.md").read_text(encoding="utf-8")
JS = ROOT / "client/vademecum/js"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
DIGEST, EPOCH = "ab" * 32, "0123456789abcdef"


def find(pattern: str) -> tuple[str, ...]:
    """The groups of the one place on the page that the pattern matches."""
    (match,) = re.finditer(pattern, PAGE)
    return match.groups()


def section(title: str) -> str:
    """The text under a heading, up to the next heading of any level."""
    (match,) = re.finditer(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return match[1]


def example(beginning: str) -> Any:
    """The JSON example that begins so, with its dots and descriptions filled in."""
    (block,) = [text for language, text in BLOCKS if language == "json" and text.startswith(beginning)]
    filled = re.sub(r'"(\.\.\.|digest|digest, newest first|state digest, section 5)"(?=[],}])', f'"{DIGEST}"', block)
    filled = filled.replace('"16 hex digits"', f'"{EPOCH}"').replace(f'"epoch": "{DIGEST}"', f'"epoch": "{EPOCH}"')
    filled = filled.replace(f'"built": "{DIGEST}"', '"built": "2026-11-21T08:00:00Z"')
    if filled.startswith('"'):
        filled = f"{{{filled}}}"
    return json.loads(filled)


def keys_of(value: Any) -> Any:
    """The names of all fields, nested; lists by their first entry."""
    if isinstance(value, dict):
        return {name: keys_of(inner) for name, inner in value.items()}
    return [keys_of(value[0])] if isinstance(value, list) and value else None


# 1. The tree -------------------------------------------------------------------------------------


def test_the_gzip_header() -> None:
    (header,) = [text for language, text in BLOCKS if not language and text.startswith("1f 8b")]
    assert bytes.fromhex(header) == objects.GZIP_HEADER
    _, file = gzipped(b"x")
    assert file.startswith(bytes.fromhex(header))


def test_the_paths_of_the_tree() -> None:
    publisher = Publisher()
    publisher.publish({"a": {"chunks": ["run"]}})
    assert publisher.manifest is not None
    paths = {re.sub(r"[0-9a-f]{64}", "DIGEST", path) for path in publisher.files}
    paths = {re.sub(r"\b1\.", "N.", path) for path in paths}
    tree = section("1. The published tree")
    for path in paths:
        name = path.replace("DIGEST.N.json", "DIGEST.SEQUENCE.json").removeprefix("metadata/N.")
        assert name in tree
    found = trust.ReleasePointer(1, "releases/1.json", "DIGEST", 5, "v").url_path
    assert found.replace("1", "SEQUENCE") in PAGE


def test_the_depth_of_json() -> None:
    (depth,) = find(r"nested at most (\d+) deep")
    deepest = b'{"a":' + b"[" * (int(depth) - 1) + b"]" * (int(depth) - 1) + b"}"
    assert parse_object(deepest, "x")
    with pytest.raises(ContentError):
        parse_object(deepest.replace(b"[]", b"[[]]"), "x")


# 2. and 3. Metadata and manifest -----------------------------------------------------------------


def test_our_field_in_the_snapshot() -> None:
    custom = example('{"vademecum"')[trust.CUSTOM]
    publisher = Publisher()
    publisher.publish({"a": {"chunks": ["run"]}})
    assert keys_of(publisher.snapshot.unrecognized_fields) == keys_of({trust.CUSTOM: custom})
    hint = trust.read_hint(custom, "stable")
    assert hint == trust.ManifestHint(12, "releases/12.json", DIGEST, 1234)
    assert hint.json() == custom["channels"]["stable"]


def test_our_field_in_the_targets() -> None:
    custom = example('"vademecum"')
    assert set(custom) == {trust.CUSTOM}
    pointer = custom[trust.CUSTOM]["channels"]["stable"]
    publisher = Publisher(sequence=pointer["sequence"] - 1, borders=[0, pointer["sequence"] - 1])
    publisher.publish({"a": {"chunks": ["run"]}})
    made = publisher.targets.unrecognized_fields["vademecum"]
    assert keys_of(made) == keys_of(custom[trust.CUSTOM])
    publisher.targets.unrecognized_fields.update(custom)
    publisher.sign()
    trusted = Trust(publisher.first_root, NOW)
    trusted.accept_timestamp(publisher.files["metadata/timestamp.json"])
    trusted.accept_snapshot(publisher.files["metadata/2.snapshot.json"])
    trusted.accept_targets(publisher.files["metadata/2.targets.json"])
    release = trusted.line("stable").current
    assert (release.path, release.sequence, release.version) == tuple(pointer.values())


def test_candidates_and_yanked_releases() -> None:
    channel = example('{"candidate"')
    publisher = Publisher(sequence=11, borders=[0, 11])
    publisher.publish({"a": {"chunks": ["run"]}})
    publisher.publish_candidate({"a": {"chunks": ["home"]}}, channel["candidate"]["rollout"])
    assert keys_of(publisher.entry["candidate"]) == keys_of(channel["candidate"])
    paths = sorted(publisher.targets.targets)
    assert paths == [channel["release"], channel["candidate"]["release"]]
    publisher.change_line(channel)
    trusted = Trust(publisher.first_root, NOW)
    trusted.accept_timestamp(publisher.files["metadata/timestamp.json"])
    trusted.accept_snapshot(publisher.files[f"metadata/{publisher.snapshot.version}.snapshot.json"])
    trusted.accept_targets(publisher.files[f"metadata/{publisher.targets.version}.targets.json"])
    line = trusted.line("stable")
    assert line.candidate is not None
    assert (line.current.sequence, line.candidate.sequence, line.rollout, line.yanked) == (12, 13, 50, (9, 11))
    (most,), (yanked,) = (find(r"an integer from 0 to ([\d,]+), says"), find(r"`yanked`, at most ([\d,]+) sequences"))
    assert (int(most.replace(",", "")), int(yanked.replace(",", ""))) == (trust.WHOLE, trust.MOST_YANKED)
    (shown,) = find(r"a digest of 64 `a` give the bucket (\d+)")
    assert bucket("0" * 32, "a" * 64) == int(shown)


def test_the_manifest() -> None:
    value = example('{\n  "built"')
    written = json.loads(encode_manifest(decode_manifest(canonical(value))))
    assert written == value
    assert keys_of(written) == keys_of(value)
    assert EPOCH_NAME.fullmatch(EPOCH)


# 4. Tensors --------------------------------------------------------------------------------------

COLUMN = re.compile(r"^\| `([a-z.]+)` \| (.+?) \|", re.MULTILINE)


def columns(title: str) -> dict[str, str]:
    """Tensor name -> dtype and number of axes, from the table in a section; string columns are two tensors."""
    found: dict[str, str] = {}
    for name, kind in COLUMN.findall(section(title)):
        if kind.startswith("strings"):
            found |= {name: "U8 1", f"{name}.offsets": "U32 1"}
        else:
            dtype, axes = kind.split(" ", 1)
            found[name] = f"{dtype} {axes.count(',') + 1}"
    return found


def shapes(data: bytes) -> dict[str, str]:
    return {
        name: f"{tensor.dtype} {len(tensor.shape)}" for name, tensor in tensors.decode_tensors(data).tensors.items()
    }


def test_the_columns_of_a_segment() -> None:
    data = segment.encode_segment(EPOCH, 4, [segment.DocumentRow("a", 1)], [])
    assert columns("Segment") == shapes(data)
    assert f'"format": "{segment.SEGMENT_FORMAT}"' in section("Segment")
    assert set(tensors.decode_tensors(data).metadata) == {"epoch", "format"}
    assert segment.HEADING_SEPARATOR == "\x1f"
    assert "U+001F" in section("Segment")


def test_the_columns_of_an_encoder() -> None:
    assert columns("4.3 Encoder") == shapes(encoder.encode_encoder(make_encoder().file))
    assert f'"format": "{encoder.ENCODER_FORMAT}"' in section("4.3 Encoder")


def test_the_rows_of_an_encoder() -> None:
    size, row, data = find(r"with \*D\* = (\d+) the row `\((.*?)\)` is the bytes `([0-9a-f]+)`")
    (offset,) = find(r"of 4 bits, `component = code (- \d+)`")
    assert int(offset.replace(" ", "")) == encoder.ROW_OFFSET
    assert f"ROW_OFFSET = {encoder.ROW_OFFSET};" in (JS / "search/encoder.mjs").read_text(encoding="utf-8")
    assert f"`bits` is always `{encoder._BITS}`" in section("4.3 Encoder")
    letters = alphabet.Alphabet([], [], b"")
    file = encoder.EncoderFile("x", int(size), ["a"], bytes.fromhex(data), [1], letters)
    read = query.decode_encoder(encoder.encode_encoder(file))
    assert list(read.row(0)) == [int(number) for number in row.split(",")]
    assert len(data) // 2 == encoder.row_bytes(int(size))


def test_the_header_of_a_tensor_file() -> None:
    (most,) = find(r"The header has at most ([\d,]+) bytes")
    assert int(most.replace(",", "")) == tensors._MAX_HEADER


def test_the_chunk_id() -> None:
    title, headings, anchor, text = find(
        r"title `(.*?)`, headings `(.*?)`, anchor `(.*?)`, text `(.*?)` hash the bytes"
    )
    (block,) = [text for language, text in BLOCKS if not language and text.startswith("04000000")]
    hashed = bytes.fromhex(block)
    assert hashed == b"".join(framed(part.encode()) for part in (title, headings, anchor, text))
    (expected,) = find(r"give the id `([0-9a-f]{16})`")
    assert hashlib.sha256(hashed).hexdigest()[:16] == expected
    assert f"{chunk_id(title, headings, anchor, text):016x}" == expected


def test_the_quantised_vector() -> None:
    values, row, scale = find(r"`v = \((.*?)\)` gives `vector = \((.*?)\)`, `scale = (\d+)`")
    (vector,) = quantise(np.array([numbers(values)], np.float64))
    assert vector.tolist() == numbers(row)
    assert segment.scale_of(vector.tobytes()) == int(scale)


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def test_the_score_fits() -> None:
    (bits,) = find(r"which fits in (\d+) bits")
    assert 2 ** int(bits) > encoder.MAX_DIMENSIONS * 65535 * 127 * 128


def test_the_encoder_s_numbers() -> None:
    (prefix,) = find(r"of at least (\d+) code points stands")
    (completions,) = find(r"first (\d+) in the order of the table")
    (words,) = find(r"at most ([\d,]+) words of\s+a text are read")
    known = (query.MIN_PREFIX, query.MAX_COMPLETIONS, alphabet.MAX_WORDS_READ)
    assert (int(prefix), int(completions), int(words.replace(",", ""))) == known
    limits = find(
        r"\*D\* is 1 to ([\d,]+); \*V\* words \(at most ([\d,]+), .*?\), \*A\* characters \(at most ([\d,]+)\), "
        r"\*G\* golden examples \(at most ([\d,]+)\)"
    )
    numbers = [int(limit.replace(",", "")) for limit in limits]
    assert numbers == [encoder.MAX_DIMENSIONS, encoder.MAX_VOCABULARY, encoder.MAX_ALPHABET, encoder.MAX_GOLDENS]


# 4.5 The text of a chunk -------------------------------------------------------------------------


def test_the_text_of_a_chunk() -> None:
    text = example('{"markup"')
    assert markup.plain(text["markup"]) == text["plain"]
    assert write(markup.parse(text["markup"])) == text["markup"]
    paragraph, one, two, header, row, code = markup.parse(text["markup"])
    assert isinstance(paragraph, markup.Paragraph)
    assert [run.text for run in paragraph.runs if run.code or run.strong or run.link] == ["make", "then", "look"]
    assert isinstance(one, markup.Item) and isinstance(two, markup.Item)
    assert (one.depth, one.number, two.depth, two.number) == (0, None, 1, 1)
    assert (
        isinstance(header, markup.Row) and isinstance(row, markup.Row) and (header.header, row.header) == (True, False)
    )
    assert row.cells[1] == (markup.Run("a lamp", image="lamp.png"),)
    assert code == markup.Code("make", "sh")


def test_the_limits_of_the_text() -> None:
    (digits,) = find(r"a number of at most (\d+) digits")
    (lists,) = find(r"two spaces for each list around its own, at most (\d+) times")
    (language,) = find(r"the language \(at most (\d+) of")
    deepest = "  " * int(lists) + "1" * int(digits) + ". x"
    assert isinstance(markup.parse(deepest)[0], markup.Item)
    assert isinstance(markup.parse("  " + deepest)[0], markup.Paragraph)
    assert isinstance(markup.parse("1" + deepest.strip())[0], markup.Paragraph)
    assert isinstance(markup.parse("```" + "x" * int(language))[0], markup.Code)
    assert isinstance(markup.parse("```" + "x" * (int(language) + 1))[0], markup.Paragraph)


# 5. State ----------------------------------------------------------------------------------------


def test_the_digest_of_the_empty_state() -> None:
    (digest,) = find(r"The digest of the empty state is `([0-9a-f]{64})`")
    assert assemble([]).digest() == digest
    assert hashlib.sha256(b"vademecum.state.1\n").hexdigest() == digest
    assert "`vademecum.state.1` and a line feed" in PAGE


# 6. and 7. Sources and site ----------------------------------------------------------------------


def test_the_lists_of_files() -> None:
    for (text,) in (find(r"`sources` is a gzipped JSON object `(.*?)`"), find(r"`site\.json` is `(.*?)`")):
        assert set(parse_object(text.replace("...", DIGEST).encode(), "list")) == {"files"}


# 8. The store ------------------------------------------------------------------------------------


def record_names() -> set[str]:
    rows = re.findall(r"^\| (`.*?`) \|", section("8. The store"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(.*?)`", row)}


def test_the_records_are_those_that_the_engine_writes() -> None:
    app = App(Publisher())
    app.publisher.publish({"a": texts("run")})
    app.sync()
    rare = {"mode", "retry", "spoiled", "health", "rollout", "seed"}
    assert record_names() - rare == set(app.database.records)
    assert set(RECORDS) <= record_names()


def test_the_records_about_failures() -> None:
    database = MemoryDatabase()
    store = MemoryStore(database)
    drive(remember_wait(store, ServerError("busy", 503, 1e9), NOW - timedelta(hours=24), 20))
    names = ("retry", "health", "spoiled")
    (retry,), (health,), (spoiled,) = (find(rf"`{name}` \| JSON: `(.*?)`") for name in names)
    assert database.records == {"retry": seal(canonical(json.loads(retry)))}
    drive(SPOILED.write(store, Spoiled(MANIFEST.sequence, MANIFEST.digest)))
    expected = canonical({**json.loads(spoiled), "digest": MANIFEST.digest})
    assert database.records["spoiled"] == seal(expected)
    shown = json.loads(health)
    failures = Failures()
    for _ in range(shown["syncs"]):
        failures = failures.failed_sync(healing=False)
    drive(HEALTH.write(store, failures))
    assert database.records["health"] == seal(canonical(shown))


def test_the_records_that_javascript_writes() -> None:
    for name, module in (("mode", "vademecum.mjs"), ("retry", "page/background.mjs")):
        assert f'[["{name}", ' in (JS / module).read_text(encoding="utf-8")
        assert name in record_names()


def test_the_pointer() -> None:
    value = example('{"current"')
    head = decode_head(seal(canonical(value)))
    assert encode_head(head) == seal(canonical(value))
    (most,) = find(r"at most (\d+): those that failed their self-test")
    for sequence in range(1, 100):
        head = head.refuse(sequence)
    assert len(head.refused) == int(most)


def test_what_the_last_checks_found() -> None:
    value = example('{"checked"')
    assert SYNC.format(SYNC.parse(seal(canonical(value)))) == seal(canonical(value))


def test_places() -> None:
    most_values, most_places = find(r"at most ([\d,]+) each\.\n"), find(r"by rank, at most (\d+)\.")
    assert [int(n.replace(",", "")) for n in (*most_values, *most_places)] == [MOST_VALUES, MOST_PLACES]


def test_sqlite() -> None:
    application, version = find(r"`application_id` (0x[0-9a-f]+) \(`vade`\) and `user_version` (\d+)")
    assert int(application, 16) == sqlite_file.APPLICATION_ID == int.from_bytes(b"vade", "big")
    assert int(version) == sqlite_file.USER_VERSION
    for table in ("records(name, value)", "objects(digest, data)"):
        assert f"`{table}`" in PAGE
        name, *fields = re.findall(r"\w+", table)
        code = Path(str(sqlite_file.__file__)).read_text(encoding="utf-8")
        assert re.search(rf"CREATE TABLE {name} \({fields[0]} .*, {fields[1]} ", code)


def test_indexed_db() -> None:
    (prefix, version) = find(r"database `(vademecum:)URL` \(without its query\) has version (\d+) and the object")
    code = "".join((JS / name).read_text(encoding="utf-8") for name in ("store/reading.mjs", "store/database.mjs"))
    assert f"return `{prefix}${{url.split(" in code
    assert version == "1" and "await requested(name);" in code, "IndexedDB makes one at its first version"
    (newer,) = find(r"a version from (\d+) on is that of a newer format")
    assert f"NEWER_FORMAT = {int(newer):_};" in code
    for name in ("records", "objects"):
        assert f'= "{name}";' in code


def test_the_formats_of_javascript() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(JS.rglob("*.mjs")))
    for name in (segment.SEGMENT_FORMAT, encoder.ENCODER_FORMAT):
        assert f'"{name}"' in code


def test_the_format_number() -> None:
    assert PAGE.startswith(f"# The format\n\nFormat {FORMAT}.")


def test_nothing_on_the_page_is_left_unchecked() -> None:
    """Every block of the page is one that a test above takes up; a new one needs a test of its own."""
    beginnings = [text.split("\n")[0][:12] for _, text in BLOCKS]
    assert beginnings == [
        "version.json",
        "1f 8b 08 00 ",
        '"vademecum":',
        '{"vademecum"',
        '{"candidate"',
        "{",
        "04000000 4b6",
        "01 0b 0c 04 ",
        '{"markup": "',
        '{"current": ',
        '{"checked": ',
    ]


# Packs -------------------------------------------------------------------------------------------


def test_the_example_of_a_pack() -> None:
    (block,) = (text for _, text in BLOCKS if text.startswith("01 0b 0c"))
    data = bytes.fromhex(block)
    old = chunk_id("Keys", "Rotate", "rotate", "Run it.")
    vectors = [
        bytes(component % 256 for component in numbers(text))
        for text in find(r"its vector `\((.*?)\)`\. In release 12 .*?,\s+the vector `\((.*?)\)`")
    ]
    before, after = ((vector, segment.scale_of(vector)) for vector in vectors)
    chunk = segment.ChunkRow(old, 11, *before, "Rotate", "rotate", "Run it.")
    document = segment.DocumentRow("keys.md", 11, "Keys", "keys.html", "", (old,))

    class Release:
        def __len__(self) -> int:
            return 1

        async def documents(self, indices: Sequence[int]) -> list[OldDocument]:
            return [OldDocument(document, (chunk,)) for _ in indices]

    content = drive(decode_pack(data, Release(), dictionary.Header(11, 12, 4), EPOCH, 1_000))
    made = segment.decode_segment(content)
    new = chunk_id("Keys", "Rotate", "rotate", "Run it twice.")
    assert [made.document(row) for row in range(len(made.keys))] == [
        segment.DocumentRow("keys.md", 12, "Keys", "keys.html", "", (new,))
    ]
    assert [made.chunk(row) for row in range(len(made.ids))] == [
        segment.ChunkRow(new, 12, *after, "Rotate", "rotate", "Run it twice.")
    ]


def test_the_numbers_of_packs() -> None:
    told = section("4.4 Packs")
    assert f"**Told** is {dictionary.STEPS} for the steps alone, {dictionary.FACTS} for title" in told
    assert f"It is {dictionary.KEY} for its key as well" in told
    assert f"the last {dictionary.WINDOW:,} bytes of" in told
    spread = dictionary.Spread()
    assert f"*total* is {spread.total} and *count* {spread.count};" in told
    assert f"where *count* is {dictionary._SEEN} then" in told and f"and {dictionary._SEEN // 2}." in told
