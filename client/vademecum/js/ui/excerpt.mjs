// @ts-check
/**
 * Which part of a text to show for a query, and which of its words to mark. Pure: text in, pieces out.
 *
 * A word of the text matches when it begins with a word of the query, both folded (no case, no accents): so
 * that marks follow while one types. Ideographs are words of one letter.
 */

/** @typedef {{text: string, marked: boolean}} Piece */
/** @typedef {{start: number, end: number, folded: string}} Word */

const IDEOGRAPH = "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}]";
const WORD = new RegExp(`${IDEOGRAPH}|(?:(?!${IDEOGRAPH})[\\p{L}\\p{M}\\p{N}])+`, "gu");
const SENTENCE_START = /(?:[.!?:;]\s+|\n\s*)(?=\S)/gu;
const SNAP = 60;

/** Words that say nothing about what is looked for; they are marked only when the query has no others. */
const COMMON = new Set(
  ("a an and are as at be by can do does for from how i if in is it its me my not of on or our so that the " +
    "their then this to was we what when where which who why will with you your").split(" "),
);

/**
 * Lower case, without accents and other marks.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().replace(/ß/gu, "ss");
}

/**
 * The words of a query that are worth marking.
 * @param {string} query
 * @returns {string[]}
 */
export function queryWords(query) {
  const all = [...new Set(words(query).map((word) => word.folded))];
  const telling = all.filter((word) => !COMMON.has(word));
  return telling.length > 0 ? telling : all;
}

/**
 * The whole text in pieces, matching words marked.
 * @param {string} text
 * @param {string[]} wanted what `queryWords` returned
 * @returns {Piece[]}
 */
export function mark(text, wanted) {
  const hits = words(text).filter((word) => weight(word.folded, wanted) > 0);
  return pieces(text, hits, 0, text.length);
}

/**
 * The best stretch of the text in pieces: the one with the most words of the query, an ellipsis where it is cut.
 * @param {string} text
 * @param {string[]} wanted what `queryWords` returned
 * @param {number} [length] about how many characters
 * @returns {Piece[]}
 */
export function excerpt(text, wanted, length = 260) {
  const flat = text.replace(/\s+/gu, " ").trim();
  const all = words(flat);
  const hits = all.filter((word) => weight(word.folded, wanted) > 0);
  const [start, end] = stretch(flat, all, hits, wanted, length);
  const shown = pieces(flat, hits.filter((word) => word.start >= start && word.end <= end), start, end);
  if (start > 0) shown.unshift({ text: "… ", marked: false });
  if (end < flat.length) shown.push({ text: " …", marked: false });
  return shown;
}

/**
 * @param {string} text
 * @returns {Word[]}
 */
function words(text) {
  return Array.from(text.matchAll(WORD), (found) => ({
    start: found.index,
    end: found.index + found[0].length,
    folded: fold(found[0]),
  }));
}

/**
 * How much a word of the text counts: the length of the longest query word that it begins with.
 * @param {string} folded
 * @param {string[]} wanted
 */
function weight(folded, wanted) {
  return wanted.reduce((most, word) => (folded.startsWith(word) ? Math.max(most, word.length) : most), 0);
}

/**
 * @param {string} text
 * @param {Word[]} all
 * @param {Word[]} hits
 * @param {string[]} wanted
 * @param {number} length
 * @returns {[number, number]} from, to
 */
function stretch(text, all, hits, wanted, length) {
  if (text.length <= length * 1.2) return [0, text.length];
  const start = sentenceBefore(text, bestStart(hits, wanted, length), all);
  const last = all.findLast((word) => word.end <= start + length);
  const end = last && last.end > start ? endOfWord(text, last.end) : start + length;
  return [start, text.length - end < 24 ? text.length : end];
}

/**
 * Where the window with the heaviest set of different query words begins; the first of equals.
 * @param {Word[]} hits
 * @param {string[]} wanted
 * @param {number} length
 */
function bestStart(hits, wanted, length) {
  let best = { start: 0, score: 0 };
  hits.forEach((first, index) => {
    const inside = hits.slice(index).filter((word) => word.end <= first.start + length - SNAP);
    const different = wanted.filter((word) => inside.some((hit) => hit.folded.startsWith(word)));
    const score = different.reduce((sum, word) => sum + word.length, 0) + Math.min(inside.length, 4) * 0.25;
    if (score > best.score) best = { start: first.start, score };
  });
  return best.start;
}

/**
 * Move a start back to the beginning of its sentence, or by a few words if that is far away.
 * @param {string} text
 * @param {number} start
 * @param {Word[]} all
 */
function sentenceBefore(text, start, all) {
  if (start <= SNAP) return 0;
  const near = text.slice(start - SNAP, start);
  const breaks = Array.from(near.matchAll(SENTENCE_START), (found) => found.index + found[0].length);
  if (breaks.length > 0) return start - SNAP + breaks[breaks.length - 1];
  return all.find((word) => word.start >= start - SNAP / 2)?.start ?? start;
}

/**
 * Take the punctuation that closes a sentence along.
 * @param {string} text
 * @param {number} end
 */
function endOfWord(text, end) {
  const closing = /^[.!?)\]"'”’]+/u.exec(text.slice(end, end + 4));
  return end + (closing ? closing[0].length : 0);
}

/**
 * @param {string} text
 * @param {Word[]} hits
 * @param {number} start
 * @param {number} end
 * @returns {Piece[]}
 */
function pieces(text, hits, start, end) {
  /** @type {Piece[]} */
  const result = [];
  let at = start;
  for (const hit of hits) {
    if (hit.start > at) result.push({ text: text.slice(at, hit.start), marked: false });
    result.push({ text: text.slice(hit.start, hit.end), marked: true });
    at = hit.end;
  }
  if (at < end) result.push({ text: text.slice(at, end), marked: false });
  return result;
}
