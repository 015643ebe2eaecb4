// @ts-check
/** Words that mean nearly the same, by the table of the encoder; search/neighbours.py is the twin. */

import { product } from "./arrays.mjs";

export const MOST_LOOKED_AT = 4096;
const MOST_NEAR = 5;
const DIGIT = /[0-9 ]/;

export class Neighbours {
  /** What was found; a question that is being typed asks for most of it again. @type {Map<string, [string, number][]>} */
  #known = new Map();

  /** @param {import("./encoder.mjs").Encoder} encoder @param {import("./passes.mjs").Passes} passes */
  constructor(encoder, passes) {
    this.encoder = encoder;
    this.passes = passes;
  }

  /** Whole numbers, [n, D], and the squares of their lengths, made when a question first needs them. */
  #table() {
    const { encoder, passes } = this;
    const count = Math.min(MOST_LOOKED_AT, encoder.words.length);
    const [rows, ones, products, sizes] = [passes.array(Int8Array, count * encoder.dimensions), passes.array(Uint16Array, count).fill(1), passes.floats(count), new Float64Array(count)];
    for (let at = 0; at < count; at++) {
      const row = encoder.row(at);
      rows.set(row, at * row.length);
      sizes[at] = product(row, 0, row);
    }
    return (this.table = { rows, ones, products, sizes });
  }

  /** The words whose cosine with one is a half at least, the nearest first, and the squares of their cosines; none to a word of no row, nor of a number.
   * @param {string} word @returns {[string, number][]} */
  of(word) {
    const { encoder, passes } = this;
    const at = encoder.positions.get(word);
    if (at === undefined || DIGIT.test(word)) return [];
    const known = this.#known.get(word);
    if (known) return known;
    const { rows, ones, products, sizes } = this.table ?? this.#table();
    const row = encoder.row(at);
    const size = product(row, 0, row);
    passes.products(products, rows, ones, row);
    /** @type {[string, number][]} */ const near = [];
    for (let i = 0; i < sizes.length; i++) { // without a function, which takes three times as long
      const square = products[i] * products[i];
      if (products[i] > 0 && 4 * square >= sizes[i] * size && i !== at && !DIGIT.test(encoder.words[i])) near.push([encoder.words[i], square / (sizes[i] * size)]);
    }
    const found = near.sort(([, a], [, b]) => b - a).slice(0, MOST_NEAR); // of equals the first: a sort is stable
    this.#known.set(word, found);
    return found;
  }
}
