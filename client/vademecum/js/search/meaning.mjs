// @ts-check
/** How near rows are to one query in meaning: their exact scores, and what is made of them for the rows that are asked about. */

/** @typedef {import("./generation.mjs").Generation} Generation */

/** What a scale of 1 is, in the unit of scores, by the bits of a component. */
const UNITS = new Map([[8, 65535 * 127], [4, 65535], [2, 65535]]);
/** A little less than a bound, so that rounding never leaves out what is then compared exactly. */
const ALMOST = 1 - 1e-9;

export class Meaning {
  /** What a cosine of 1 is. */
  unit = 1;
  #highest = 0;

  /** @param {Generation} generation */
  constructor(generation) {
    this.generation = generation;
    /** The integer scores of all rows, 0 of those that are not live. */
    this.scores = /** @type {Float64Array} */ (new Float64Array(generation.owners.length));
    /** Of each document's rows. */
    this.sums = generation.passes.floats(generation.documents.length);
  }

  /** Turn to a query. @param {Int8Array} vector rotated where the rows are */
  turnTo(vector) {
    const { bits, owners, passes, scan } = this.generation;
    this.unit = /** @type {number} */ (UNITS.get(bits)) * (Math.sqrt(dot(vector, vector)) || 1);
    this.scores = scan.scores(vector); // ours till the next question
    this.#highest = passes.turn(owners, this.scores, this.sums.fill(0));
  }

  /** About the cosine of a row with the query. @param {number} row */
  cosine(row) {
    return this.scores[row] / this.unit;
  }

  /** Write the rows whose cosine is above 0, and at least this share of the highest, and `least`; and those that have words.
   * @param {Uint32Array} rows is written @param {number} share @param {number} least @param {Float64Array} words scores by row
   * @returns {{count: number, floor: number}} how many, and the cosine that sufficed */
  above(rows, share, least, words) {
    const { scores, unit } = this;
    const bound = Math.max(share * this.#highest, least * unit) * ALMOST;
    const floor = Math.max(share * (this.#highest / unit), least);
    return { count: this.generation.passes.above(scores, words, rows, bound, unit, floor), floor };
  }
}

/** How near in meaning the title of a row's document is to a query of the release's table, from 0 to 1; search/titles.py
 * is the twin. Titles are encoded when they are first looked at.
 * @param {Generation} generation @param {import("./encoder.mjs").Encoder} encoder
 * @returns {(asked: Int8Array) => ((row: number) => number) | undefined} undefined: none counts */
export function titlesOf({ chunkCount, documents, owners }, encoder) {
  // The more chunks pages have, the less a chunk says of its page; one that is its page says the title itself.
  const share = (chunkCount - documents.length) / chunkCount;
  /** @type {Int8Array[]} */ const vectors = [];
  return (asked) => {
    const size = dot(asked, asked);
    if (share > 0) return (row) => {
      const of = documents[owners[row]];
      const title = (vectors[owners[row]] ??= encoder.encode(of.segment.titles.at(of.row)));
      return Math.max(0, share * (dot(asked, title) / Math.sqrt(size * dot(title, title) || 1)));
    };
  };
}

/** @param {Int8Array} a @param {Int8Array} b */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
