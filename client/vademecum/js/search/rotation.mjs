// @ts-check
/**
 * The fixed rotation that vectors of few bits live in (site/content/format.md, section 4.2): sums and
 * differences alone, so that the integers are those of rotation.py.
 */

import { shrink } from "./encoder.mjs";

/** What the signs of each round begin with. */
export const ROUNDS = [0x4881d841, 0xabf8d4dd];

/** The query as packed vectors are scanned with. @param {Int8Array} query [D] */
export function rotateQuery(query) {
  return shrink(rotate(query));
}

/** @param {ArrayLike<number>} query
 * @returns {Float64Array} longer than the query by one factor for all vectors of these dimensions */
export function rotate(query) {
  return ROUNDS.reduce(mix, Float64Array.from(query));
}

/** One round: signs, the transform of each block, and the blocks read across.
 * @param {Float64Array} values @param {number} start of the signs */
function mix(values, start) {
  const block = values.length & -values.length; // the largest power of two that divides it
  const blocks = values.length / block;
  const turned = values.map((value, i) => (isKept(start, i) ? value : -value));
  for (let at = 0; at < turned.length; at += block) transform(turned.subarray(at, at + block));
  const across = new Float64Array(values.length);
  turned.forEach((value, i) => (across[(i % block) * blocks + Math.floor(i / block)] = value));
  return across;
}

/** Whether component i keeps its sign: a Weyl sequence, through murmur3's finalizer. @param {number} start @param {number} i */
function isKept(start, i) {
  let x = (start + Math.imul(i + 1, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) & 1) === 1;
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
