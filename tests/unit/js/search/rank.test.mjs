import assert from "node:assert/strict";
import { test } from "node:test";

import { openGeneration } from "../../../../client/vademecum/js/search/generation.mjs";
import { cosine, rank } from "../../../../client/vademecum/js/search/rank.mjs";
import { segmentFile } from "../files.mjs";

function open(chunks, dimensions, dead = []) {
  const live = chunks.map(({ id }) => id).filter((id) => !dead.includes(id));
  const half = chunks.length >> 1;
  const files = [
    segmentFile({ chunks: chunks.slice(0, half), dimensions, documents: [{ key: "k", chunks: live }] }),
    segmentFile({ chunks: chunks.slice(half), dimensions }),
  ];
  return openGeneration(files, { dimensions, epoch: "e" });
}

// A fixed sequence: the tests are the same on every run.
function* random(seed) {
  for (let state = seed; ; ) yield (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
}

test("the best of many are those that sorting everything gives", () => {
  const chance = random(7);
  const next = (low, high) => low + Math.floor(chance.next().value * (high - low));
  for (const dimensions of [1, 5, 8, 191]) {
    const spread = dimensions === 1 ? 3 : 128; // few values: many ties
    const chunks = Array.from({ length: 300 }, (_, i) => ({
      id: BigInt((i * 7919) % 300),
      scale: next(0, dimensions === 1 ? 2 : 65536),
      vector: Array.from({ length: dimensions }, () => next(1 - spread, spread)),
    }));
    const query = Int8Array.from({ length: dimensions }, () => next(1 - spread, spread) || 1);
    const dead = [5n, 6n, 7n];
    const all = chunks
      .filter(({ id }) => !dead.includes(id))
      .map(({ id, scale, vector }) => ({ id, raw: scale * vector.reduce((sum, value, i) => sum + value * query[i], 0) }))
      .filter(({ raw }) => raw > 0)
      .sort((a, b) => b.raw - a.raw || Number(a.id - b.id));
    for (const limit of [1, 7, 1000]) {
      const hits = rank(open(chunks, dimensions, dead), query, limit);
      assert.deepEqual(hits.map(({ id, raw }) => ({ id, raw })), all.slice(0, limit), `${dimensions}, ${limit}`);
    }
  }
});

test("the largest vectors and scale are exact", () => {
  const dimensions = 4096;
  const chunk = { id: 1n, scale: 65535, vector: Array(dimensions).fill(-127) };
  const [hit] = rank(open([chunk], dimensions), new Int8Array(dimensions).fill(-127), 1);
  assert.equal(hit.raw, 65535 * 127 * 127 * 4096);
});

test("nothing with a score of zero or less is a hit", () => {
  const chunks = [{ id: 1n, vector: [1, 0] }, { id: 2n, vector: [-1, 0] }, { id: 3n, vector: [0, 1] }, { id: 4n, vector: [1, 0], scale: 0 }];
  assert.deepEqual(rank(open(chunks, 2), Int8Array.of(1, 0), 9).map(({ id }) => id), [1n]);
  assert.deepEqual(rank(open(chunks, 2), Int8Array.of(0, 0), 9), []);
});

test("ids beyond 2^53 break ties exactly", () => {
  const ids = [2n ** 63n + 1n, 2n ** 63n, 2n ** 64n - 1n];
  const hits = rank(open(ids.map((id) => ({ id })), 2), Int8Array.of(1, 1), 2);
  assert.deepEqual(hits.map(({ id }) => id), [2n ** 63n, 2n ** 63n + 1n]);
});

test("the shown score is the cosine of format.md's example with itself", () => {
  // v = (3, -4, 0): vector (95, -127, 0), scale 52428 (format.md, section 4.2)
  const query = Int8Array.of(95, -127, 0);
  const [{ raw }] = rank(open([{ id: 1n, vector: [95, -127, 0], scale: 52428 }], 3), query, 1);
  assert.equal(raw, 52428 * (95 * 95 + 127 * 127));
  assert.equal(cosine(raw, query, 8), raw / (65535 * 127 * Math.sqrt(25154)));
  assert.ok(Math.abs(cosine(raw, query, 8) - 1) < 0.01);
});
