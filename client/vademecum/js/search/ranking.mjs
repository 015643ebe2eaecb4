// @ts-check
/** One list from two: chunks by the words that they have, and by what they mean; search/ranking.py is the twin. */

export const MODES = ["hybrid", "semantic", "lexical"];
const NEAREST_SHARE = 0.6;
const NEAR = 0.5;
const NEARER = 0.8;
const FAR = 0.1;
const BEST = 0.3;
const SURE = 0.2;
const TITLED = 0.3;
const HEADED = 0.45;
const READ = 100;
/** Scores are counted by drawers, so that few have to be compared. */
const DRAWERS = 4096;
const WHOLE = 2 ** 30;

/** `rows` are all that answer, in no order; `scores` by row, of these alone.
 * @typedef {{rows: Uint32Array, scores: Float64Array, named: Set<number>, nearest: boolean}} Ranking */

/** All chunks that answer, and how well. A document whose title was typed is before all.
 * @param {import("./meaning.mjs").Meaning} meaning of the query; not read where `mode` is lexical
 * @param {(row: number) => number} near what counts of it
 * @param {import("./words.mjs").Found} found
 * @param {{mode: string, weight: number, owners: Int32Array, fits: ((row: number) => boolean) | null, titled: number[]}} options
 *   `fits`: which rows may be found; null: all
 * @param {{scores: Float64Array, rows: Uint32Array}} room for the answer, good till the next one: to make it anew takes longer
 *   than to fill it @returns {Ranking} */
export function fuse(meaning, near, found, { mode, weight, owners, fits, titled }, { scores, rows }) {
  const words = found.scores;
  let most = 0;
  for (let i = 0; i < found.rows.length; i++) most = Math.max(most, words[found.rows[i]]);
  const [lexical, semantic] = [mode === "lexical", mode === "semantic"];
  const named = new Set(semantic ? [] : titled);
  const share = most ? (weight * (BEST + SURE * (most / found.weight))) / most : 0;
  const score = (/** @type {number} */ row) => {
    if (lexical) return words[row] && words[row] / most;
    return semantic ? near(row) : near(row) + share * words[row] + TITLED * found.titles[owners[row]];
  };
  const close = lexical ? { count: 0, floor: Infinity } : meaning.above(rows, semantic ? 0 : most ? NEAR : NEARER, semantic ? 0 : FAR);
  let count = 0;
  const add = (/** @type {number} */ row) => {
    if (fits && !fits(row)) return;
    scores[row] = score(row);
    rows[count++] = row;
  };
  for (let i = 0; i < close.count; i++) add(rows[i]); // written where they, or those before them, were read
  const isClose = (/** @type {number} */ row) => !lexical && meaning.cosine(row) >= close.floor;
  if (!semantic) for (let i = 0; i < found.rows.length; i++) if (!isClose(found.rows[i])) add(found.rows[i]);
  for (const row of named) if (!words[row] && !isClose(row)) add(row);
  const nearest = mode === "hybrid" && (most === 0 || found.share < NEAREST_SHARE);
  return { rows: rows.subarray(0, count), scores, named, nearest };
}

/** The rows that answer, the best first; of equals the lowest id. Only as many are sorted as are asked for: `first`, then more.
 * Of the best those are raised whose heading is the query.
 * @param {Ranking} ranking @param {BigUint64Array} ids @param {number} first @param {(row: number) => boolean} [headed]
 * @returns {Iterable<number>} */
export function* inOrder({ rows, scores, named }, ids, first, headed) {
  const before = orderBy(scores, ids);
  const others = named.size ? rows.filter((row) => !named.has(row)) : rows;
  if (named.size) yield* [...rows.filter((row) => named.has(row))].sort((a, b) => (before(a, b) ? -1 : 1));
  for (let given = 0, most = Math.max(first, READ); given < others.length; most *= 4) {
    const best = bestOf(others, scores, before, most);
    if (!given && headed) {
      for (const row of best.slice(0, READ)) if (headed(row)) scores[row] += HEADED;
      best.sort((a, b) => (before(a, b) ? -1 : 1));
    }
    yield* best.slice(given);
    given = best.length;
  }
}

/** @param {Uint32Array} rows @param {Float64Array} scores @param {(a: number, b: number) => boolean} before @param {number} most
 * @returns {number[]} the best first */
function bestOf(rows, scores, before, most) {
  let highest = 0;
  for (let i = 0; i < rows.length; i++) if (scores[rows[i]] > highest) highest = scores[rows[i]];
  const factor = DRAWERS / highest;
  const counts = new Uint32Array(DRAWERS + 2);
  for (let i = 0; i < rows.length; i++) counts[drawer(scores[rows[i]], factor)]++;
  let lowest = DRAWERS + 1;
  for (let kept = counts[lowest]; lowest && kept < most; kept += counts[lowest]) lowest--;
  const best = [];
  for (let i = 0; i < rows.length; i++) if (drawer(scores[rows[i]], factor) >= lowest) best.push(rows[i]);
  return best.sort((a, b) => (before(a, b) ? -1 : 1)).slice(0, most);
}

/** The place of each of these rows among all by one score, from 1; null where it has none. Only rows in the drawer of one
 * that is asked for are compared with it.
 * @param {number[]} rows @param {Float64Array} scores @param {BigUint64Array} ids
 * @param {Uint32Array} [having] the rows that have a score above 0, where these are few and known
 * @returns {Map<number, number | null>} */
export function placesOf(rows, scores, ids, having) {
  const before = orderBy(scores, ids);
  const places = new Map(rows.map((row) => [row, /** @type {number | null} */ (null)]));
  const asked = rows.filter((row) => scores[row] > 0);
  if (!asked.length) return places;
  const factor = DRAWERS / Math.max(...asked.map((row) => scores[row]));
  /** @type {Map<number, number[]>} */ const drawers = new Map(asked.map((row) => [drawer(scores[row], factor), []]));
  const has = new Uint8Array(DRAWERS + 2);
  for (const mine of drawers.keys()) has[mine] = 1;
  const counts = new Uint32Array(DRAWERS + 3);
  const count = having?.length ?? scores.length;
  for (let i = 0; i < count; i++) {
    const at = having ? having[i] : i;
    const mine = drawer(scores[at], factor);
    counts[mine]++;
    if (has[mine]) drawers.get(mine)?.push(at);
  }
  for (let at = DRAWERS + 1; at >= 0; at--) counts[at] += counts[at + 1]; // of this drawer, and higher
  for (const row of asked) {
    const mine = drawer(scores[row], factor);
    const beside = /** @type {number[]} */ (drawers.get(mine));
    places.set(row, 1 + counts[mine + 1] + beside.filter((at) => before(at, row)).length);
  }
  return places;
}

/** A higher score never falls into a lower drawer; those below 0 lie in the first. Bits in place of branches: that nobody can
 * predict these costs more than all the rest. @param {number} score @param {number} factor */
function drawer(score, factor) {
  const place = score * factor + 1;
  if (!(Math.abs(place) < WHOLE)) return place < 0 ? 0 : DRAWERS + 1;
  const beyond = (place | 0) - (DRAWERS + 1);
  const within = DRAWERS + 1 + (beyond & (beyond >> 31));
  return within & ~(within >> 31);
}

/** @param {Float64Array} scores @param {BigUint64Array} ids */
function orderBy(scores, ids) {
  return (/** @type {number} */ a, /** @type {number} */ b) => scores[a] > scores[b] || (scores[a] === scores[b] && ids[a] < ids[b]);
}
