// @ts-check
/**
 * The live state of one installed release (site/content/format.md, section 5).
 *
 * Of the rows with one key the highest sequence counts; a tombstone is not live; a chunk is live if a
 * live document names it, and belongs to the lowest such key by bytes. Texts stay where they lie.
 */

import { VademecumError } from "../errors.mjs";
import { plainText } from "../format/markup.mjs";
import { decodeSegment, hexId, splitHeadings } from "../format/segment.mjs";
import { place, plainPasses } from "./scan.mjs";

/** @typedef {import("../format/segment.mjs").Segment} Segment */
/** @typedef {{segment: Segment, row: number}} Place where a row lies */
/** @typedef {Place & {key: string}} DocumentPlace */

const DEAD = -1;
const SURROGATE = /[\ud800-\udfff]/;
const HEADING_JOINT = " › ";

export class Generation {
  /** @param {Segment[]} segments newest first @param {number} dimensions
   * @param {import("./passes.mjs").Passes} passes what is done with every row, and the arrays for it */
  constructor(segments, dimensions, passes) {
    this.segments = segments;
    this.dimensions = dimensions;
    /** @type {number[]} row numbers over all segments begin here */
    this.starts = [0];
    for (const { ids } of segments) this.starts.push(this.starts[this.starts.length - 1] + ids.length);
    /** Live documents by rising key (bytes). */
    this.documents = liveDocuments(segments);
    this.passes = passes;
    this.index = new IdTable(segments.map((segment) => segment.ids), this.passes);
    /** @type {Map<number, number[]>} the documents of each chunk row that several hold, by rising key */
    this.shared = new Map();
    /** The first document that holds each chunk row, or -1. */
    this.owners = this.#owners();
    /** The live rows of each document: `rows[bounds[at]]` to `rows[bounds[at + 1] - 1]`. */
    this.owned = byOwner(this.owners, this.passes.numbers(this.documents.length + 1));
    this.chunkCount = this.owned.rows.length;
    /** 1 where each document is one chunk, near 0 in a manual. */
    this.single = Math.min(1, this.documents.length / this.chunkCount);
  }

  #owners() {
    const owners = this.passes.array(Int32Array, this.starts[this.starts.length - 1]).fill(DEAD);
    const halves = new Map(this.segments.map((segment) => [segment, inHalves(segment.chunks)]));
    this.documents.forEach(({ segment, row, key }, position) => {
      const words = /** @type {Uint32Array} */ (halves.get(segment));
      for (let i = segment.bounds[row]; i < segment.bounds[row + 1]; i++) {
        const at = this.index.row(words[2 * i], words[2 * i + 1]);
        if (at < 0) {
          throw new VademecumError("content", `chunk ${hexId(segment.chunks[i])} of "${key}" is in no segment`);
        }
        const known = this.shared.get(at);
        if (owners[at] === DEAD) owners[at] = position;
        else if (known) known.push(position);
        else this.shared.set(at, [owners[at], position]);
      }
    });
    return owners;
  }

  /** @param {number} at a row number over all segments @returns {Place} */
  place(at) {
    let which = 0;
    while (at >= this.starts[which + 1]) which++;
    return { segment: this.segments[which], row: at - this.starts[which] };
  }

  /** The documents that hold a live chunk row, by rising key. @param {number} at @returns {number[]} */
  holding(at) {
    return this.shared.get(at) ?? [this.owners[at]];
  }

  /** The row that each document begins with, by their keys. */
  firsts() {
    const ids = this.documents.map(({ segment: { chunks, bounds }, row }) => bounds[row] < bounds[row + 1] ? this.index.find(chunks[bounds[row]]) : undefined);
    return ids.filter((row) => row !== undefined);
  }

  /** Whether the document that owns a row begins with it. @param {number} at */
  isFirst(at) {
    const { segment: { chunks, bounds }, row } = this.documents[this.owners[at]];
    return this.index.find(chunks[bounds[row]]) === at;
  }

  /** A row's vector: a query for what is like it. @param {number} at */
  vector(at) {
    const { segment: { dimensions, vectors }, row } = this.place(at);
    return vectors.slice(row * dimensions, (row + 1) * dimensions);
  }

  /** What each document says of itself: texts that are decoded together take a tenth of the time.
   * @returns {Record<string, any>[]} */
  allMetadata() {
    const texts = new Map(this.segments.map((segment) => [segment, segment.metadata.all()]));
    return this.documents.map(({ segment, row }) => parsed(/** @type {string[]} */ (texts.get(segment))[row]));
  }

  /** What a hit shows of its row. @param {number} at @param {number} [shown] the document that it is shown in */
  passage(at, shown = this.owners[at]) {
    const { segment, row } = this.place(at);
    const owner = this.documents[shown];
    const url = owner.segment.urls.at(owner.row);
    const anchor = segment.anchors.at(row);
    return {
      id: hexId(segment.ids[row]),
      heading: splitHeadings(segment.headings.at(row)).join(HEADING_JOINT),
      url: url && anchor ? `${url}#${anchor}` : url,
      markdown: segment.texts.at(row),
    };
  }

  /** What a hit shows of the document that it is shown in. @param {number} shown */
  heads(shown) {
    const owner = this.documents[shown];
    return { document: owner.key, title: owner.segment.titles.at(owner.row), metadata: parseMetadata(owner) };
  }

  /** The rows of a document in reading order. @param {number} at */
  reading(at) {
    const { segment: { chunks, bounds }, row } = this.documents[at];
    return Array.from(chunks.subarray(bounds[row], bounds[row + 1]), (id) => /** @type {number} */ (this.index.find(id)));
  }

  /** A whole document, or null. @param {string} key */
  document(key) {
    const at = this.documents.findIndex((document) => document.key === key);
    if (at < 0) return null;
    const { segment, row } = this.documents[at];
    const { title, metadata } = this.heads(at);
    return { key, title, url: segment.urls.at(row), metadata, chunks: this.reading(at).map((row) => this.#chunk(row)) };
  }

  /** @param {number} at */
  #chunk(at) {
    const { segment, row } = this.place(at);
    const { id, heading, markdown } = this.passage(at);
    const headings = splitHeadings(segment.headings.at(row));
    return { id, heading, headings, anchor: segment.anchors.at(row), text: plainText(markdown), markdown };
  }
}

/** @param {Uint8Array[]} files the segments of one generation, newest first
 * @param {{dimensions: number, epoch: string}} expected what the pointer says of them */
export async function openGeneration(files, { dimensions, epoch }) {
  const { files: placed, kernel } = place(files);
  const segments = placed.map(decodeSegment);
  for (const segment of segments) {
    if (segment.dimensions !== dimensions || segment.epoch !== epoch) {
      const found = `${segment.epoch}, ${segment.dimensions} dimensions`;
      throw new VademecumError("content", `segment of epoch ${found} in a release of ${epoch}, ${dimensions}`);
    }
  }
  return new Generation(segments, dimensions, kernel ?? (await plainPasses()));
}

/** Finds the row of a chunk id: open addressing over the ids' own bits, which are those of a hash. The first
 * of several rows with one id wins; they are the same (format.md, section 4.1). */
export class IdTable {
  /** @param {BigUint64Array[]} columns @param {import("./arrays.mjs").Arrays} arrays */
  constructor(columns, arrays) {
    const count = columns.reduce((total, column) => total + column.length, 0);
    const size = 2 ** Math.ceil(Math.log2(count * 2 + 2));
    this.mask = size - 1;
    this.slots = new Int32Array(size);
    this.ids = arrays.array(BigUint64Array, count);
    this.words = inHalves(this.ids);
    let at = 0;
    for (const column of columns) {
      this.ids.set(column, at);
      at += column.length;
    }
    for (let row = 0; row < count; row++) {
      const slot = this.#slot(this.words[2 * row], this.words[2 * row + 1]);
      if (!this.slots[slot]) this.slots[slot] = row + 1;
    }
  }

  /** The slot of an id, or the empty one where it would be.
   * @param {number} low @param {number} high @returns {number} */
  #slot(low, high) {
    let slot = (low ^ high) & this.mask;
    for (let row = this.slots[slot]; row; row = this.slots[slot]) {
      if (this.words[2 * row - 2] === low && this.words[2 * row - 1] === high) return slot;
      slot = (slot + 1) & this.mask;
    }
    return slot;
  }

  /** @param {bigint} id @returns {number | undefined} */
  find(id) {
    const row = this.row(Number(id & 0xffffffffn), Number(id >> 32n));
    return row < 0 ? undefined : row;
  }

  /** The same by the halves of the id, which are found ten times as fast; -1: there is none.
   * @param {number} low @param {number} high @returns {number} */
  row(low, high) {
    return this.slots[this.#slot(low, high)] - 1;
  }
}

/** @param {Int32Array} owners @param {Uint32Array} bounds is written: one more than there are documents */
function byOwner(owners, bounds) {
  const documents = bounds.length - 1;
  for (const owner of owners) if (owner >= 0) bounds[owner + 1]++;
  for (let at = 0; at < documents; at++) bounds[at + 1] += bounds[at];
  const next = bounds.slice();
  const rows = new Uint32Array(bounds[documents]);
  owners.forEach((owner, row) => owner >= 0 && (rows[next[owner]++] = row));
  return { bounds, rows };
}

/** The low and the high half of each id, one after the other. @param {BigUint64Array} ids */
function inHalves(ids) {
  return new Uint32Array(ids.buffer, ids.byteOffset, 2 * ids.length);
}

/** @param {Segment[]} segments @returns {DocumentPlace[]} */
function liveDocuments(segments) {
  /** @type {Map<string, DocumentPlace>} */ const latest = new Map();
  for (const segment of segments) {
    segment.keys.all().forEach((key, row) => {
      const known = latest.get(key);
      const than = known ? known.segment.documentSequences[known.row] : -1;
      if (segment.documentSequences[row] > than) latest.set(key, { segment, row, key });
    });
  }
  const live = [...latest.values()].filter(({ segment, row }) => !segment.removed[row]);
  // Beside surrogates the order of strings is that of their bytes, and known at once.
  if (!SURROGATE.test(live.map(({ key }) => key).join())) return live.sort((a, b) => (a.key < b.key ? -1 : 1));
  return live.sort((a, b) => compareBytes(a.segment.keys.bytesAt(a.row), b.segment.keys.bytesAt(b.row)));
}

/** @param {Place} place */
function parseMetadata({ segment, row }) {
  return parsed(segment.metadata.at(row));
}

/** @param {string} text */
function parsed(text) {
  return text === "" ? {} : JSON.parse(text);
}

/** The order of UTF-8 bytes, which is not that of JavaScript's strings. @param {Uint8Array} a @param {Uint8Array} b */
export function compareBytes(a, b) {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    if (a[i] !== b[i]) return a[i] - b[i];
  }
  return a.length - b.length;
}
