// @ts-check
/**
 * Exact ranking over an open generation (site/content/format.md, section 4.2).
 *
 * A score is the integer `scale * dot`, exact in a double; hits have a positive score, fall by score, and
 * rise by chunk id where scores are equal. No row is sorted that is not among the best.
 */

import { lowerBound } from "./encoder.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {{at: number, raw: number, id: bigint}} Candidate `at` counts rows over all segments */

/** The most hits that a search returns; CPython has the same. */
export const MOST_HITS = 1000;

/** What a scale of 1 is, in the unit of scores, by the bits of a component. */
const UNITS = new Map([[8, 65535 * 127], [4, 65535], [2, 65535]]);

/** Factor and offset that make a component of its code, by bits. */
export const LEVELS = new Map([[4, [1, -8]], [2, [2, -3]]]);

/** The best live chunks, best first.
 * @param {Generation} generation @param {Int8Array} query [D], rotated where the vectors are @param {number} limit
 * @returns {Candidate[]} */
export function rank(generation, query, limit) {
  const best = new Best(limit);
  generation.segments.forEach((segment, which) => scan(segment, generation.owners, generation.starts[which], query, best));
  return best.sorted;
}

/** @param {import("../format/segment.mjs").Segment} segment @param {Int32Array} owners -1: a dead row
 * @param {number} start of this segment's rows among `owners` @param {Int8Array} query @param {Best} best */
function scan(segment, owners, start, query, best) {
  const { scales, ids } = segment;
  const product = products(segment, query);
  for (let row = 0; row < scales.length; row++) {
    if (owners[start + row] < 0) continue;
    const raw = scales[row] * product(row);
    if (raw > 0 && raw >= best.threshold) best.offer({ at: start + row, raw, id: ids[row] });
  }
}

/** What gives the product of a row with the query, from the row as it lies.
 * @param {import("../format/segment.mjs").Segment} segment @param {Int8Array} query @returns {(row: number) => number} */
function products({ vectors, dimensions, bits }, query) {
  if (bits === 8) return (row) => dot(/** @type {Int8Array} */ (vectors), row * dimensions, query);
  const [factor, offset] = /** @type {number[]} */ (LEVELS.get(bits));
  const packed = /** @type {Uint8Array} */ (vectors);
  const width = Math.ceil((dimensions * bits) / 8);
  const padded = new Int8Array((width * 8) / bits);
  padded.set(query);
  const rest = offset * query.reduce((sum, value) => sum + value, 0);
  const codes = bits === 4 ? dotOfFour : dotOfTwo;
  return (row) => factor * codes(packed, row * width, padded) + rest;
}

/** The sum of codes of 4 bits with the query, the low half of a byte first.
 * @param {Uint8Array} packed @param {number} from @param {Int8Array} query two components for each byte */
function dotOfFour(packed, from, query) {
  let a = 0;
  let b = 0;
  for (let i = 0; i < query.length; i += 2, from++) {
    const byte = packed[from];
    a = (a + (byte & 15) * query[i]) | 0;
    b = (b + (byte >> 4) * query[i + 1]) | 0;
  }
  return a + b;
}

/** The same for codes of 2 bits.
 * @param {Uint8Array} packed @param {number} from @param {Int8Array} query four components for each byte */
function dotOfTwo(packed, from, query) {
  let a = 0;
  let b = 0;
  for (let i = 0; i < query.length; i += 4, from++) {
    const byte = packed[from];
    a = (a + (byte & 3) * query[i] + ((byte >> 2) & 3) * query[i + 1]) | 0;
    b = (b + ((byte >> 4) & 3) * query[i + 2] + (byte >> 6) * query[i + 3]) | 0;
  }
  return a + b;
}

/** The sum stays below 2^31 for any D up to 130,000, so that 32-bit integers are exact.
 * @param {Int8Array} vectors @param {number} from @param {Int8Array} query */
function dot(vectors, from, query) {
  const dimensions = query.length;
  const even = dimensions - (dimensions % 4);
  let a = 0;
  let b = 0;
  let i = 0;
  for (; i < even; i += 4) {
    a = (a + vectors[from + i] * query[i] + vectors[from + i + 1] * query[i + 1]) | 0;
    b = (b + vectors[from + i + 2] * query[i + 2] + vectors[from + i + 3] * query[i + 3]) | 0;
  }
  for (; i < dimensions; i++) a = (a + vectors[from + i] * query[i]) | 0;
  return a + b;
}

/** The score that people see: about the cosine. The operations stand in the order that Python uses.
 * @param {number} raw @param {Int8Array} query @param {number} bits of the vectors' components */
export function cosine(raw, query, bits) {
  return raw / (/** @type {number} */ (UNITS.get(bits)) * Math.sqrt(query.reduce((sum, value) => sum + value * value, 0)));
}

/** Keeps the `limit` best candidates, best first. */
class Best {
  /** A lower score than this cannot get in. */
  threshold = 0;
  /** @type {Candidate[]} */ sorted = [];

  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit;
  }

  /** @param {Candidate} candidate */
  offer(candidate) {
    const { sorted, limit } = this;
    sorted.splice(lowerBound(sorted.length, (i) => better(sorted[i], candidate)), 0, candidate);
    if (sorted.length > limit) sorted.pop();
    if (sorted.length === limit) this.threshold = sorted[limit - 1].raw;
  }
}

/** @param {Candidate} a @param {Candidate} b */
function better(a, b) {
  return a.raw !== b.raw ? a.raw > b.raw : a.id < b.id;
}
