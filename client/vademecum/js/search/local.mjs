// @ts-check
/** The last fallback: the words of documents that the app has, indexed in memory; search/local.py is the twin. */

import { VademecumError } from "../errors.mjs";
import { sha256 } from "../format/sha256.mjs";
import { Strings } from "../format/tensors.mjs";
import { Generation } from "./generation.mjs";
import { Places } from "./places.mjs";
import { plainPasses } from "./scan.mjs";
import { Searcher } from "./searcher.mjs";

/** @typedef {import("../vademecum.d.mts").LocalDocument} LocalDocument */

const VERSION = "local";
const ENOUGH = 1000;
const UNSEEN = /<(script|style|template|noscript)\b[^]*?<\/\1\s*>|<!--[^]*?-->/gi;
const BLOCK = /<\/?(?:p|div|section|article|h[1-6]|ul|ol|li|table|tr|pre|br|hr)\b[^>]*>/gi;
const TAG = /<\/?[a-z][^>]*>/gi;
const NAMED = new Map(Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" }));

/** Search without a release, by words alone: there is no table of what they mean. */
const WORDLESS = { dimensions: 1, positions: new Map(), wordsWeight: 1000, encode: () => new Int8Array(1) };

/** @param {LocalDocument[]} documents of equal keys the last counts */
export async function openLocal(documents) {
  const rows = new Map();
  const texts = new Map();
  for (const [at, document] of documents.entries()) {
    const { key, title, url, text } = told(document, at);
    const ids = [];
    for (const passage of passagesOf(text, title)) {
      const id = await chunkId([title, "", "", passage]);
      texts.set(id, passage);
      ids.push(id);
    }
    rows.set(key, { key, title, url, ids });
  }
  const live = [...rows.values()];
  const ids = [...new Set(live.flatMap((row) => row.ids))];
  const [n, m] = [ids.length, live.length];
  const bounds = [0];
  for (const row of live) bounds.push(bounds[bounds.length - 1] + row.ids.length);
  const segment = {
    ...{ epoch: VERSION, dimensions: 1, ids: BigUint64Array.from(ids), vectors: new Int8Array(n), scales: new Uint16Array(n) },
    ...{ headings: new Strings(new Uint8Array(0), new Uint32Array(n + 1)), anchors: column(ids.map(() => "")), texts: column(ids.map((id) => texts.get(id))) },
    ...{ keys: column(live.map((row) => row.key)), titles: column(live.map((row) => row.title)), urls: column(live.map((row) => row.url)) },
    ...{ metadata: column(live.map(() => "")), documentSequences: new Uint32Array(m).fill(1), removed: new Uint8Array(m) },
    ...{ chunks: BigUint64Array.from(live.flatMap((row) => row.ids)), bounds: Uint32Array.from(bounds) },
  };
  const generation = new Generation([/** @type {any} */ (segment)], 1, await plainPasses());
  const release = { sequence: 0, version: VERSION, documents: m, chunks: n, dimensions: 1, built: "", installed: "", epoch: VERSION, digest: "", places: {}, revoked: false };
  return { release, generation, searcher: new Searcher(generation, new Places(generation), /** @type {any} */ (WORDLESS)) };
}

/** @param {any} document @param {number} at */
function told(document, at) {
  const { key, html, title = key, url = "", text = typeof html === "string" ? textOf(html) : null } = Object(document);
  const good = [key, title, url, text].every((value) => typeof value === "string") && key !== "";
  if (good) return { key, title: title || key, url, text };
  throw new VademecumError("usage", `fallback: document ${at} needs a key and a text or html, and title and url are texts`);
}

/** @param {string} html */
export function textOf(html) {
  const text = html.replace(UNSEEN, " ").replace(BLOCK, "\n\n").replace(TAG, "");
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    const code = parseInt(hex ?? decimal, hex ? 16 : 10);
    return NAMED.get(name) ?? (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole);
  });
}

/** @param {string} text @param {string} title for a document without text */
function passagesOf(text, title) {
  /** @type {string[]} */ const passages = [];
  for (const paragraph of text.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean)) {
    const last = passages.length - 1;
    if (last >= 0 && [...passages[last]].length + [...paragraph].length < ENOUGH) passages[last] += `\n\n${paragraph}`;
    else passages.push(paragraph);
  }
  return passages.length > 0 ? passages : [title];
}

/** The id of a chunk (site/content/format.md, section 4.1). @param {string[]} parts */
async function chunkId(parts) {
  const framed = parts.flatMap((part) => {
    const bytes = new TextEncoder().encode(part);
    return [...new Uint8Array(Uint32Array.of(bytes.length).buffer), ...bytes];
  });
  return BigInt(`0x${(await sha256(Uint8Array.from(framed))).slice(0, 16)}`);
}

/** @param {string[]} list */
function column(list) {
  const each = list.map((text) => new TextEncoder().encode(text));
  const offsets = new Uint32Array(list.length + 1);
  each.forEach(({ length }, i) => (offsets[i + 1] = offsets[i] + length));
  const bytes = new Uint8Array(offsets[list.length]);
  each.forEach((some, i) => bytes.set(some, offsets[i]));
  return { length: list.length, at: (/** @type {number} */ i) => list[i], all: () => list, bytes, offsets, bytesAt: (/** @type {number} */ i) => each[i] };
}
