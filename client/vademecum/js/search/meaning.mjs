// @ts-check
/** How near rows are to one query in meaning: their exact scores, and what is made of them for the rows that are asked about. */

/** @typedef {import("./generation.mjs").Generation} Generation */

/** What a scale of 1 is, in the unit of scores, by the bits of a component. */
const UNITS = new Map([[8, 65535 * 127], [4, 65535], [2, 65535]]);
/** A little less than a bound, so that rounding never leaves out what is then compared exactly. */
const ALMOST = 1 - 1e-9;

export class Meaning {
  #unit = 1;

  /** @param {Generation} generation */
  constructor(generation) {
    this.generation = generation;
    const { owners, documents } = generation;
    this.dead = Uint32Array.from([...owners.keys()].filter((row) => owners[row] < 0));
    /** The integer scores of all rows, 0 of those that are not live. */
    this.scores = /** @type {Float64Array} */ (new Float64Array(owners.length));
    /** Of each document's rows, behind that of those which are not live. */
    this.sums = new Float64Array(documents.length + 1);
  }

  /** Turn to a query. @param {Int8Array} vector rotated where the rows are */
  turnTo(vector) {
    const { generation, dead } = this;
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1;
    this.#unit = /** @type {number} */ (UNITS.get(generation.bits)) * length;
    const scores = (this.scores = generation.scan.scores(vector)); // ours till the next question
    const { owners } = generation;
    const sums = this.sums.fill(0);
    for (let row = 0; row < owners.length; row++) sums[owners[row] + 1] += scores[row]; // whole, below 2^53: in any order the same
    for (let i = 0; i < dead.length; i++) scores[dead[i]] = 0;
  }

  /** About the cosine of a row with the query. @param {number} row */
  cosine(row) {
    return this.scores[row] / this.#unit;
  }

  /** A chunk, and its page as a whole. @param {number} row */
  near(row) {
    const { owners, owned } = this.generation;
    const owner = owners[row];
    const mean = this.sums[owner + 1] / (owned.bounds[owner + 1] - owned.bounds[owner]) / this.#unit;
    return (5 * this.cosine(row) + 3 * mean) / 8;
  }

  /** Write the rows whose cosine is above 0, and at least this share of the highest, and `least`.
   * @param {Uint32Array} rows is written @param {number} share @param {number} least
   * @returns {{count: number, floor: number}} how many, and the cosine that sufficed */
  above(rows, share, least) {
    const { scores } = this;
    const unit = this.#unit;
    let [met, highest, bound] = [0, 0, least * unit * ALMOST];
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row];
      if (!(score > bound)) continue;
      rows[met++] = row;
      if (score <= highest) continue;
      highest = score;
      bound = Math.max(share * highest, least * unit) * ALMOST;
    }
    const floor = Math.max(share * (highest / unit), least);
    let count = 0;
    for (let i = 0; i < met; i++) if (scores[rows[i]] / unit >= floor) rows[count++] = rows[i];
    return { count, floor };
  }
}
