// @ts-check
/** One list from two: chunks by the words that they have, and by what they mean; search/ranking.py is the twin. */

export const MODES = ["hybrid", "semantic", "lexical"];
const NEAREST_SHARE = 0.35;
const NEAR = 0.5;
const NEARER = 0.8;
const FAR = 0.1;

/** @typedef {{rows: number[], scores: Float64Array, nearest: boolean}} Ranking `scores` by row */

/** All chunks that answer, the best first; of equals the lowest id. A document whose title was typed is before all.
 * @param {Float64Array} cosines of each row @param {import("./words.mjs").Found} found @param {BigUint64Array} ids
 * @param {{mode: string, weight: number, counting: Int32Array, titled: number[]}} options `counting`: negative for rows that may
 *   not be found @returns {Ranking} */
export function fuse(cosines, found, ids, { mode, weight, counting, titled }) {
  let [most, highest] = [0, 0];
  for (let row = 0; row < counting.length; row++) {
    if (found.scores[row] > most) most = found.scores[row];
    if (cosines[row] > highest) highest = cosines[row];
  }
  const floor = Math.max((most ? NEAR : NEARER) * highest, FAR);
  const named = new Set(mode === "semantic" ? [] : titled);
  const scores = new Float64Array(cosines.length);
  /** @type {number[]} */ const rows = [];
  for (let row = 0; row < counting.length; row++) {
    if (counting[row] < 0) continue;
    const words = most ? found.scores[row] / most : 0;
    const cosine = cosines[row];
    scores[row] = mode === "lexical" ? words : mode === "semantic" ? cosine : cosine + weight * words;
    const fits = mode === "lexical" ? words > 0 : mode === "semantic" ? cosine > 0 : words > 0 || cosine >= floor;
    if (fits || named.has(row)) rows.push(row);
  }
  rows.sort((a, b) => Number(named.has(b)) - Number(named.has(a)) || scores[b] - scores[a] || (ids[a] < ids[b] ? -1 : 1));
  const nearest = mode === "hybrid" && (most === 0 || found.share < NEAREST_SHARE);
  return { rows, scores, nearest };
}

/** The place of a row among all by one score, from 1; null where it has none.
 * @param {number} row @param {Float64Array} scores @param {Int32Array} owners @param {BigUint64Array} ids */
export function placeOf(row, scores, owners, ids) {
  const mine = scores[row];
  if (!(mine > 0)) return null;
  let place = 1;
  for (let at = 0; at < scores.length; at++) {
    if (owners[at] >= 0 && (scores[at] > mine || (scores[at] === mine && ids[at] < ids[row]))) place++;
  }
  return place;
}
