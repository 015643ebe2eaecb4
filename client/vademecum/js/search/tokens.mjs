// @ts-check
/**
 * From a text to the words that it is found by (site/content/format.md, section 5.2); search/tokens.py is the twin, and says why.
 */

export const MOST_LETTERS = 64;
/** Stands where a word in camel case is cut. */
export const CAMEL = "\x02";
export const HUMPS = /(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g;
/** What may stand between the parts of one run. */
export const JOINTS = /[._/:-]+/g;
/** One run that is one word already. */
export const SIMPLE = /^[a-z0-9]+$/;
/** Of each character of ASCII, by its code. */
export const IN_RUN = Array.from({ length: 128 }, (_, code) => /[a-z0-9._/:-]/i.test(String.fromCharCode(code)));
const ASCII = /^[\x00-\x7f]*$/;
/** No letter of these is put together of several characters. */
const COMPOSED = /^[\x00-\u02ff]*$/;
const HALVES = /[\uff66-\uff9f]+/g;
const LETTER = /^[\p{L}\p{M}\p{N}]+$/u;
const ACCENTS = /[\u0300-\u036f]/g;
/** Writing without spaces between words: Thai, Lao, Burmese, Khmer, kana and Han. */
export const PAIRED =
  /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3021-\u3029\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]+/gu;

/** Runs beside what stands in quotes: of more, it is prose, whose quotes ask for nothing. */
export const MOST_BESIDE = 16;

/** What each character becomes, made when it is first met. @type {Map<string, string>} */
const FOLDS = new Map();
for (const [letters, folded] of [["ßẞ", "ss"], ["æÆ", "ae"], ["œŒ", "oe"], ["þÞ", "th"], ["øØ", "o"], ["đĐðÐ", "d"], ["łŁ", "l"], ["ёЁ", "е"], ["ı", "i"], ["ς", "σ"], ["\u00ad\u034f\u200b\ufeff", ""]]) {
  for (const letter of letters) FOLDS.set(letter, folded);
}
for (let code = 0xfe00; code < 0xfe10; code++) FOLDS.set(String.fromCharCode(code), "");

/** @param {string} character */
function fold(character) {
  let folded = FOLDS.get(character);
  if (folded === undefined) FOLDS.set(character, (folded = folded_(character)));
  return folded;
}

/** @param {string} character */
function folded_(character) {
  if (!LETTER.test(character)) return " ";
  let taken = character.normalize("NFKD");
  // Accents of Latin and Greek; in Cyrillic and beyond a mark makes another letter.
  if (taken < "\u0400") taken = taken.replace(ACCENTS, "");
  taken = taken.toLowerCase().normalize("NFKC");
  return taken !== "" && !LETTER.test(taken) ? " " : taken;
}

/** A text whose letters are one character each, however they came. @param {string} text */
export function composed(text) {
  return COMPOSED.test(text) ? text : text.replace(HALVES, (kana) => kana.normalize("NFKC")).normalize();
}

/** The folded text cut where neither letters nor joints stand: words, identifiers, paths; and where writing without
 * spaces begins or ends. @param {string} text */
export function runsOf(text) {
  const humped = composed(text).replaceAll(CAMEL, " ").replace(HUMPS, CAMEL);
  const folded = humped.replace(/[^\x00-\x7f]/gu, fold).toLowerCase();
  const apart = ASCII.test(folded) ? folded : folded.replace(PAIRED, " $& ");
  return apart.split(/[\x00\x01\x03-,;-@[-^`{-\x7f]+/).filter((run) => run !== "");
}

/** Whether a character is no part of any word or identifier. @param {string} character */
export function isBetween(character) {
  return character < "\x80" ? !IN_RUN[character.charCodeAt(0)] : fold(character) === " ";
}

/** All words of a text; each identifier whole, then its parts. @param {string} text */
export function wordsOf(text) {
  return SIMPLE.test(text) ? partsOf(text) : runsOf(text).flatMap(partsOf);
}

/** What a title or a question is called: its words as they are written, identifiers whole. @param {string} text */
export function named(text) {
  return runsOf(text)
    .map((run) => trimmed(run.replaceAll(CAMEL, "")))
    .filter((run) => run !== "");
}

/** What stands between quotes in a query and has a word: it is meant as it was typed; nothing in prose. Behind a figure the mark is one of inches.
 * @param {string} query */
export function quotedIn(query) {
  const phrases = [...query.matchAll(/(?:^|\s)["“„«»]([^"“”„«»]+)["”“«»]/g)].map(([, phrase]) => phrase).filter((phrase) => named(phrase)[0]);
  return named(query)[MOST_BESIDE + phrases.flatMap(named).length] ? [] : phrases;
}

/** Whether the last word may go on; `*` says so itself. @param {string} query */
export function isTyped(query) {
  const last = [...query.replace(/\*$/, "")].pop();
  return last !== undefined && !isBetween(last);
}

/** A word without what may stand between its parts or not; between digits it says something. @param {string} word */
export function lettersOf(word) {
  return SIMPLE.test(word) ? word : word.replace(/(?<!\d)[_-]|[_-](?!\d)/g, "");
}

/** The words of a run that are put together of others: names and paths. @param {string} run */
export function wholesOf(run) {
  const parts = new Set(run.split(/[._/:\x02-]+/).flatMap(partsOf));
  return partsOf(run).filter((word) => !parts.has(word));
}

/** @type {Map<string, string[]>} */
const PARTS = new Map();
const MOST_PARTS = 1 << 16;

/** The words of a run: where it is put together of several, the whole and then the parts. @param {string} run */
export function partsOf(run) {
  let parts = PARTS.get(run);
  if (!parts) {
    if (PARTS.size >= MOST_PARTS) PARTS.clear();
    PARTS.set(run, (parts = taken(trimmed(run))));
  }
  return parts;
}

/** @param {string} run */
function taken(run) {
  /** @type {string[]} */ const found = [];
  const names = run.split(/[./:]+/).map(trimmed).filter((name) => name !== "");
  if (names.length > 1) found.push(run.replaceAll(CAMEL, ""));
  for (const name of names) {
    const parts = name.split(/[_\x02-]+/);
    if (parts.length > 1) found.push(name.replaceAll(CAMEL, ""));
    for (const part of parts) found.push(...writtenTogether(part).map((word) => (fits(word) ? word : [...word].slice(0, MOST_LETTERS).join(""))));
  }
  return found.filter(fits);
}

/** @param {string} word */
function fits(word) {
  return word.length <= MOST_LETTERS || [...word].length <= MOST_LETTERS;
}

/** A word, or the pairs of neighbouring letters where a script has no spaces. @param {string} part */
function writtenTogether(part) {
  if (part.search(PAIRED)) return [part]; // none at its beginning
  const letters = [...part];
  return letters.slice(0, Math.max(1, letters.length - 1)).map((letter, i) => letter + (letters[i + 1] ?? ""));
}

/** Without joints at its ends. @param {string} run */
function trimmed(run) {
  return run.replace(/^[._/:\x02-]+|[._/:\x02-]+$/g, "");
}
