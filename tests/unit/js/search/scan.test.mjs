import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeSegment } from "../../../../client/vademecum/js/format/segment.mjs";
import { place, plainPasses } from "../../../../client/vademecum/js/search/scan.mjs";
import { BINARY, Kernel } from "../../../../client/vademecum/js/search/kernel.mjs";
import { SCORE_PARTS, partOf } from "../../../../client/vademecum/js/search/arrays.mjs";
import { Passes } from "../../../../client/vademecum/js/search/passes.mjs";
import { segmentFile } from "../files.mjs";
import { build } from "../kernel.mjs";

// A fixed sequence: the tests are the same on every run.
let state = 11;
const next = (low, high) => low + (((state = (state * 1103515245 + 12345) % 2 ** 31) >> 8) % (high - low));

const ROWS = [0, 1, 33, 2, 5, 0, 17, 4];

/** Files of segments of random vectors; the first row has the least components and the largest scale. */
function draw(dimensions, count) {
  return ROWS.slice(0, count).map((rows) => {
    const chunks = Array.from({ length: rows }, (_, id) => {
      const vector = Array.from({ length: dimensions }, () => (id ? next(-128, 128) : -128));
      return { id: BigInt(id), scale: id ? next(0, 65536) : 65535, vector };
    });
    return segmentFile({ chunks, dimensions });
  });
}

/** What format.md, section 4.2, says. */
function told({ vectors, scales, dimensions }, query) {
  return Array.from(scales, (scale, row) => scale * query.reduce((sum, value, i) => sum + value * vectors[row * dimensions + i], 0) || 0); // never -0
}

const DIMENSIONS = [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 95, 96, 97, 191, 384, 4096];

test("every row of every segment has exactly the score of the page, with and without the kernel", () => {
  for (const dimensions of DIMENSIONS) {
    for (const count of [0, 1, 2, 3, 8]) {
      const files = draw(dimensions, count);
      const segments = files.map(decodeSegment);
      const placed = place(files);
      assert.notEqual(placed.kernel, null);
      const fast = placed.files.map(decodeSegment);
      for (const query of [
        Int8Array.from({ length: dimensions }, () => next(-127, 128)),
        new Int8Array(dimensions).fill(127),
        new Int8Array(dimensions).fill(-127),
        new Int8Array(dimensions),
      ]) {
        const scores = new Passes().scores(segments, query);
        const expected = segments.flatMap((segment) => told(segment, Array.from(query)));
        assert.deepEqual(Array.from(scores, (score) => score || 0), expected, `${dimensions}, ${count}`);
        assert.deepEqual(placed.kernel.scores(fast, query), scores, `${dimensions}, ${count}`); // -0 where it is -0
      }
    }
  }
});

test("the kernel is what its source gives", async () => assert.equal(BINARY, await build()));

/** What a question does with 500 rows of 40 documents, some of which are dead. @param {Passes} passes */
function passed(passes, seed) {
  state = seed;
  const [count, many] = [500, 40];
  const fill = (array, value) => array.map((_, i) => (array[i] = value(i))) && array;
  const owners = fill(passes.array(Int32Array, count), () => next(-1, many));
  const scores = fill(passes.floats(count), () => next(-20_000, 60_000));
  const [sums, out] = [passes.floats(many), passes.floats(count)];
  const told = [];
  const [rows, picked, counts, seen] = [count, count, 4096, many].map((size) => passes.numbers(size));
  const most = passes.floats(2);
  for (const bound of [30_000, 30_000.5, 59_990, 70_000, 1]) {
    const near = [...rows.subarray(0, passes.turn(owners, scores, sums.fill(0), rows, bound, most))];
    assert.deepEqual(near, [...scores.keys()].filter((row) => owners[row] >= 0 && scores[row] >= bound));
    assert.equal(most[0], Math.max(...scores));
    told.push(near, [...sums], [...scores]);
  }
  const live = rows.subarray(0, told[told.length - 3].length);
  const [slots, held] = [fill(passes.numbers(count), () => next(0, 3)), passes.array(Int32Array, count)];
  for (const bound of [-Infinity, 20_000, Infinity, NaN]) {
    const many = passes.pick(live, scores, slots, owners, bound, picked, held);
    const those = [...live].filter((row) => scores[row] >= bound && !slots[row]);
    assert.deepEqual([[...picked.subarray(0, many)], [...held.subarray(0, many)]], [those, those.map((row) => owners[row])]);
  }
  const theirs = held.subarray(0, live.length);
  live.forEach((row, i) => (theirs[i] = owners[row]));
  told.push([...picked.subarray(0, passes.owning(theirs, seen, picked))], [...seen]);
  const bounds = fill(passes.numbers(many + 1), (i) => 3 * i + (i % 3));
  const [said, pages, titles] = [count, many, many].map((size) => fill(passes.floats(size), () => next(0, 1000) / 997));
  const meant = passes.floats(count);
  for (const weights of [[5, 3, 0.37, 0.1, 0.3], [1, 0, 0, 0, 0]]) {
    passes.fuse(live, out, scores, sums, bounds, theirs, said, pages, titles, 31.7, ...weights, meant);
    told.push([...out]);
  }
  assert.deepEqual([...meant.subarray(0, live.length)], Array.from(live, (row) => scores[row]));
  out.set([-1, 1e300, 4, 3.9999, NaN]);
  for (const most of [0, 1, 7, live.length, live.length + 1]) told.push([passes.tally(out.subarray(0, live.length), counts, most), ...counts]);
  assert.deepEqual([told.at(-5)[0], told.at(-1)[0]], [4096, 0]);
  for (const least of [-Infinity, 1.5, 4, Infinity]) {
    const taken = passes.take(live, out, picked, least, scores);
    assert.deepEqual([...picked.subarray(0, taken)], [...live].filter((_, i) => out[i] >= least));
    told.push([...scores]);
  }

  // Three lists of rows that have a word, of two segments; all live rows have it in the end.
  const [listed, lengths, slotted, theirSlots, counted, had, used] = [count, count, count, count, count, count + 1, 1].map((size) => passes.numbers(size));
  const [times, owned, lengthNorms] = [passes.array(Uint16Array, count), passes.array(Int32Array, count), passes.floats(count)];
  fill(lengths, () => next(0, 90));
  let haveIt = 0;
  for (const [start, list] of [[0, [...Array(300).keys()]], [100, [...Array(150).keys()].map((i) => 2 * i)], [0, [...Array(count).keys()]]]) {
    listed.set(list);
    list.forEach((_, i) => (times[i] = next(1, 900)));
    haveIt = passes.count(listed.subarray(0, list.length), times, start, theirSlots, owners, lengths, slotted, owned, lengthNorms, counted, had, haveIt, used, 1.2, 0.25, 0.75, 41.7);
    told.push([...had.subarray(0, haveIt)], [...counted], [...slotted], [...owned], [...lengthNorms], [...theirSlots], used[0]);
  }
  assert.deepEqual([...slotted.subarray(0, used[0])].sort((a, b) => a - b), [...owners.keys()].filter((row) => owners[row] >= 0));

  // Two words: the one stands for two groups, whose rows overlap.
  const [often, having, touched] = [count, count, count].map((size) => passes.numbers(size));
  const [norms, best, found] = [count, count, count].map((size) => passes.floats(size));
  fill(norms, () => next(1, 900) / 397);
  const together = passes.floats(1);
  for (const groups of [[0.6, 1], [1]]) {
    let many = 0;
    for (const worth of groups) {
      const asked = live.filter(() => next(0, 3));
      asked.forEach((row) => (often[row] = next(1, 9)));
      having.set(asked);
      many = passes.weigh(having.subarray(0, asked.length), often, norms, best, touched, many, 2.2, 3.7, worth, worth === 0.6);
    }
    told.push([...touched.subarray(0, many)], [...best], [...often]);
    passes.add(touched.subarray(0, many), best, found, together);
    assert.equal(together[0], Math.max(...found));
    told.push([...found], [...best]);
  }
  const holding = passes.floats(50);
  let holders = 0;
  for (const weight of [0.5, 0.25, 0.75]) {
    const some = [...theirs.keys()].filter(() => next(0, 9) === 0);
    having.set(some);
    holders = passes.have(having.subarray(0, some.length), theirs, holding, touched, holders, weight);
    for (const slot of some) assert.ok(holding[theirs[slot]] >= weight);
  }
  told.push([...touched.subarray(0, holders)], [...holding]);
  passes.sum(found.subarray(0, live.length), theirs, sums, most);
  told.push([...sums], [...most]);

  // In order, and how many come before each; many are equal.
  const [ids, asked, before, values, first] = [passes.array(BigUint64Array, count), passes.numbers(60), passes.numbers(61), passes.floats(61), passes.numbers(SCORE_PARTS + 1)];
  ids.forEach((_, i) => (ids[i] = (BigInt(next(1, 2 ** 20)) << 44n) + BigInt(i)));
  for (const size of [0, 1, 2, 3, 17, 60]) {
    fill(found, () => next(0, 40));
    live.forEach((row, i) => (said[i] = found[row]));
    asked.set(live.subarray(0, size));
    passes.sort(asked.subarray(0, size), found, ids);
    // Whatever stands in the parts, they only say where comparing begins: here of all rows, and of those that lie in parts above.
    asked.subarray(0, size).forEach((row, i) => (values[i] = found[row]));
    values[size] = -Infinity;
    for (const [least, factor] of [[0, 0], [-2, 9], [3, 0.7], [values[size - 1], Infinity]]) {
      for (let part = -1; part < SCORE_PARTS; part++) first[part + 1] = [...values.subarray(0, size)].filter((value) => partOf(value, least, factor) > part).length;
      if (size) passes.rank(live, asked, values, said, ids, before.fill(0), first, least, factor);
      told.push([...before]);
    }
    told.push([...asked.subarray(0, size)], [...before]);
    const order = [...live].sort((a, b) => found[b] - found[a] || (ids[a] < ids[b] ? -1 : 1));
    const places = [...asked.subarray(0, size)].map((row, i, rows) => order.indexOf(row) - (i ? order.indexOf(rows[i - 1]) : -1));
    assert.deepEqual([...before.subarray(0, size)], places);
  }
  return told;
}

test("what is made of the scores is the same in the kernel", () => {
  for (const seed of [1, 2, 3]) {
    const expected = passed(new Passes(), seed);
    assert.deepEqual(passed(new Kernel([], 500, 40, 1), seed), expected);
  }
});

test("a file that the kernel reads is the file", () => {
  const files = draw(7, 8);
  assert.deepEqual(place(files).files, files);
});

test("without WebAssembly, or memory for it, there is no kernel", () => {
  const { WebAssembly: real } = globalThis;
  class Memory {
    constructor() {
      throw new RangeError("no room");
    }
  }
  try {
    for (const found of [undefined, { Module: real.Module, Instance: real.Instance, Memory }]) {
      globalThis.WebAssembly = found;
      const files = draw(7, 8);
      const placed = place(files);
      assert.equal(placed.kernel, null);
      assert.equal(placed.files, files);
    }
  } finally {
    globalThis.WebAssembly = real;
  }
});

test("letters are found behind one another as the kernel finds them, from text to text", () => {
  const kernel = new Kernel([], 0, 0, 1);
  const has = (passes, sought, texts) => {
    const [letters, back] = [sought.length, sought.length + 1].map((size) => passes.numbers(size));
    for (let i = 0; i < sought.length; i++) {
      letters[i] = sought.charCodeAt(i);
      back[i + 1] = Array.from({ length: i }, (_, size) => i - size).find((size) => sought.startsWith(sought.slice(i + 1 - size, i + 1))) ?? 0;
    }
    const columns = texts.map((text) => {
      const written = new TextEncoder().encode(`x${text}y`);
      const bytes = passes.array(Uint8Array, written.length);
      bytes.set(written);
      return [bytes, 1, written.length - 1];
    });
    return Boolean(passes.holds(letters, back, ...columns.flat()));
  };
  for (let i = 0; i < 2000; i++) {
    const draw = (length, some) => Array.from({ length }, () => some[next(0, some.length)]).join("");
    const texts = [3, 9, 30].map((most) => draw(next(0, most), i % 9 ? "aAbB1 -_@[`{/:\x00" : "aAbB1é "));
    const sought = draw(next(0, 9), "ab1");
    const told = /[^\0-\x7f]/.test(texts.join("")) ? undefined : texts.join("").replace(/[^a-z0-9]/gi, "").toLowerCase().includes(sought);
    const found = [new Passes(), kernel].map((passes) => has(passes, sought, texts));
    assert.equal(found[0], found[1], JSON.stringify([texts, sought]));
    if (told !== undefined) assert.equal(found[0], told, JSON.stringify([texts, sought]));
    kernel.free = kernel.end;
  }
  for (const passes of [new Passes(), kernel]) assert.ok(has(passes, "ab1", ["", "é", ""]));
});

test("what lies outside of its memory the kernel refuses", () => {
  const kernel = new Kernel([], 9, 1, 1);
  assert.throws(() => kernel.sort(kernel.numbers(2), kernel.floats(9), new BigUint64Array(9)), RangeError);
  assert.throws(() => kernel.floats(1e6), RangeError);
});

test("products of rows with one are the same in the kernel", () => {
  for (const dimensions of [1, 15, 96, 97, 4096]) {
    const [count, row] = [dimensions > 100 ? 200 : 9, Int8Array.from({ length: dimensions }, () => next(-8, 8))];
    const made = [new Passes(), new Kernel([], 0, 0, dimensions)].map((passes) => {
      const arrays = [passes.floats(count), passes.array(Int8Array, count * dimensions), passes.array(Uint16Array, count).fill(1)];
      return { passes, arrays };
    });
    const rows = Int8Array.from({ length: count * dimensions }, () => next(-8, 8));
    const [plain, placed] = made.map(({ passes, arrays: [products, into, ones] }) => {
      into.set(rows);
      passes.products(products, into, ones, row);
      return [...products].map((product) => product + 0); // never -0
    });
    assert.deepEqual(placed, plain);
    assert.equal(plain[1], row.reduce((sum, value, i) => sum + value * rows[dimensions + i], 0) + 0);
  }
});
