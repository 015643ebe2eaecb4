import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { decodeSegment } from "../../../../client/vademecum/js/format/segment.mjs";
import { openGeneration } from "../../../../client/vademecum/js/search/generation.mjs";
import { segmentFile } from "../files.mjs";

// Made and checked by Python too: tests/unit/client/search/test_vectors.py.
const { cases } = JSON.parse(readFileSync(new URL("../../client/search/golden_scan.json", import.meta.url), "utf8"));

for (const { dimensions, query, segment, hits } of cases) {
  test(`${dimensions} dimensions: the hits and scores are Python's`, async () => {
    const { passes, segments, index } = await openGeneration([new Uint8Array(Buffer.from(segment, "base64"))], { dimensions, epoch: "e" });
    const scores = [...passes.scores(segments, Int8Array.from(query))].map((score, row) => [index.ids[row].toString(16).padStart(16, "0"), score]);
    const found = scores.filter(([, score]) => score > 0).sort(([a, mine], [b, its]) => its - mine || (a < b ? -1 : 1));
    assert.deepEqual(found.slice(0, 10), hits);
  });
}

test("vectors that are no signed bytes are refused, and so are those of other dimensions than the release's", async () => {
  const file = segmentFile({ chunks: [{ id: 1n, vector: [1, 2, 3] }], dimensions: 3 });
  assert.equal(decodeSegment(file).dimensions, 3);
  const text = Buffer.from(file).toString("latin1");
  assert.throws(() => decodeSegment(new Uint8Array(Buffer.from(text.replace('"I8"', '"U8"'), "latin1"))), { code: "content" });
  await assert.rejects(openGeneration([file], { dimensions: 2, epoch: "e" }), { code: "content" });
});
