import assert from "node:assert/strict";
import { test } from "node:test";

import { Arrays } from "../../../../client/vademecum/js/search/arrays.mjs";
import { compareBytes, IdTable, openGeneration } from "../../../../client/vademecum/js/search/generation.mjs";
import { segmentFile } from "../files.mjs";

const open = (...segments) => openGeneration(segments.map(segmentFile), { dimensions: 2, epoch: "e" });
const keys = (generation) => generation.documents.map(({ key }) => key);
const liveIds = (generation) =>
  [...generation.owners].flatMap((owner, at) => (owner < 0 ? [] : [generation.passage(at).id])).sort();

const old = { documents: [{ key: "a", sequence: 1, chunks: [1n] }, { key: "b", sequence: 1, chunks: [2n] }], chunks: [{ id: 1n }, { id: 2n }] };
const newer = { documents: [{ key: "a", sequence: 2, chunks: [3n] }, { key: "b", sequence: 2, removed: 1 }], chunks: [{ id: 3n }] };

test("the highest sequence of a key counts, whatever the order of the segments", async () => {
  for (const order of [[newer, old], [old, newer]]) {
    const generation = await open(...order);
    assert.deepEqual(keys(generation), ["a"]);
    assert.deepEqual(liveIds(generation), ["0000000000000003"]);
    assert.equal(generation.chunkCount, 1);
    assert.equal(generation.document("b"), null);
  }
});

test("a document that comes back after its tombstone is live", async () => {
  const again = { documents: [{ key: "b", sequence: 3, chunks: [2n] }] };
  assert.deepEqual(keys(await open(again, newer, old)), ["a", "b"]);
});

test("documents stand by the bytes of their keys, not by UTF-16", async () => {
  const astral = "\u{1f600}";
  const generation = await open({ documents: [{ key: astral }, { key: "\uffee" }, { key: "z" }, { key: "za" }] });
  assert.deepEqual(keys(generation), ["z", "za", "\uffee", astral]);
  assert.ok(astral < "\uffee"); // what JavaScript thinks
});

test("a chunk of several documents is shown with the lowest key", async () => {
  const shared = { id: 7n, text: "shared" };
  const generation = await open({
    documents: [{ key: "\u{1f600}", title: "second", chunks: [7n] }, { key: "\uffee", title: "first", chunks: [7n] }],
    chunks: [shared],
  });
  assert.equal(generation.heads(0).title, "first");
  assert.equal(generation.heads(1).title, "second");
  assert.deepEqual(generation.holding(0), [0, 1]);
  assert.equal(generation.chunkCount, 1);
  assert.equal(generation.document("\u{1f600}").chunks[0].text, "shared");
});

test("a chunk that two segments hold counts once", async () => {
  const generation = await open({ documents: [{ key: "a", chunks: [1n] }], chunks: [{ id: 1n }] }, { chunks: [{ id: 1n }] });
  assert.equal(generation.chunkCount, 1);
});

test("a hit has the document's fields, joined headings and the anchor", async () => {
  const generation = await open({
    documents: [{ key: "k", title: "T", url: "k.html", metadata: '{"a":[1]}', chunks: [255n, 1n] }],
    chunks: [{ id: 255n, headings: "One\x1fTwo", anchor: "two", text: "*text*" }, { id: 1n, anchor: "", text: "top" }],
  });
  assert.deepEqual(generation.passage(0), { id: "00000000000000ff", heading: "One › Two", url: "k.html#two", markdown: "*text*" });
  assert.deepEqual(generation.heads(0), { document: "k", title: "T", metadata: { a: [1] } });
  assert.equal(generation.passage(1).url, "k.html");
  assert.deepEqual(generation.document("k"), {
    key: "k",
    title: "T",
    url: "k.html",
    metadata: { a: [1] },
    chunks: [
      { id: "00000000000000ff", heading: "One › Two", headings: ["One", "Two"], anchor: "two", text: "text", markdown: "*text*" },
      { id: "0000000000000001", heading: "", headings: [], anchor: "", text: "top", markdown: "top" },
    ],
  });
});

test("a document without a URL gives none to its hits, and no metadata are an empty object", async () => {
  const generation = await open({ documents: [{ key: "k", chunks: [1n] }], chunks: [{ id: 1n, anchor: "x" }] });
  assert.deepEqual([generation.passage(0).url, generation.heads(0).metadata], ["", {}]);
});

test("a document that names an unknown chunk is refused", async () => {
  await assert.rejects(open({ documents: [{ key: "k", chunks: [1n] }] }), { code: "content", message: /0000000000000001/ });
});

test("segments of another epoch or width are refused", async () => {
  await assert.rejects(open(old, { ...newer, epoch: "f" }), { code: "content" });
  await assert.rejects(open({ dimensions: 3 }), { code: "content" });
});

test("an empty knowledge base opens", async () => {
  assert.equal((await open()).chunkCount, 0);
});

test("the id table finds every id among many, and no other", () => {
  const ids = BigUint64Array.from({ length: 5000 }, (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn);
  const table = new IdTable([ids.subarray(0, 10), ids.subarray(10)], new Arrays());
  ids.forEach((id, row) => assert.equal(table.find(id), row));
  assert.equal(table.find(1n), undefined);
  assert.equal(table.find(ids[3] ^ (1n << 63n)), undefined);
});

test("bytes compare as memcmp does", () => {
  const bytes = (...values) => Uint8Array.from(values);
  assert.ok(compareBytes(bytes(1), bytes(1, 0)) < 0);
  assert.ok(compareBytes(bytes(255), bytes(1, 0)) > 0);
  assert.equal(compareBytes(bytes(3, 4), bytes(3, 4)), 0);
});
