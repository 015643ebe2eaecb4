// @ts-check
/** Fusion of the scores by words and by meaning into one list; search/ranking.py is the twin. */

import { SCORE_PARTS, partOf } from "./arrays.mjs";

export const ARMS = ["hybrid", "semantic", "lexical"];
const NEAREST_SHARE = 0.6;
const NEAR = 0.5;
const NEARER = 0.8;
export const FAR = 0.1;
const BEST = 0.2;
const SURE = 0.3;
const WORDS_OF_PAGE = 0.2;
const TITLED = 0.3;
const HEADED = 0.45;
const CALLED = 0.3;
const PHRASED = 0.15;
const LESS_IF_DATED = 0.1;
const READ = 100;
const STEPS = 4096;
/** The most rows that are ranked by each score: a thousand hits, each with ten further ones. */
const RANKED = 11_000;
/** How much a chunk counts beside its page as a whole. */
const [OF_CHUNK, OF_PAGE] = [5, 3];

/** `rows` are all that answer, in no order, `owners` theirs, `totals` of the room their scores; `scores` by row, of those that have been given in order.
 * @typedef {{rows: Uint32Array, owners: Int32Array, scores: Float64Array, named: Set<number>, nearest: boolean, found: import("./words.mjs").WordMatches}} Ranking */
/** Arrays for one answer, valid until the next: allocating them takes longer than filling them.
 * @typedef {ReturnType<typeof roomFor>} Room */

/** @param {import("./passes.mjs").Passes} passes @param {number} length rows @param {number} documents */
export function roomFor(passes, length, documents) {
  const [rows, picked, counts, seen, asked, before, first, slotless] = [length + 1, length, STEPS, documents, RANKED, RANKED + 1, SCORE_PARTS + 1, length].map((size) => passes.numbers(size));
  const [scores, sought, totals, meant, said, zeros] = [length, length, length, length, length, documents].map((size) => passes.floats(size));
  return { passes, scores, sought, totals, meant, said, rows, held: passes.array(Int32Array, length + 1), picked, counts, seen, asked, before, first, values: passes.floats(RANKED + 1), zeros, slotless };
}
/** Whether a row's heading is the query, how near its document's title is to it, whether it has it word for word, and whether
 * its document tells what was new once.
 * @typedef {{headed?: (row: number) => boolean, called?: (row: number) => number, phrased?: (row: number) => number, dated?: (row: number) => boolean}} Names */

/** What a row's words are worth. @param {import("./words.mjs").WordMatches} found @param {number} row */
export function worthOf({ slots, scores }, row) {
  return slots[row] && scores[slots[row] - 1];
}

/** All chunks that answer, with their scores. The beginning of a document whose title was typed comes before all.
 * @param {import("./meaning.mjs").Meaning} meaning of the query; not turned to it where `mode` is lexical
 * @param {import("./words.mjs").WordMatches} found
 * @param {{mode: string, weight: number, fits: ((row: number) => boolean) | null, titled: number[], alone?: boolean}} options
 *   `fits`: which rows may be found; null: all. `alone`: a chunk's page counts for nothing @param {Room} room @returns {Ranking} */
export function fuse(meaning, found, { mode, weight, fits, titled, alone = false }, room) {
  const { passes, scores, totals, meant, said } = room;
  const { most } = found;
  const [lexical, semantic] = [mode === "lexical", mode === "semantic"];
  const named = new Set(semantic ? [] : titled);
  // By meaning alone whatever is above 0 is near enough; else those that have words come as well.
  const bound = lexical ? Infinity : semantic ? 1 : meaning.bound(most ? NEAR : NEARER, FAR);
  const count = answering(meaning, found, { bound, semantic, named, fits }, room);
  const [rows, held] = [room.rows.subarray(0, count), room.held.subarray(0, count)];
  if (lexical) {
    for (let i = 0; i < count; i++) totals[i] = said[i] && said[i] / most;
  } else {
    const { generation: { owned: { bounds }, single }, sums, unit } = meaning;
    const sure = !semantic && most ? weight * (BEST + SURE * (most / found.weight)) : 0;
    const page = (WORDS_OF_PAGE * sure) / Math.max(1, found.mostOfPage);
    const [own, whole] = alone ? [1, 0] : [OF_CHUNK, OF_PAGE];
    passes.fuse(rows, totals, meaning.scores, sums, bounds, held, said, found.pages, found.titles, unit * (semantic ? 1 : 1 + single * single), own, whole, sure && sure / most, page, semantic ? 0 : TITLED, meant);
  }
  const nearest = mode === "hybrid" && found.weight > 0 && (most === 0 || found.share < NEAREST_SHARE || found.scattered);
  return { rows, owners: held, scores, named, nearest, found };
}

/** Write to the room the rows that answer, their owners, and what their words are worth: those that have words, the others that are near,
 * those that are named. @param {import("./meaning.mjs").Meaning} meaning @param {import("./words.mjs").WordMatches} found
 * @param {{bound: number, semantic: boolean, named: Set<number>, fits: ((row: number) => boolean) | null}} asked `bound`: what is near has this score at least
 * @param {Room} room @returns {number} how many */
function answering({ generation: { owners }, near, scores }, found, { bound, semantic, named, fits }, { passes, rows, held, said, slotless }) {
  const slots = semantic ? slotless : found.slots;
  let count = 0;
  if (!semantic) {
    rows.set(found.rows);
    held.set(found.owners);
    said.set(found.scores);
    count = found.rows.length;
  }
  const worded = count;
  if (bound < Infinity) count += passes.pick(near, scores, slots, owners, bound, rows.subarray(count), held.subarray(count));
  for (const row of named) {
    if (slots[row] || scores[row] >= bound) continue;
    rows[count] = row;
    held[count++] = owners[row];
  }
  for (let i = worded; i < count; i++) said[i] = semantic ? worthOf(found, rows[i]) : 0;
  if (!fits) return count;
  let fitting = 0;
  for (let i = 0; i < count; i++) {
    if (!fits(rows[i])) continue;
    [rows[fitting], held[fitting], said[fitting]] = [rows[i], held[i], said[i]];
    fitting++;
  }
  return fitting;
}

/** The rows that answer, the best first; of equals the lowest id. Only as many are sorted as are asked for: `first`, then more. What is given is good till more are asked for.
 * Of the best those are raised whose heading is the query, whose document's title is near to it, or that have it word for word.
 * @param {Ranking} ranking @param {BigUint64Array} ids @param {number} first @param {Room} room
 * @param {Names} [names] @returns {Iterable<Uint32Array>} */
export function* inOrder({ rows, scores, named, found }, ids, first, room, { headed, called, phrased, dated } = {}) {
  const { passes, picked, counts } = room;
  const totals = room.totals.subarray(0, rows.length);
  let before = 0;
  if (named.size) {
    for (let i = 0; i < rows.length; i++) {
      if (!named.has(rows[i])) continue;
      picked[before++] = rows[i];
      scores[rows[i]] = totals[i];
      totals[i] = NaN; // no others
    }
    const first = picked.subarray(0, before);
    passes.sort(first, scores, ids);
    yield first;
  }
  let looked = false;
  for (let given = 0, most = Math.max(first, READ); given < rows.length - before; most *= 4) {
    const part = passes.tally(totals, counts, most); // so many have this score at least, and few others: it is one of a few thousand
    const least = part ? part / 1024 : -Infinity;
    const best = picked.subarray(0, passes.take(rows, totals, picked, least, scores));
    passes.sort(best, scores, ids);
    if (!looked) {
      for (let i = 0, left = 20; i < READ && i < best.length; i++) { // an iterator leaves something behind for each
        const row = best[i];
        scores[row] += (headed?.(row) ? HEADED : 0) + CALLED * (called?.(row) ?? 0) - (dated?.(row) ? LESS_IF_DATED : 0);
        // A chunk of less than a quarter of what they weigh has not all words.
        const count = left && 4 * worthOf(found, row) >= found.weight ? (phrased?.(row) ?? 0) : 0;
        scores[row] += PHRASED * count;
        if (count) left--;
      }
      passes.sort(best, scores, ids);
    }
    let end = best.length;
    while (end > given && scores[best[end - 1]] < least) end--; // a dated row may now stand behind others
    yield best.subarray(given, end);
    given = end;
    if (!looked) { // and more are asked for, which is seldom
      const those = new Set(best);
      rows.forEach((row, i) => those.has(row) && (totals[i] = scores[row]));
    }
    looked = true;
  }
}

/** The rank of each of these rows among those that answer, by one score, from 1; none for a row that scores 0.
 * @param {number[]} rows @param {Uint32Array} answering @param {(row: number) => number} scoreOf @param {Float64Array} theirs of those that answer, in their order
 * @param {BigUint64Array} ids @param {Room} room @returns {Map<number, number>} */
export function placesOf(rows, answering, scoreOf, theirs, ids, room) {
  const { passes, before, first, values, sought: scores } = room;
  const those = rows.filter((row) => (scores[row] = scoreOf(row)) > 0);
  const size = those.length;
  const asked = room.asked.subarray(0, size);
  asked.set(those);
  passes.sort(asked, scores, ids);
  const least = scores[asked[size - 1]];
  const factor = (SCORE_PARTS - 1) / (scores[asked[0]] - least);
  for (let i = 0, end = SCORE_PARTS + 1; i <= size; i++) {
    values[i] = i < size ? scores[asked[i]] : -Infinity;
    const part = partOf(values[i], least, factor);
    first.fill(i, part + 1, end);
    end = Math.min(end, part + 1);
  }
  if (size) passes.rank(answering, asked, values, theirs, ids, before.fill(0, 0, size + 1), first, least, factor);
  let place = 0;
  /** @type {Map<number, number>} */ const places = new Map();
  asked.forEach((row, i) => places.set(row, (place += before[i])));
  return places;
}

/** These owners, each once; valid until the next call. @param {Int32Array} owners @param {Room} room */
export function apart(owners, { passes, picked, seen }) {
  return picked.subarray(0, passes.owning(owners, seen.fill(0), picked));
}
