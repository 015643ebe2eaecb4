// @ts-check
/**
 * The fixed rotation that vectors of few bits live in (site/content/format.md, section 4.2): sums and
 * differences alone, so that the integers are those of rotation.py.
 */

import { hashWord, shrink, unknownComponent } from "./encoder.mjs";

/** The signs of each round are those of the row that this word has where it is unknown. */
export const ROUNDS = ["first", "second"];

/** The query as packed vectors are scanned with.
 * @param {Int8Array} query [D]
 * @param {number} start the first dimension that unknown words have to themselves; 0: there is none */
export function rotateQuery(query, start) {
  return shrink(rotate(query, start));
}

/** @param {ArrayLike<number>} query @param {number} start
 * @returns {Float64Array} longer than the query by one factor for all vectors of these dimensions */
export function rotate(query, start) {
  const values = Float64Array.from(query);
  const groups = [values.subarray(0, start), values.subarray(start)].filter(({ length }) => length);
  const largest = Math.max(...groups.map(({ length }) => blockOf(length)));
  for (const group of groups) {
    ROUNDS.forEach((word) => mix(group, hashWord(word)));
    const factor = largest / blockOf(group.length);
    group.forEach((value, i) => (group[i] = value * factor));
  }
  return values;
}

/** The largest power of two that divides the size. @param {number} size */
function blockOf(size) {
  return size & -size;
}

/** One round: signs, the transform of each block, and the blocks read across.
 * @param {Float64Array} group changed in place @param {number} hash */
function mix(group, hash) {
  const block = blockOf(group.length);
  const blocks = group.length / block;
  const turned = group.map((value, i) => (unknownComponent(hash, i) > 0 ? value : -value));
  for (let start = 0; start < turned.length; start += block) transform(turned.subarray(start, start + block));
  turned.forEach((value, i) => (group[(i % block) * blocks + Math.floor(i / block)] = value));
}

/** The Walsh-Hadamard transform of 2^k values, without its factor. @param {Float64Array} values changed in place */
function transform(values) {
  for (let half = values.length >> 1; half; half >>= 1) {
    for (let i = 0; i < values.length; i++) {
      if (i & half) continue;
      const [a, b] = [values[i], values[i + half]];
      values[i] = a + b;
      values[i + half] = a - b;
    }
  }
}
