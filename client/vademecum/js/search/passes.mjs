// @ts-check
/** What is done with every row at each question, in JavaScript; kernel.wat has the same, bit for bit, for arrays in its memory. */

/** Scores of rows, or of documents (`sums`, `titles`); `bounds`: where each document's rows begin.
 * @typedef {{scores: Float64Array, sums: Float64Array, bounds: Uint32Array, owners: Int32Array, words: Float64Array, titles: Float64Array}} Columns */
/** How much a chunk counts, its page, its words and its title. @typedef {{unit: number, own: number, page: number, share: number, titled: number}} Weights */

export class Passes {
  /** @param {number} length */
  floats(length) {
    return new Float64Array(length);
  }

  /** @param {number} length */
  numbers(length) {
    return new Uint32Array(length);
  }

  /** @param {number} length */
  signed(length) {
    return new Int32Array(length);
  }

  /** Add the scores of rows up by their owners; of rows without one the score is 0.
   * @param {Int32Array} owners @param {Float64Array} scores @param {Float64Array} sums @returns {number} the highest, or 0 */
  turn(owners, scores, sums) {
    let highest = 0;
    for (let row = 0; row < scores.length; row++) {
      if (owners[row] < 0) scores[row] = 0;
      else sums[owners[row]] += scores[row]; // whole, below 2^53: in any order the same
      highest = Math.max(highest, scores[row]);
    }
    return highest;
  }

  /** Write the rows whose score is above a bound, and in this unit at least the floor, and those that have words.
   * @param {Float64Array} scores @param {Float64Array} words @param {Uint32Array} rows is written @param {number} bound a little less than the floor
   * @param {number} unit @param {number} floor @returns {number} how many */
  above(scores, words, rows, bound, unit, floor) {
    let count = 0;
    for (let row = 0; row < scores.length; row++) if (words[row] > 0 || (scores[row] > bound && scores[row] / unit >= floor)) rows[count++] = row;
    return count;
  }

  /** The scores of these rows by all that counts. @param {Uint32Array} rows @param {Float64Array} out by row
   * @param {Columns} columns @param {Weights} weights */
  fuse(rows, out, { scores, sums, bounds, owners, words, titles }, { unit, own, page, share, titled }) {
    for (const row of rows) {
      const of = owners[row];
      const mean = sums[of] / (bounds[of + 1] - bounds[of]) / unit;
      out[row] = (own * (scores[row] / unit) + page * mean) / (own + page) + share * words[row] + titled * titles[of];
    }
  }
}
