// Questions that are answered by the kernel, in a memory made for all arrays of these, and by JavaScript where there is none.
import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeEncoder } from "../../../../client/vademecum/js/search/encoder.mjs";
import { openGeneration } from "../../../../client/vademecum/js/search/generation.mjs";
import { Kernel } from "../../../../client/vademecum/js/search/kernel.mjs";
import { MOST_LOOKED_AT } from "../../../../client/vademecum/js/search/neighbours.mjs";
import { Passes } from "../../../../client/vademecum/js/search/passes.mjs";
import { Places } from "../../../../client/vademecum/js/search/places.mjs";
import { Searcher } from "../../../../client/vademecum/js/search/searcher.mjs";
import { encoderFile, LATIN, segmentFile } from "../files.mjs";

let state = 5;
const next = (high) => ((state = (state * 1103515245 + 12345) % 2 ** 31) >> 8) % high;
const WORDS = ["elm", "lime", "oak", "ash", "late", "early", "tall", "old"];
const said = (count) => Array.from({ length: count }, () => WORDS[next(WORDS.length)]).join(" ");

/** A base of so many documents, each of as many chunks; `vocabulary` words more than texts have. */
function drawn(count, each, dimensions, vocabulary = 0) {
  state = 5;
  const chunks = Array.from({ length: count * each }, (_, i) => ({ id: BigInt(i + 1), text: said(9), vector: Array.from({ length: dimensions }, () => next(255) - 127), scale: 40_000 + next(9000) }));
  const documents = Array.from({ length: count }, (_, at) => ({
    ...{ key: `k${String(at).padStart(5, "0")}`, title: said(1 + (at % 3)), metadata: JSON.stringify({ kind: WORDS[at % 2] }) },
    chunks: chunks.slice(at * each, (at + 1) * each).map(({ id }) => id),
  }));
  const words = [...WORDS, ...Array.from({ length: vocabulary }, (_, i) => `w${i}`)].sort();
  const rows = words.map((_, word) => Array.from({ length: dimensions }, (_, i) => ((word * 7 + i * i) % 16) - 8));
  const letters = [...LATIN, ...Array.from({ length: 10 }, (_, i) => [48 + i, String(i)])].sort(([a], [b]) => a - b);
  const encoder = decodeEncoder(encoderFile({ words, rows, weights: words.map(() => 1), letters, dimensions }));
  return { segment: segmentFile({ documents, chunks, dimensions }), encoder, dimensions };
}

async function opened({ segment, encoder, dimensions }, load) {
  const generation = await openGeneration([segment], { dimensions, epoch: "e" });
  return new Searcher(generation, new Places(generation), encoder, load, load && 1);
}

/** The same where the page's policy forbids WebAssembly. */
async function openedPlain(...base) {
  const { WebAssembly: real } = globalThis;
  globalThis.WebAssembly = undefined;
  try {
    return await opened(...base);
  } finally {
    globalThis.WebAssembly = real;
  }
}

const ASKED = ["elm lime oak", "old ash", "early", "elm oka", '"tall oak"', "nothing of it", ""];
const question = (query, more) => ({ query, limit: 10, offset: 0, mode: "hybrid", group: true, filters: {}, prefer: {}, ...more });

test("the kernel and JavaScript give the same hits to every kind of question", async () => {
  const base = drawn(120, 3, 24, 40);
  const [fast, plain] = [await opened(base), await openedPlain(base)];
  assert.deepEqual([fast.generation.passes.constructor, plain.generation.passes.constructor], [Kernel, Passes]);
  for (const query of ASKED) {
    for (const more of [{ mode: "lexical" }, {}, { mode: "semantic" }, { filters: { kind: "elm" } }, { group: false, offset: 5 }, { limit: 300 }]) {
      const answers = await Promise.all([fast, plain].map((searcher) => searcher.search(question(query, more))));
      assert.deepEqual(answers[0], answers[1], `${query} ${JSON.stringify(more)}`);
    }
  }
  assert.deepEqual(fast.similar(7n, 5), plain.similar(7n, 5));
  assert.equal(fast.similar(7n, 5).hits.length, 5);
});

test("the kernel writes behind no array where all rows have all words", async () => {
  const text = "stone store stole";
  const chunks = [1n, 2n, 3n, 4n].map((id) => ({ id, text, vector: Array(8).fill(9), scale: 40_000 }));
  const documents = chunks.map(({ id }) => ({ key: `k${id}`, title: text, metadata: "{}", chunks: [id] }));
  const base = { ...drawn(1, 1, 8), segment: segmentFile({ documents, chunks, dimensions: 8 }) };
  const [fast, plain] = [await opened(base), await openedPlain(base)];
  for (const query of ["stone", "store stone"]) { // the last may be the beginning of another, too: two groups of words
    const answers = await Promise.all([fast, plain].map((searcher) => searcher.search(question(query, { mode: "lexical" }))));
    assert.deepEqual(answers[0], answers[1], query);
    assert.equal(answers[0].hits.length, 4);
    assert.deepEqual(new Set(answers[0].hits.map(({ score }) => score)).size, 1, "pages that say the same are worth the same");
  }
});

test("what fits is told by rising keys where nothing else is asked, and forgotten", async () => {
  const searcher = await opened(drawn(40, 2, 8));
  const ask = async (query, filters) => (await searcher.search(question(query, { filters }))).hits;
  const before = await ask("elm oak", {});
  assert.deepEqual((await ask("", { kind: "lime" })).map(({ document }) => document), Array.from({ length: 10 }, (_, i) => `k${String(2 * i + 1).padStart(5, "0")}`));
  assert.deepEqual(await ask("elm oak", {}), before);
});

test("further hits of what is asked for in quotes come with excerpts that show it; of others pages make these", async () => {
  const searcher = await opened(drawn(10, 12, 8));
  const more = async (query) => (await searcher.search(question(query))).hits.flatMap(({ more }) => more);
  const seen = await more('"tall"');
  assert.ok(seen.length > 0 && seen.every(({ excerpt }) => excerpt.includes("tall")));
  assert.ok((await more("tall")).every(({ excerpt }) => excerpt === undefined));
});

test("while words are on their way both answer by meaning", async () => {
  const base = drawn(40, 2, 8);
  const never = () => new Promise(() => undefined);
  const [fast, plain] = [await opened(base, never), await openedPlain(base, never)];
  const found = await Promise.all([fast, plain].map((searcher) => searcher.search(question("elm oak"))));
  assert.equal(found[0].preparing, true);
  assert.deepEqual(found[0], found[1]);
});

test("the kernel's memory has room for all that questions need, whatever the shape of a base", async () => {
  for (const [count, each, dimensions] of [[0, 0, 8], [1, 1, 8], [9000, 0, 2], [1, 9000, 2], [700, 3, 96], [2, 1, 384]]) {
    const searcher = await opened(drawn(count, each, dimensions, MOST_LOOKED_AT));
    const { expansion, slots, rows, scores, holders, titles, pages, norms, counts, best, having, touched, most, together, had, hadBy } = await searcher.words;
    expansion.neighbours.of("elm");
    for (const query of ["elm lime oak", "elm w1 w2"]) await searcher.search(question(query));
    searcher.similar(1n, 3);
    const { passes, ...room } = searcher.room;
    assert.equal(passes instanceof Kernel, true);
    for (const [name, { buffer }] of Object.entries({ ...room, ...had, sums: searcher.meaning.sums, slots, found: rows, said: scores, holders, titles, pages, norms, counts, best, having, touched, most, together, hadBy })) {
      assert.equal(buffer, passes.memory.buffer, name);
    }
  }
});
