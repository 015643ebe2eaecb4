import assert from "node:assert/strict";
import { test } from "node:test";

import { Meaning } from "../../../../client/vademecum/js/search/meaning.mjs";
import { Passes } from "../../../../client/vademecum/js/search/passes.mjs";
import { apart, inOrder, placesOf, roomFor } from "../../../../client/vademecum/js/search/ranking.mjs";

// A fixed sequence: the tests are the same on every run.
let state = 5;
const next = (most) => ((state = (state * 1103515245 + 12345) % 2 ** 31) >> 8) % most;

const room = roomFor(new Passes(), 3000, 40);
/** As `fuse` leaves it: scores in the order of the rows. `words`: scores by words of each row, by what all weigh. */
function ranked(rows, scores, named, words = scores.map(() => 3)) {
  rows.forEach((row, i) => (room.totals[i] = scores[row]));
  return { rows, scores: new Float64Array(scores.length), named, found: { slots: Uint32Array.from(words, (_, row) => row + 1), scores: words, weight: 4 } };
}
const orderOf = (...given) => Array.from(inOrder(...given), (rows) => [...rows]).flat();

/** Scores with many ties, some below zero; each id once. @param {number} spread */
function draw(count, spread) {
  return {
    scores: Float64Array.from({ length: count }, () => (next(spread) - 2) / 7),
    ids: BigUint64Array.from({ length: count }, (_, i) => (BigInt(i) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn),
  };
}

for (const spread of [3, 50, 100_000]) {
  test(`of ${spread} scores the best come first, however many are asked for`, () => {
    const { scores, ids } = draw(3000, spread);
    const rows = Uint32Array.from({ length: 3000 }, (_, row) => row).filter((row) => row % 3);
    for (const named of [new Set(), new Set([7, 8, 9, 2000])]) {
      const all = [...rows].sort((a, b) => Number(named.has(b)) - Number(named.has(a)) || scores[b] - scores[a] || (ids[a] < ids[b] ? -1 : 1));
      for (const first of [1, 10, 210, 5000]) assert.deepEqual(orderOf(ranked(rows, scores, named), ids, first, room), all);
    }
  });

  test(`of ${spread} scores a place is that among all that answer`, () => {
    const { scores, ids } = draw(3000, spread);
    const answering = Uint32Array.from(scores.keys()).filter((row) => row % 3 === 0);
    const rows = [...answering].filter((row) => row % 50 === 0);
    const order = answering.filter((row) => scores[row] > 0).sort((a, b) => scores[b] - scores[a] || (ids[a] < ids[b] ? -1 : 1));
    const told = rows.filter((row) => scores[row] > 0).map((row) => [row, order.indexOf(row) + 1]);
    assert.deepEqual(placesOf(rows, answering, (row) => scores[row], Float64Array.from(answering, (row) => scores[row]), ids, room), new Map(told));
  });
}

test("of the best hundred those come before whose heading is the query, or whose title is near to it; twenty of those that say it", () => {
  const scores = Float64Array.from({ length: 300 }, (_, row) => 9 - row / 1000);
  const ids = BigUint64Array.from({ length: 300 }, (_, row) => BigInt(row));
  const rows = Uint32Array.from({ length: 300 }, (_, row) => row);
  for (const names of [{ headed: (row) => row === 100 || row === 101 }, { called: (row) => Number(row === 100 || row === 101) }]) {
    const found = orderOf(ranked(rows, scores.slice(), new Set([1])), ids, 10, room, names);
    assert.deepEqual([found.slice(0, 4), found.length], [[1, 100, 0, 2], 300]);
  }
  const dated = (/** @type {number} */ row) => row < 3;
  assert.deepEqual(orderOf(ranked(rows, scores.slice(), new Set([1])), ids, 10, room, { dated }).slice(0, 4), [1, 3, 4, 5]);
  const phrased = (/** @type {number} */ row) => row === 20 || row === 21;
  assert.deepEqual(orderOf(ranked(rows, scores.slice(), new Set([1])), ids, 10, room, { phrased }).slice(0, 4), [1, 20, 21, 0]);
  // A quarter of what they weigh: the first is not read, those of the best hundred are, till twenty say it.
  const words = scores.map((_, row) => (row < 30 ? 0.9 : 1));
  const said = (/** @type {number} */ row) => Number([10, 31, 48, 55, 101].includes(row));
  assert.deepEqual(orderOf(ranked(rows, scores.slice(), new Set([1]), words), ids, 10, room, { phrased: said }).slice(0, 5), [1, 31, 48, 55, 0]);
  assert.deepEqual(orderOf(ranked(rows, scores.slice(), new Set([1]), words), ids, 10, room, { phrased: () => 1 }).slice(19, 23), [48, 49, 0, 2]);
});

test("what is dated stands where its score says, also behind those that are given first, and each once", () => {
  const scores = Float64Array.from({ length: 300 }, (_, row) => 3 - row / 1000);
  const ids = BigUint64Array.from({ length: 300 }, (_, row) => BigInt(row));
  const rows = Uint32Array.from({ length: 300 }, (_, row) => row);
  const sums = scores.map((score, row) => score + (row === 50 ? 0.45 : 0) - (row < 3 ? 0.1 : 0));
  const order = [...rows].sort((a, b) => sums[b] - sums[a] || a - b);
  assert.ok(order.indexOf(2) > 99);
  for (const first of [10, 101, 300]) {
    const list = ranked(rows, scores, new Set());
    assert.deepEqual(orderOf(list, ids, first, room, { dated: (row) => row < 3, headed: (row) => row === 50 }), order);
    assert.deepEqual([...list.scores], [...sums]);
  }
});

test("where nothing has a score there is no place, and nothing to order", () => {
  const scores = new Float64Array(3);
  assert.deepEqual(placesOf([0, 2], Uint32Array.of(0, 1, 2), (row) => scores[row], scores, new BigUint64Array(3), room), new Map());
  assert.deepEqual(orderOf(ranked(new Uint32Array(0), scores, new Set()), new BigUint64Array(3), 5, room), []);
});

test("a place among scores that lie as far apart as numbers can", () => {
  const scores = Float64Array.of(1, -1e300, 1e300, 1e12, -1e12, 0.5, 0);
  const ids = BigUint64Array.from({ length: 7 }, (_, row) => BigInt(row));
  for (const [row, place] of [[0, 3], [2, 1], [3, 2], [5, 4], [6, undefined]]) assert.equal(placesOf([row], Uint32Array.from(scores.keys()), (row) => scores[row], scores, ids, room).get(row), place);
});

test("rows near enough are those that comparing each would find, and dead ones are none", () => {
  const query = Int8Array.of(3, 4);
  const scores = Float64Array.from({ length: 2000 }, () => Math.round(65535 * (next(100_000) / 10_000 - 5)));
  scores[5] = 65535 * 5;
  const owners = Int32Array.from({ length: 2000 }, (_, row) => (row === 5 ? 0 : next(8) - 1));
  const generation = { owners, documents: Array.from({ length: 7 }), passes: new Passes(), segments: [] };
  generation.passes.scores = () => scores.slice();
  const meaning = new Meaning(generation);
  const rows = new Uint32Array(2000);
  meaning.turnTo(query, 0, rows);
  const cosines = [...scores].map((score, row) => (owners[row] < 0 ? 0 : score / (65535 * 5)));
  for (const [share, least] of [[0, 0], [0.5, 0.1], [0.8, 0.1], [0.5, 0.9], [1, 0], ...cosines.slice(0, 50).map((cosine) => [0, cosine])]) {
    const floor = Math.max(share * Math.max(...cosines), least);
    const bound = meaning.bound(share, least);
    const near = (row) => cosines[row] > 0 && cosines[row] >= floor;
    assert.deepEqual([...cosines.keys()].filter((row) => meaning.scores[row] >= bound), [...cosines.keys()].filter(near));
    assert.equal(bound === 1 || (bound - 1) / meaning.unit < floor, true);
    meaning.turnTo(query, least, rows);
    assert.deepEqual([...meaning.near], [...cosines.keys()].filter((row) => cosines[row] > 0 && cosines[row] >= least));
  }
  const sum = (at) => [...owners.keys()].filter((row) => owners[row] === at).reduce((sum, row) => sum + scores[row], 0);
  assert.deepEqual([...meaning.sums], [0, 1, 2, 3, 4, 5, 6].map(sum));
});

test("owners are told once, at each question", () => {
  const owners = Int32Array.from({ length: 300 }, () => next(40));
  for (const some of [owners.slice(3, 6), owners]) assert.deepEqual([...apart(some, room)], [...new Set(some)]);
});
