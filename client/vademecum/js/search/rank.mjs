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

/** The best live chunks, best first.
 * @param {Generation} generation @param {Int8Array} query [D], rotated where the vectors are @param {number} limit
 * @param {Int32Array} [counting] negative for chunk rows that do not count @returns {Candidate[]} */
export function rank({ scan, owners, index }, query, limit, counting = owners) {
  const best = new Best(limit);
  const scores = scan.scores(query);
  for (let at = 0; at < scores.length; at++) {
    const raw = scores[at];
    if (raw > 0 && raw >= best.threshold && counting[at] >= 0) best.offer({ at, raw, id: index.ids[at] });
  }
  return best.sorted;
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
