import assert from "node:assert/strict";
import { test } from "node:test";

import { inOrder, placesOf } from "../../../../client/vademecum/js/search/ranking.mjs";

// A fixed sequence: the tests are the same on every run.
let state = 5;
const next = (most) => ((state = (state * 1103515245 + 12345) % 2 ** 31) >> 8) % most;

/** Scores with many ties, some below zero; each id once. @param {number} spread */
function draw(count, spread) {
  return {
    scores: Float64Array.from({ length: count }, () => (next(spread) - 2) / 7),
    ids: BigUint64Array.from({ length: count }, (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn),
    owners: Int32Array.from({ length: count }, () => next(8) - 1),
  };
}

for (const spread of [3, 50, 100_000]) {
  test(`of ${spread} scores the best come first, however many are asked for`, () => {
    const { scores, ids } = draw(3000, spread);
    const rows = Uint32Array.from({ length: 3000 }, (_, row) => row).filter((row) => row % 3);
    for (const named of [new Set(), new Set([7, 8, 9, 2000])]) {
      const all = [...rows].sort((a, b) => Number(named.has(b)) - Number(named.has(a)) || scores[b] - scores[a] || (ids[a] < ids[b] ? -1 : 1));
      for (const first of [1, 10, 210, 5000]) assert.deepEqual([...inOrder({ rows, scores, named }, ids, first)], all);
    }
  });

  test(`of ${spread} scores a place is that among all live rows`, () => {
    const { scores, ids, owners } = draw(3000, spread);
    const rows = [...owners.keys()].filter((row) => owners[row] >= 0 && row % 50 === 0);
    const live = [...owners.keys()].filter((row) => owners[row] >= 0 && scores[row] > 0);
    const order = live.sort((a, b) => scores[b] - scores[a] || (ids[a] < ids[b] ? -1 : 1));
    const told = new Map(rows.map((row) => [row, scores[row] > 0 ? order.indexOf(row) + 1 : null]));
    assert.deepEqual(placesOf(rows, scores, owners, ids), told);
  });
}

test("of the best hundred those come before whose heading is the query", () => {
  const scores = Float64Array.from({ length: 300 }, (_, row) => 9 - row / 1000);
  const ids = BigUint64Array.from({ length: 300 }, (_, row) => BigInt(row));
  const rows = Uint32Array.from({ length: 300 }, (_, row) => row);
  const found = [...inOrder({ rows, scores, named: new Set([1]) }, ids, 10, (row) => row === 100 || row === 101)];
  assert.deepEqual([found.slice(0, 4), found.length], [[1, 100, 0, 2], 300]);
});

test("where nothing has a score there is no place, and nothing to order", () => {
  const scores = new Float64Array(3);
  assert.deepEqual([...placesOf([0, 2], scores, new Int32Array(3), new BigUint64Array(3)).values()], [null, null]);
  assert.deepEqual([...inOrder({ rows: new Uint32Array(0), scores, named: new Set() }, new BigUint64Array(3), 5)], []);
});
