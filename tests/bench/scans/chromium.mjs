// The page's part of search.py: one function for each row of its table. Times in milliseconds.

import { IndexedStore } from "/client/store/store.mjs";
import { decodeHead } from "/client/store/records.mjs";
import { decodeEncoder } from "/client/search/encoder.mjs";
import { Kernel } from "/client/search/kernel.mjs";
import { Passes } from "/client/search/passes.mjs";
import { place } from "/client/search/scan.mjs";
import { decodeSegment } from "/client/format/segment.mjs";
import { KnowledgeBase } from "/client/vademecum.mjs";

const URL_OF_BASE = new URL("/", location.href).href;
const HITS = 10;
const bytes = async (name) => new Uint8Array(await (await fetch(`/data/${name}`)).arrayBuffer());

export async function install(digests) {
  const store = new IndexedStore(URL_OF_BASE);
  for (const digest of digests) await store.put(digest, await bytes(digest));
  await store.write([["head", await bytes("head")]]);
  await store.close();
}

async function opened() {
  const kb = new KnowledgeBase({ url: URL_OF_BASE, autoUpdate: false });
  if (!(await kb.initialize())) throw new Error(JSON.stringify(await kb.getStatus()));
  return kb;
}

export async function open() {
  const started = performance.now();
  await opened();
  return performance.now() - started;
}

/** Asked from the moment on in which words are there, or `rest` milliseconds later: a worker reads ahead where nobody asks. */
export async function search(queries, mode, rest = 0) {
  const kb = await opened();
  while ((await kb.search(queries[0], { mode })).preparing) await new Promise((done) => setTimeout(done, 100));
  await new Promise((done) => setTimeout(done, rest));
  return percentiles(queries, (query) => kb.search(query, { limit: HITS, mode }));
}

/** Nothing but the scan and the best ten: no messages, no texts, no words. */
export async function kernel(queries) {
  return bare(queries, place);
}

/** The same over as many rows of other dimensions, drawn at random: what the scan would cost with them. */
export async function kernelOf(dimensions, queries) {
  const { objects, encoder } = await read();
  const count = objects.reduce((sum, file) => sum + decodeSegment(file).ids.length, 0);
  const [codes, scales] = [new Uint8Array(count * dimensions), new Uint8Array(2 * count).fill(6)];
  for (let at = 0; at < codes.length; at += 2 ** 16) crypto.getRandomValues(codes.subarray(at, at + 2 ** 16));
  const kernel = new Kernel([codes, scales], count, 0, dimensions);
  const [vectors, { buffer, byteOffset }] = kernel.files;
  const rows = [{ vectors, scales: new Uint16Array(buffer, byteOffset, count), dimensions }];
  const stretched = (query) => Int8Array.from({ length: dimensions }, (_, i) => query[i % query.length]);
  return percentiles(queries.map((query) => stretched(encoder.encode(query))), (vector) => top(kernel.scores(rows, vector)));
}

export async function encode(queries) {
  const { encoder } = await read();
  return percentiles(queries, (query) => encoder.encode(query));
}

export async function plain(queries) {
  return bare(queries, (files) => ({ files, kernel: new Passes() }));
}

async function bare(queries, lay) {
  const { objects, encoder } = await read();
  const { files, kernel } = lay(objects);
  const segments = files.map(decodeSegment);
  return percentiles(queries.map((query) => encoder.encode(query)), (vector) => top(kernel.scores(segments, vector)));
}

function top(scores) {
  let least = 0;
  const best = [];
  for (let at = 0; at < scores.length; at++) {
    if (scores[at] <= least) continue;
    best.push(at);
    best.sort((a, b) => scores[b] - scores[a]);
    if (best.length > HITS) best.pop();
    if (best.length === HITS) least = scores[best[HITS - 1]];
  }
  return best;
}

/** By meaning alone, over vectors without texts; with `texts` by words as well, as the product is asked, and each hit brings its own. */
export async function orama(queries, texts) {
  const { create, insertMultiple, search } = await import("/orama/index.js");
  const { objects, encoder } = await read();
  const { dimensions } = encoder;
  const db = create({ schema: { vector: `vector[${dimensions}]`, ...(texts && { text: "string" }) } });
  for (const file of objects) {
    const { ids, vectors, texts: said } = decodeSegment(file);
    const rows = Array.from(ids, (id, row) => ({ id: String(id), vector: [...vectors.subarray(row * dimensions, (row + 1) * dimensions)], ...(texts && { text: said.at(row) }) }));
    await insertMultiple(db, rows, 5000);
  }
  const find = (query) => search(db, { ...(texts ? { mode: "hybrid", term: query } : { mode: "vector" }), vector: { value: [...encoder.encode(query)], property: "vector" }, similarity: 0, limit: HITS });
  return percentiles(queries, find);
}

async function read() {
  const store = new IndexedStore(URL_OF_BASE);
  const { objects } = await store.snapshot((head) => {
    const { current } = decodeHead(head);
    return [current.encoder, ...current.segments];
  });
  await store.close();
  const [encoder, ...segments] = objects;
  return { encoder: decodeEncoder(encoder), objects: segments };
}

/** The first tenth warms up. */
async function percentiles(inputs, work) {
  for (const input of inputs.slice(0, inputs.length / 10)) await work(input);
  const times = [];
  for (const input of inputs) {
    const started = performance.now();
    await work(input);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * (times.length - 1))];
  return { least: times[0], p50: at(0.5), p95: at(0.95) };
}
