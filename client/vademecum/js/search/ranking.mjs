// @ts-check
/** One list from two: chunks by the words that they have, and by what they mean; search/ranking.py is the twin. */

export const MODES = ["hybrid", "semantic", "lexical"];
const NEAREST_SHARE = 0.6;
const NEAR = 0.5;
const NEARER = 0.8;
const FAR = 0.1;
const BEST = 0.2;
const SURE = 0.3;
const WORDS_OF_PAGE = 0.2;
const TITLED = 0.3;
const HEADED = 0.45;
const CALLED = 0.3;
const READ = 100;
/** How much a chunk counts beside its page as a whole. */
const [OWN, PAGE] = [5, 3];

/** `rows` are all that answer, in no order; `scores` by row, of these alone.
 * @typedef {{rows: Uint32Array, scores: Float64Array, named: Set<number>, nearest: boolean}} Ranking */
/** For an answer, good till the next one: to make it anew takes longer than to fill it.
 * @typedef {ReturnType<typeof roomFor>} Room */

/** @param {import("./passes.mjs").Passes} passes @param {number} length rows @param {number} documents */
export function roomFor(passes, length, documents) {
  return { passes, scores: passes.floats(length), ofDocuments: passes.floats(documents), rows: passes.numbers(length) };
}
/** Whether a row's heading is the query, and how near its document's title is to it.
 * @typedef {{headed?: (row: number) => boolean, called?: (row: number) => number}} Names */

/** All chunks that answer, and how well. A document whose title was typed is before all.
 * @param {import("./meaning.mjs").Meaning} meaning of the query; not read where `mode` is lexical
 * @param {import("./words.mjs").Found} found
 * @param {{mode: string, weight: number, fits: ((row: number) => boolean) | null, titled: number[], alone?: boolean}} options
 *   `fits`: which rows may be found; null: all. `alone`: a chunk's page counts for nothing @param {Room} room @returns {Ranking} */
export function fuse(meaning, found, { mode, weight, fits, titled, alone = false }, { passes, scores, ofDocuments, rows }) {
  const { scores: words, most } = found;
  const [lexical, semantic] = [mode === "lexical", mode === "semantic"];
  const named = new Set(semantic ? [] : titled);
  if (lexical) rows.set(found.rows);
  // Those that have words as well; by meaning alone whatever is above 0 is near enough.
  const close = lexical ? { count: found.rows.length, floor: Infinity } : meaning.above(rows, semantic ? 0 : most ? NEAR : NEARER, semantic ? 0 : FAR, semantic ? meaning.scores : words);
  let { count } = close;
  for (const row of named) if (!words[row] && (lexical || meaning.cosine(row) < close.floor)) rows[count++] = row;
  const all = rows.subarray(0, count);
  const fit = fits ? rows.subarray(0, all.filter(fits).map((row, i) => (rows[i] = row)).length) : all;
  if (lexical) {
    for (let i = 0; i < fit.length; i++) scores[fit[i]] = words[fit[i]] && words[fit[i]] / most;
  } else {
    const { generation: { owners, owned: { bounds } }, scores: meant, sums, unit } = meaning;
    const sure = !semantic && most ? weight * (BEST + SURE * (most / found.weight)) : 0;
    const page = (WORDS_OF_PAGE * sure) / Math.max(1, found.mostOfPage);
    for (let at = 0; at < ofDocuments.length; at++) ofDocuments[at] = page * found.pages[at] + TITLED * found.titles[at];
    const weights = { unit, own: alone ? 1 : OWN, page: alone ? 0 : PAGE, share: sure && sure / most, titled: semantic ? 0 : 1 };
    passes.fuse(fit, scores, { scores: meant, sums, bounds, owners, words, titles: ofDocuments }, weights);
  }
  const nearest = mode === "hybrid" && found.weight > 0 && (most === 0 || found.share < NEAREST_SHARE);
  return { rows: fit, scores, named, nearest };
}

/** The rows that answer, the best first; of equals the lowest id. Only as many are sorted as are asked for: `first`, then more.
 * Of the best those are raised whose heading is the query, and whose document's title is near to it.
 * @param {Ranking} ranking @param {BigUint64Array} ids @param {number} first
 * @param {Names} [names] @returns {Iterable<number>} */
export function* inOrder({ rows, scores, named }, ids, first, { headed, called } = {}) {
  const order = orderBy(scores, ids);
  yield* [...named.size ? rows.filter((row) => named.has(row)) : []].sort(order);
  const others = named.size ? rows.filter((row) => !named.has(row)) : rows;
  for (let given = 0, most = Math.max(first, READ); given < others.length; most *= 4) {
    const least = leastOf(others, scores, most);
    const best = [...others.filter((row) => scores[row] >= least)].sort(order).slice(0, most);
    if (!given) {
      for (const row of best.slice(0, READ)) scores[row] += (headed?.(row) ? HEADED : 0) + CALLED * (called?.(row) ?? 0);
      best.sort(order);
    }
    yield* best.slice(given);
    given = best.length;
  }
}

/** A score that so many have at least, and few others; it is one of a few thousand, each of which is counted.
 * @param {Uint32Array} rows @param {Float64Array} scores @param {number} most */
function leastOf(rows, scores, most) {
  const counts = new Uint32Array(4096);
  for (let i = 0; i < rows.length; i++) counts[Math.min(4095, Math.max(0, scores[rows[i]] * 1024)) | 0]++;
  let at = 4096;
  while (at && most > 0) most -= counts[--at];
  return at ? at / 1024 : -Infinity;
}

/** The place of each of these rows among those that answer by one score, from 1; of one whose score is not above 0 there is none.
 * @param {number[]} rows @param {Uint32Array} answering @param {Float64Array} scores @param {BigUint64Array} ids @returns {Map<number, number>} */
export function placesOf(rows, answering, scores, ids) {
  const order = orderBy(scores, ids);
  const asked = rows.filter((row) => scores[row] > 0).sort(order);
  const lowest = scores[asked[asked.length - 1]];
  const counts = new Uint32Array(asked.length + 1); // of those that come behind so many that are asked for
  for (let i = 0; i < answering.length; i++) {
    const row = answering[i];
    if (!(scores[row] >= lowest)) continue;
    let low = 0;
    for (let high = asked.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (order(asked[middle], row) < 0) low = middle + 1;
      else high = middle;
    }
    counts[low]++;
  }
  let place = 0;
  return new Map(asked.map((row, i) => [row, (place += counts[i])]));
}

/** @param {Float64Array} scores @param {BigUint64Array} ids */
function orderBy(scores, ids) {
  return (/** @type {number} */ a, /** @type {number} */ b) => (scores[a] > scores[b] || (scores[a] === scores[b] && ids[a] < ids[b]) ? -1 : 1);
}
