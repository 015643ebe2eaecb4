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
const READ = 100;
/** Scores are counted by drawers, so that few have to be compared. */
const DRAWERS = 4096;
/** How much a chunk counts beside its page as a whole. */
const [OWN, PAGE] = [5, 3];

/** `rows` are all that answer, in no order; `scores` by row, of these alone, `highest` of these.
 * @typedef {{rows: Uint32Array, scores: Float64Array, highest: number, named: Set<number>, nearest: boolean}} Ranking */
/** For an answer, good till the next one: to make it anew takes longer than to fill it.
 * @typedef {ReturnType<typeof roomFor>} Room */

/** @param {import("./passes.mjs").Passes} passes @param {number} length rows @param {number} documents */
export function roomFor(passes, length, documents) {
  const [rows, beside, counts, wanted] = [length, length, DRAWERS + 2, DRAWERS + 2].map((size) => passes.numbers(size));
  return { passes, scores: passes.floats(length), ofDocuments: passes.floats(documents), rows, beside, counts, wanted };
}

/** All chunks that answer, and how well. A document whose title was typed is before all.
 * @param {import("./meaning.mjs").Meaning} meaning of the query; not read where `mode` is lexical
 * @param {import("./words.mjs").Found} found
 * @param {{mode: string, weight: number, fits: ((row: number) => boolean) | null, titled: number[], alone?: boolean}} options
 *   `fits`: which rows may be found; null: all. `alone`: a chunk's page counts for nothing @param {Room} room @returns {Ranking} */
export function fuse(meaning, found, { mode, weight, fits, titled, alone = false }, { passes, scores, ofDocuments, rows }) {
  const words = found.scores;
  let most = 0;
  for (let i = 0; i < found.rows.length; i++) most = Math.max(most, words[found.rows[i]]);
  const [lexical, semantic] = [mode === "lexical", mode === "semantic"];
  const named = new Set(semantic ? [] : titled);
  const close = lexical ? { count: 0, floor: Infinity } : meaning.above(rows, semantic ? 0 : most ? NEAR : NEARER, semantic ? 0 : FAR);
  let { count } = close;
  const isClose = (/** @type {number} */ row) => !lexical && meaning.cosine(row) >= close.floor;
  if (!semantic) for (let i = 0; i < found.rows.length; i++) if (!isClose(found.rows[i])) rows[count++] = found.rows[i];
  for (const row of named) if (!words[row] && !isClose(row)) rows[count++] = row;
  const all = rows.subarray(0, count);
  const fit = fits ? rows.subarray(0, all.filter(fits).map((row, i) => (rows[i] = row)).length) : all;
  let highest = 0;
  if (lexical) {
    for (let i = 0; i < fit.length; i++) highest = Math.max(highest, (scores[fit[i]] = words[fit[i]] && words[fit[i]] / most));
  } else {
    const { generation: { owners, owned: { bounds } }, scores: meant, sums, unit } = meaning;
    const sure = !semantic && most ? weight * (BEST + SURE * (most / found.weight)) : 0;
    const page = (WORDS_OF_PAGE * sure) / found.pages.reduce((a, b) => Math.max(a, b), 1);
    for (let at = 0; at < ofDocuments.length; at++) ofDocuments[at] = page * found.pages[at] + TITLED * found.titles[at];
    const weights = { unit, own: alone ? 1 : OWN, page: alone ? 0 : PAGE, share: sure && sure / most, titled: semantic ? 0 : 1 };
    highest = passes.fuse(fit, scores, { scores: meant, sums, bounds, owners, words, titles: ofDocuments }, weights);
  }
  const nearest = mode === "hybrid" && (most === 0 || found.share < NEAREST_SHARE);
  return { rows: fit, scores, highest, named, nearest };
}

/** The rows that answer, the best first; of equals the lowest id. Only as many are sorted as are asked for: `first`, then more.
 * Of the best those are raised whose heading is the query.
 * @param {Ranking} ranking @param {BigUint64Array} ids @param {number} first @param {Room} room
 * @param {(row: number) => boolean} [headed] @returns {Iterable<number>} */
export function* inOrder({ rows, scores, highest, named }, ids, first, room, headed) {
  const before = orderBy(scores, ids);
  const titled = named.size ? [...rows.filter((row) => named.has(row))] : [];
  if (titled.length) rows.set([...rows.filter((row) => !named.has(row)), ...titled]);
  const others = rows.subarray(0, rows.length - titled.length);
  yield* titled.sort((a, b) => (before(a, b) ? -1 : 1));
  for (let given = 0, most = Math.max(first, READ); given < others.length; most *= 4) {
    const best = bestOf(others, scores, highest, before, most, room);
    if (!given && headed) {
      for (const row of best.slice(0, READ)) if (headed(row)) scores[row] += HEADED;
      best.sort((a, b) => (before(a, b) ? -1 : 1));
    }
    yield* best.slice(given);
    given = best.length;
  }
}

/** @param {Uint32Array} rows @param {Float64Array} scores @param {number} highest of these @param {(a: number, b: number) => boolean} before
 * @param {number} most @param {Room} room @returns {number[]} the best first */
function bestOf(rows, scores, highest, before, most, { passes, beside, counts, wanted }) {
  const sort = () => beside.subarray(0, passes.drawers(rows, scores, DRAWERS / highest, counts.fill(0), wanted, beside));
  wanted.fill(0);
  sort();
  let lowest = DRAWERS + 1;
  for (let kept = counts[lowest]; lowest && kept < most; kept += counts[lowest]) lowest--;
  wanted.fill(1, lowest);
  return [...sort()].sort((a, b) => (before(a, b) ? -1 : 1)).slice(0, most);
}

/** The place of each of these rows among all by one score, from 1; null where it has none. Only rows in the drawer of one
 * that is asked for are compared with it.
 * @param {number[]} rows @param {Float64Array} scores @param {BigUint64Array} ids @param {Room} room
 * @param {Uint32Array | null} [having] the rows that have a score above 0, where these are few and known
 * @returns {Map<number, number | null>} */
export function placesOf(rows, scores, ids, { passes, beside, counts, wanted }, having = null) {
  const before = orderBy(scores, ids);
  const places = new Map(rows.map((row) => [row, /** @type {number | null} */ (null)]));
  const asked = rows.filter((row) => scores[row] > 0);
  if (!asked.length) return places;
  const factor = DRAWERS / Math.max(...asked.map((row) => scores[row]));
  const drawer = (/** @type {number} */ row) => Math.max(0, Math.min(DRAWERS + 1, Math.trunc(scores[row] * factor + 1)));
  /** @type {Map<number, number[]>} */ const drawers = new Map(asked.map((row) => [drawer(row), []]));
  wanted.fill(0);
  for (const mine of drawers.keys()) wanted[mine] = 1;
  const found = passes.drawers(having, scores, factor, counts.fill(0), wanted, beside);
  for (let i = 0; i < found; i++) drawers.get(drawer(beside[i]))?.push(beside[i]);
  for (let at = DRAWERS; at >= 0; at--) counts[at] += counts[at + 1]; // of this drawer, and higher
  for (const row of asked) {
    const mine = drawer(row);
    const equals = /** @type {number[]} */ (drawers.get(mine));
    places.set(row, 1 + (counts[mine + 1] ?? 0) + equals.filter((at) => before(at, row)).length);
  }
  return places;
}

/** @param {Float64Array} scores @param {BigUint64Array} ids */
function orderBy(scores, ids) {
  return (/** @type {number} */ a, /** @type {number} */ b) => scores[a] > scores[b] || (scores[a] === scores[b] && ids[a] < ids[b]);
}
