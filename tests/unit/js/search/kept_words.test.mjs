import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeSegment } from "../../../../client/vademecum/js/format/segment.mjs";
import { decodeEncoder } from "../../../../client/vademecum/js/search/encoder.mjs";
import { openGeneration } from "../../../../client/vademecum/js/search/generation.mjs";
import { decodeWords, encodeWords, loadWords } from "../../../../client/vademecum/js/search/kept_words.mjs";
import { Places } from "../../../../client/vademecum/js/search/places.mjs";
import { Searcher } from "../../../../client/vademecum/js/search/searcher.mjs";
import { readWords } from "../../../../client/vademecum/js/search/segment_words.mjs";

import { encoderFile, LATIN, segmentFile } from "../files.mjs";

const FILE = segmentFile({ documents: [{ key: "k", chunks: [1n], title: "Trees" }], chunks: [{ id: 1n, text: "an elm", vector: [127, 127], scale: 46_000 }] });
const NAME = "a".repeat(64);

/** A store of words, and what it was asked for. */
function shelf(kept = new Map()) {
  const store = { kept, asked: [], words: async (name) => (store.asked.push(name), kept.get(name)), keepWords: async (name, bytes) => void kept.set(name, bytes) };
  return store;
}

const load = (store) => loadWords([decodeSegment(FILE)], [NAME], store);

test("words are read once, kept, and found again", async () => {
  const store = shelf();
  const [read] = await load(store);
  assert.deepEqual(read, readWords(decodeSegment(FILE)));
  while (!store.kept.size) await new Promise((done) => setTimeout(done));
  const other = await encodeWords({ ...read, words: read.words.map((word) => `${word}s`) }, NAME);
  store.kept.set(NAME, other);
  assert.deepEqual((await load(store))[0].words, read.words.map((word) => `${word}s`), "what is kept counts");
});

test("what is not whole, of another segment or of another version is read again", async () => {
  const words = readWords(decodeSegment(FILE));
  const good = await encodeWords(words, NAME);
  const spoiled = [good.slice(0, -9), good.map((byte, at) => (at === good.length - 1 ? byte ^ 1 : byte)), new Uint8Array(), await encodeWords(words, "b".repeat(64))];
  for (const bytes of spoiled) {
    assert.equal(await decodeWords(bytes, NAME), null);
    const store = shelf(new Map([[NAME, bytes]]));
    assert.deepEqual((await load(store))[0].words, words.words);
  }
  assert.deepEqual(await decodeWords(good, NAME), words);
});

test("a store that gives and keeps nothing costs time alone", async () => {
  const failing = async () => Promise.reject(new Error("no room"));
  assert.deepEqual((await load({ words: failing, keepWords: failing }))[0].words, readWords(decodeSegment(FILE)).words);
});

test("titles are asked, also where somebody asks something meanwhile, and not for long", async (t) => {
  const encoder = decodeEncoder(encoderFile({ words: ["elm"], rows: [[7, 7]], weights: [1], letters: LATIN }));
  const encoded = [];
  const asked = { ...encoder, dimensions: 2, positions: encoder.positions, encode: (text) => (encoded.push(text), encoder.encode(text)) };
  const documents = ["Elms", "Limes", "Oaks"].map((title, i) => ({ key: title, chunks: [BigInt(i + 1)], title }));
  const chunks = documents.map(({ title }, i) => ({ id: BigInt(i + 1), text: title, vector: [127, 127], scale: 46_000 }));
  const generation = await openGeneration([segmentFile({ documents, chunks })], { dimensions: 2, epoch: "e" });
  const searcher = new Searcher(generation, new Places(generation, {}), asked);
  searcher.titles.read = () => {}; // titles encode nothing here
  const rehearsed = searcher.rehearse();
  await searcher.search({ query: "elm", limit: 10, offset: 0, mode: "hybrid", group: true, filters: {}, prefer: {} });
  await rehearsed;
  const questions = encoded.filter((text) => text !== "elm");
  for (const title of ["Elms", "Limes", "Oaks"]) assert.ok(questions.includes(title), title);
  t.mock.method(performance, "now", () => (t.elapsed = (t.elapsed ?? 0) + 200)); // a question takes 200 ms
  encoded.length = 0;
  await searcher.rehearse();
  assert.deepEqual(encoded, ["Elms", "Limes"]);
});

test("a worker asks itself nothing and reads nothing ahead while somebody asks", async (t) => {
  const generation = await openGeneration([FILE], { dimensions: 2, epoch: "e" });
  const encoder = decodeEncoder(encoderFile({ words: ["elm"], rows: [[7, 7]], weights: [1], letters: LATIN }));
  const encoded = [];
  const asked = { ...encoder, dimensions: 2, positions: encoder.positions, encode: (text) => (encoded.push(text), encoder.encode(text)) };
  const searcher = new Searcher(generation, new Places(generation, {}), asked);
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const question = { query: "elm", limit: 10, offset: 0, mode: "lexical", group: true, filters: {}, prefer: {} };
  await searcher.search(question);
  const rehearsed = searcher.rehearse();
  for (let i = 0; i < 5; i++) {
    now += 40;
    await searcher.search(question);
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.deepEqual(new Set(encoded), new Set(["elm"]));
  now += 50;
  await rehearsed;
  assert.ok(encoded.includes("Trees"));
});

test("titles are read ahead, so that a question encodes itself alone", async () => {
  const documents = [{ key: "k", chunks: [1n, 2n], title: "Trees" }, { key: "l", chunks: [3n], title: "Release notes" }];
  const chunks = ["an elm", "a lime", "an elm of late"].map((text, i) => ({ id: BigInt(i + 1), text, vector: [127, 127], scale: 46_000 }));
  const generation = await openGeneration([segmentFile({ documents, chunks })], { dimensions: 2, epoch: "e" });
  const encoder = decodeEncoder(encoderFile({ words: ["elm"], rows: [[7, 7]], weights: [1], letters: LATIN }));
  const encoded = [];
  const asked = { ...encoder, dimensions: 2, positions: encoder.positions, encode: (text) => (encoded.push(text), encoder.encode(text)) };
  const searcher = new Searcher(generation, new Places(generation, {}), asked);
  searcher.answer = async () => {}; // no title is asked
  await searcher.rehearse();
  assert.deepEqual(encoded, ["Trees", "Release notes"]);
  delete searcher.answer;
  const { hits } = await searcher.search({ query: "elm", limit: 10, offset: 0, mode: "hybrid", group: true, filters: {}, prefer: {} });
  assert.deepEqual(encoded.slice(2), ["elm"]);
  assert.deepEqual(hits.map(({ document }) => document), ["k", "l"]);
  const fail = () => assert.fail("it was read ahead");
  (await searcher.words).expansion.stems.stemmers.fill({ stemWord: fail });
  const found = await searcher.search({ query: "lime late ", limit: 10, offset: 0, mode: "lexical", group: true, filters: {}, prefer: {} });
  assert.deepEqual(found.words, ["late", "lime"], "nor stems a word");
});

test("while words are read meaning alone answers, and what failed is tried again", async () => {
  const generation = await openGeneration([FILE], { dimensions: 2, epoch: "e" });
  const encoder = decodeEncoder(encoderFile({ words: ["elm"], rows: [[7, 7]], weights: [1], letters: LATIN }));
  const question = { query: "elm", limit: 10, offset: 0, mode: "hybrid", group: true, filters: {}, prefer: {} };
  let finish;
  const slow = new Searcher(generation, new Places(generation, {}), encoder, () => new Promise((resolve) => (finish = resolve)), 10);
  const early = await slow.search(question);
  assert.deepEqual([early.preparing, early.nearest, early.unknown, early.hits.length], [true, false, [], 1], "nobody knows what no page has");
  finish([readWords(generation.segments[0])]);
  await slow.words;
  const late = await slow.search(question);
  assert.deepEqual([late.preparing, late.hits.map(({ why }) => why.words)], [false, [1]]);
  let tried = 0;
  const other = await openGeneration([FILE], { dimensions: 2, epoch: "e" });
  const failing = new Searcher(other, new Places(other, {}), encoder, async () => {
    if (!tried++) throw new Error("once");
    return other.segments.map(readWords);
  });
  await assert.rejects(failing.search(question), /once/);
  assert.equal((await failing.search(question)).preparing, false);
});
