// @ts-check
/** What is done with every row at each question, in JavaScript; kernel.wat has the same, bit for bit, for arrays in its memory. */

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
    for (let row = 0; row < owners.length; row++) {
      if (owners[row] < 0) scores[row] = 0;
      else sums[owners[row]] += scores[row]; // whole, below 2^53: in any order the same
      highest = Math.max(highest, scores[row]);
    }
    return highest;
  }

  /** Write the rows that have this score at least. @param {Float64Array} scores @param {Uint32Array} rows is written: room for all
   * @param {number} bound @returns {number} how many */
  above(scores, rows, bound) {
    let count = 0;
    for (let row = 0; row < scores.length; row++) if (scores[row] >= bound) rows[count++] = row;
    return count;
  }

  /** The same of these rows. @param {Uint32Array} rows @param {Float64Array} scores @param {Uint32Array} picked is written
   * @param {number} bound @returns {number} how many */
  pick(rows, scores, picked, bound) {
    let count = 0;
    for (const row of rows) if (scores[row] >= bound) picked[count++] = row;
    return count;
  }

  /** Count the scores of these rows by their parts of 1024, from 0 to below 4.
   * @param {Uint32Array} rows @param {Float64Array} scores @param {Uint32Array} counts [4096] are added to */
  tally(rows, scores, counts) {
    for (const row of rows) counts[Math.min(4095, Math.max(0, scores[row] * 1024)) | 0]++;
  }

  /** Write the owners of these rows, each once. @param {Uint32Array} rows @param {Int32Array} owners
   * @param {Uint32Array} seen 0 of each owner, becomes 1 @param {Uint32Array} found is written: room for all rows @returns {number} how many */
  owning(rows, owners, seen, found) {
    let count = 0;
    for (const row of rows) {
      const owner = owners[row];
      if (!seen[owner]) found[count++] = owner;
      seen[owner] = 1;
    }
    return count;
  }

  /** The scores of these rows by all that counts.
   * @param {Uint32Array} rows @param {Float64Array} out by row, as `scores` and `words` are
   * @param {Float64Array} scores @param {Float64Array} sums of each document, as `titles` are @param {Uint32Array} bounds where each document's rows begin
   * @param {Int32Array} owners @param {Float64Array} words @param {Float64Array} titles
   * @param {number} unit @param {number} own how much a chunk counts @param {number} page its page @param {number} share its words @param {number} titled its title */
  fuse(rows, out, scores, sums, bounds, owners, words, titles, unit, own, page, share, titled) {
    for (const row of rows) {
      const of = owners[row];
      const mean = sums[of] / (bounds[of + 1] - bounds[of]) / unit;
      out[row] = (own * (scores[row] / unit) + page * mean) / (own + page) + share * words[row] + titled * titles[of];
    }
  }
}
