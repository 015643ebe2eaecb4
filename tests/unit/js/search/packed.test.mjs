import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decodeSegment } from "../../../../client/vademecum/js/format/segment.mjs";
import { openGeneration } from "../../../../client/vademecum/js/search/generation.mjs";
import { rotateQuery } from "../../../../client/vademecum/js/search/rotation.mjs";
import { segmentFile } from "../files.mjs";

// Made and checked by Python too: tests/unit/client/search/test_vectors.py.
const { cases } = JSON.parse(readFileSync(new URL("../../client/search/golden_packed.json", import.meta.url), "utf8"));

for (const { bits, dimensions, query, turned, segment, hits } of cases) {
  test(`${bits} bits, ${dimensions} dimensions: the hits and scores are Python's`, () => {
    const generation = openGeneration([new Uint8Array(Buffer.from(segment, "base64"))], { dimensions, epoch: "e" });
    assert.equal(generation.bits, bits);
    if (bits !== 8) assert.deepEqual([...rotateQuery(Int8Array.from(query))], turned);
    const vector = Int8Array.from(turned);
    const scores = [...generation.scan.scores(vector)].map((score, row) => [generation.index.ids[row].toString(16).padStart(16, "0"), score]);
    const found = scores.filter(([, score]) => score > 0).sort(([a, mine], [b, its]) => its - mine || (a < b ? -1 : 1));
    assert.deepEqual(found.slice(0, 10), hits.map((hit) => hit.slice(0, 2)));
  });
}

test("the largest packed sums are exact", () => {
  const dimensions = 4096;
  for (const [bits, most] of [[4, 7], [2, 3]]) {
    const vector = Array((dimensions * bits) / 8).fill(255);
    const generation = openGeneration(
      [segmentFile({ chunks: [{ id: 1n, scale: 65535, vector }], documents: [{ key: "k", chunks: [1n] }], dimensions, bits })],
      { dimensions, epoch: "e" },
    );
    const [raw] = generation.scan.scores(new Int8Array(dimensions).fill(127));
    assert.equal(raw, 65535 * 127 * most * dimensions);
  }
});

test("a query that means nothing stays nothing when it is turned", () => {
  assert.deepEqual([...rotateQuery(new Int8Array(6))], [0, 0, 0, 0, 0, 0]);
});

test("packings that are not known, or do not fit, are refused", () => {
  const of = (metadata) =>
    decodeSegment(
      segmentFile({ chunks: [{ id: 1n, vector: [1, 2, 3] }], dimensions: 5, bits: 4, metadata }),
    );
  assert.equal(of({}).dimensions, 5);
  for (const metadata of [{ bits: "3" }, { bits: "8" }, { bits: undefined }, { dimensions: undefined }, { dimensions: "05" }, { dimensions: "7" }]) {
    assert.throws(() => of(metadata), { code: "content" }, JSON.stringify(metadata));
  }
});

test("segments of different packings do not stand in one generation", () => {
  const files = [segmentFile({ dimensions: 2 }), segmentFile({ dimensions: 2, bits: 4 })];
  assert.throws(() => openGeneration(files, { dimensions: 2, epoch: "e" }), { code: "content" });
});
