// @ts-check
/** Arrays for what is done with every row at each question, and what is computed alike wherever that is done: in the kernel (kernel.mjs), or in JavaScript (passes.mjs). */

/** Of the scores that are asked about: so many that few others have to be compared with more than one of them. */
export const SCORE_PARTS = 1024;

export class Arrays {
  /** @template T @param {{new (buffer: ArrayBuffer, at: number, length: number): T, new (length: number): T, BYTES_PER_ELEMENT: number}} Kind
   * @param {number} length @returns {T} */
  array(Kind, length) {
    return new Kind(length);
  }

  /** @param {number} length */
  floats(length) {
    return this.array(Float64Array, length);
  }

  /** @param {number} length */
  numbers(length) {
    return this.array(Uint32Array, length);
  }
}

/** In which of `SCORE_PARTS` parts a score lies, from the least on; -1: below. @param {number} value @param {number} least @param {number} factor */
export function partOf(value, least, factor) {
  return Math.max(-1, Math.min(SCORE_PARTS - 1, (value - least) * factor)) | 0; // NaN is 0, as in the kernel
}

/** Exact in 32-bit integers for any D up to 130,000. @param {Int8Array} vectors @param {number} from where the row begins @param {Int8Array} query */
export function product(vectors, from, query) {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum = (sum + vectors[from + i] * query[i]) | 0;
  return sum;
}
