// @ts-check
/** The sentence of a hit that answers, where its words stand in it, and the link that marks them on the page; search/excerpt.py is the twin. */

import { plainText } from "../format/markup.mjs";
import { HUMPS, IN_RUN, JOINTS, MOST_LETTERS, PAIRED, SIMPLE, isBetween, wordsOf } from "./tokens.mjs";

const LONGEST = 240;
const SENTENCE = /[^\n.!?。！？]*(?:(?:[.!?]+(?![ \t\r\n\f\v。！？]|$)|(?<=[A-Za-zÀ-ӿ])(?<![^ \t\n.(][A-Za-zÀ-ӿ])\.)[^\n.!?。！？]*)*[.!?。！？]*[ \t]*/gu;
const SPACES = /[ \t\r\n\f\v]+/g;
const BLANK = /^[ \t\r\n\f\v]*$/;
/** Spaces that are not one already: there are few, and to replace each by itself takes as long as all the rest. */
const UNEVEN = /[\t\r\n\f\v]| {2}/;
/** Where a row, an item or another line ends without a sign that says so, and not in the middle of an expression, before a brace or
 * around the lines of a comment. All lines of an excerpt are one. */
const LINE_ENDS = /(?<![ \t\r\n\f\v.!?…:;,([{=&\\。！？：；，、])(?<!\*\/)[ \t\r\f\v]*\n(?![ \t]+\*)[ \t\r\n\f\v]*(?![ \t\r\n\f\v)\]{}]|\.[A-Za-z_]+\(|&&|\|\|)/g;
/** What a page shows apart, or not at all: cells are joined by a line. */
const APART = [..." \t\r\f\v|"];
const PHRASE = /[^ \t\r\n\f\v|]{1,40}(?:[ \t]+[^ \t\r\n\f\v|]{1,40}){0,3}/uy;
const SIGNS = String.raw`.,;:!?()[\]{}<>'"«»“”„‘’…。、，！？；：`;
const [LEFT, RIGHT] = [new RegExp(`^[${SIGNS}]+`, "u"), new RegExp(`[${SIGNS}]+$`, "u")];
const [LEFT_OF_ALL, RIGHT_OF_ALL] = [new RegExp(`^[ \t\r\n\f\v${SIGNS}]+`, "u"), new RegExp(`[ \t\r\n\f\v${SIGNS}]+$`, "u")];
const [BLANKS_LEFT, BLANKS_RIGHT] = [/^[ \t\r\n\f\v]+/, /[ \t\r\n\f\v]+$/];
/** Letters before and behind a phrase within which whole words say which of several places is meant. */
const BESIDE = 48;

/** Letters and joints, and what has to be looked up: `isBetween`. */
const SPAN = /[A-Za-z0-9._/:\u0080-\uffff-]+/g;
/** ASCII, and signs that are never letters: quotation marks, dashes, dots. */
const PLAIN = /^[\x00-\x7f\u2010-\u205e]*$/;
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;

/** @typedef {[number, number]} Mark where a word begins and ends */
/** @typedef {[text: string, before: string, after: string]} Quote words of a page as they stand there, and what stands before and behind them; empty: nothing is quoted */
/** @typedef {(text: string) => number} Standing where a phrase begins that is to be seen, or -1 (`standing` in phrases.mjs) */

/** What is made of a hit's text. `found`: which of the words that has.
 * @param {{markdown: string, url: string}} passage @param {Set<string>} words @param {Standing} [standing] */
export function quoted({ markdown, url }, words, standing) {
  const text = plainText(markdown);
  const { excerpt, marks, quote, found } = excerptOf(text, words, standing);
  return { text, excerpt, marks, link: linkTo(url, quote), found };
}

/** The sentence with most of the words, with its neighbours as far as there is room: of those with a phrase in quotes, where one has any.
 * `quote`: how it goes on from there, or from the first of the words, for `linkTo`; `found`: which of the words the text has.
 * @param {string} text @param {Set<string>} words @param {Standing} [standing] @returns {{excerpt: string, marks: Mark[], quote: Quote, found: string[]}} */
export function excerptOf(text, words, standing) {
  const sentences = sentencesOf(text);
  if (!sentences.length) return { excerpt: "", marks: [], quote: ["", "", ""], found: [] };
  const spans = [...runs(text, words)];
  const sizes = sentences.map(() => 0);
  const found = sharedWith(text, sentences, spans, words, sizes);
  const phrased = sentences.map(([start, stop]) => standing?.(text.slice(start, stop)) ?? -1);
  phrased.forEach((at, i) => at < 0 || (sizes[i] += text.length)); // which has fewer words than letters
  let best = sizes.indexOf(Math.max(...sizes));
  let [start, stop] = sentences[best];
  const known = PLAIN.test(text) ? new Set(found) : words; // no part of a run of ASCII is a word that the run does not have
  const first = phrased[best] < 0 ? firstOf(text, known, spans.filter(([at]) => at >= start && at < stop)) : start + phrased[best];
  /** @type {Quote} */ const quote = first === undefined ? ["", "", ""] : quoteOf(text, start, stop, first);
  for (const [, later] of sentences.slice(best + 1)) {
    if (letters(text.slice(start, later)) > LONGEST) break;
    stop = later;
  }
  while (best && letters(text.slice(sentences[best - 1][0], stop)) <= LONGEST / 2) start = sentences[--best][0];
  const whole = even(text.slice(start, stop).replace(LINE_ENDS, " • ")).replace(/^\|? | $/g, "");
  const excerpt = letters(whole) > LONGEST ? cut(whole, known, standing) : whole;
  return { excerpt, marks: marksOf(excerpt, excerpt === whole ? known : words), quote, found };
}

/** Where sentences begin and end. A list of matches would leave ten times as much behind. @param {string} text */
function sentencesOf(text) {
  const sentences = [];
  for (let from = (SENTENCE.lastIndex = 0); from < text.length && SENTENCE.test(text); from = SENTENCE.lastIndex) {
    const end = SENTENCE.lastIndex;
    if (end === from) SENTENCE.lastIndex++; // at the end of a line
    else if (!BLANK.test(text.slice(from, end))) sentences.push([from, end]);
  }
  return sentences;
}

/** With one space wherever there are any. @param {string} text */
function even(text) {
  return UNEVEN.test(text) ? text.replace(SPACES, " ") : text;
}

/** Which of the words a text has. @param {string} text @param {Set<string>} words @returns {string[]} */
export function wordsIn(text, words) {
  return [...runs(text, words)].flatMap(([start, stop]) => wordsOf(text.slice(start, stop))).filter((word) => words.has(word));
}

/** The words that a text has, and how many each sentence. No run goes across the end of one.
 * @param {string} text @param {number[][]} sentences @param {Mark[]} spans the text's runs @param {Set<string>} words @param {number[]} sizes of the sentences, 0; are written */
function sharedWith(text, sentences, spans, words, sizes) {
  /** @type {Map<string, number>} */ const last = new Map(); // the sentence in which each of the words is last: a set of words for each sentence is much to throw away
  let which = 0;
  for (const [start, stop] of spans) {
    if (start === stop) continue; // of joints alone
    while (sentences[which][1] <= start) which++;
    for (const word of wordsOf(text.slice(start, stop))) if (words.has(word) && last.get(word) !== which) {
      last.set(word, which);
      sizes[which]++;
    }
  }
  return [...last.keys()];
}

/** Up to four words of a sentence, whole ones, as a browser looks for them. Spaces stay as they are: those of code count.
 * @param {string} text @param {number} start @param {number} stop of the sentence @param {number} first where the first of the words stands @returns {Quote} */
function quoteOf(text, start, stop, first) {
  const head = text.slice(start, first);
  const begin = start + Math.max(...APART.map((letter) => head.lastIndexOf(letter))) + 1;
  PHRASE.lastIndex = letters(text.slice(begin, first)) < LONGEST / 6 ? begin : first;
  const from = PHRASE.lastIndex;
  const [found] = PHRASE.exec(text.slice(0, stop)) ?? [""];
  if (!found) return ["", "", ""];
  const [before, after] = [beforeOf(text, from), afterOf(text, from + found.length)];
  const phrase = before ? found : found.replace(LEFT, "");
  return [after ? phrase : phrase.replace(RIGHT, ""), before, after];
}

/** Whole words that stand before a phrase, on its line, or, where it begins one, at the end of the last.
 * @param {string} text @param {number} end */
function beforeOf(text, end) {
  const wide = text.slice(Math.max(0, end - 2 * BESIDE), end);
  const whole = wide.length === end && letters(wide) <= BESIDE;
  const near = lettersAtEnd(wide).replace(BLANKS_RIGHT, "");
  let cut = Math.max(near.lastIndexOf("\n"), near.lastIndexOf("|"));
  if (!whole && cut < 0) cut = near.indexOf(" ");
  return cut < 0 && !whole ? "" : near.slice(cut + 1).replace(LEFT_OF_ALL, "");
}

/** Whole words that stand behind a phrase, on its line, or, where it ends one, at the start of the next.
 * @param {string} text @param {number} start */
function afterOf(text, start) {
  const wide = text.slice(start, start + 2 * BESIDE);
  const whole = start + wide.length === text.length && letters(wide) <= BESIDE;
  const near = lettersAtStart(wide).replace(BLANKS_LEFT, "");
  const cuts = ["\n", "|"].map((letter) => near.indexOf(letter)).filter((at) => at >= 0);
  if (!cuts.length && !whole) cuts.push(Math.max(0, near.lastIndexOf(" ")));
  return near.slice(0, Math.min(near.length, ...cuts)).replace(RIGHT_OF_ALL, "");
}

/** @param {string} wide */
function lettersAtStart(wide) {
  return letters(wide) === wide.length ? wide.slice(0, BESIDE) : [...wide].slice(0, BESIDE).join("");
}

/** @param {string} wide */
function lettersAtEnd(wide) {
  return letters(wide) === wide.length ? wide.slice(-BESIDE) : [...wide].slice(-BESIDE).join("");
}

/** A folded word as it is written: in the query, or else in one of these texts, capitals aside.
 * @param {string} word @param {string} query @param {string[]} [texts] */
export function asWritten(word, query, texts = []) {
  const written = (/** @type {string[]} */ some) => some.flatMap((text) => marksOf(text, new Set([word])).map(([start, stop]) => text.slice(start, stop)));
  return written([query])[0] ?? written(texts).find((text) => text.toLowerCase() !== word) ?? word;
}

/** Words that no page has as the query writes them: in writing without spaces what stands together, for pairs of letters
 * are no words. @param {string[]} words @param {string} query @returns {string[]} */
export function lacking(words, query) {
  const pairs = new Set(words.filter((word) => word.match(PAIRED)?.[0] === word));
  const together = marksOf(query, pairs).map(([start, stop]) => query.slice(start, stop));
  return [...words.filter((word) => !pairs.has(word)).map((word) => asWritten(word, query)), ...new Set(together)];
}

/** An address that marks a quote on its page, by a text fragment (WICG, URL Fragment Text Directives): a browser takes the first
 * place that has these words with those before and behind them, wherever the anchor is. Where the page does not have them, the
 * anchor leads as before. @param {string} url @param {Quote} quote */
function linkTo(url, [text, before, after]) {
  if (!url || !text) return url;
  return `${url}${url.includes("#") ? "" : "#"}:~:text=${before && `${encoded(before)}-,`}${encoded(text)}${after && `,-${encoded(after)}`}`;
}

/** A hyphen means something in a directive; encodeURIComponent leaves it as it is. @param {string} text */
function encoded(text) {
  return encodeURIComponent(text).replaceAll("-", "%2D");
}

/** A long sentence from a little before a phrase, or the first of the words. @param {string} text @param {Set<string>} words @param {Standing} [standing] */
function cut(text, words, standing) {
  const all = letters(text) === text.length ? text : [...text];
  const at = standing?.(text) ?? -1;
  const first = letters(text.slice(0, at < 0 ? firstOf(text, words) ?? 0 : at));
  const begin = first < LONGEST / 2 ? 0 : all.lastIndexOf(" ", first - LONGEST / 4 - 1) + 1;
  const piece = all.slice(begin, begin + LONGEST);
  const end = begin + LONGEST < all.length ? piece.lastIndexOf(" ") : piece.length;
  const shown = piece.slice(0, end > 0 ? end : piece.length);
  return `${begin ? "…" : ""}${typeof shown === "string" ? shown : shown.join("")}${begin + shown.length < all.length ? "…" : ""}`;
}

/** Code points, as Python counts. @param {string} text */
function letters(text) {
  return text.length - (text.match(PAIR)?.length ?? 0);
}

/** Where the first of the words stands. @param {string} text @param {Set<string>} words @param {Iterable<Mark>} [spans] its runs
 * @returns {number | undefined} */
function firstOf(text, words, spans = runs(text, words)) {
  for (const [start, stop] of spans) {
    const [first] = partsWith(text, start, stop, words);
    if (first) return first[0];
  }
}

/** Where words stand, rising; neighbours that touch are one. @param {string} text @param {Set<string>} words @returns {Mark[]} */
export function marksOf(text, words) {
  /** @type {Mark[]} */ const marks = [];
  for (const [start, stop] of runs(text, words)) {
    for (const [begin, end] of partsWith(text, start, stop, words)) {
      const last = marks[marks.length - 1];
      if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
      else marks.push([begin, end]);
    }
  }
  return marks;
}

/** @param {string} text @param {number} start @param {number} stop @param {Set<string>} words @returns {Mark[]} */
function partsWith(text, start, stop, words) {
  const run = text.slice(start, stop);
  if (run.length <= MOST_LETTERS && SIMPLE.test(run)) return words.has(run) ? [[start, stop]] : [];
  const has = (/** @type {string[]} */ some) => some.some((word) => words.has(word));
  const whole = wordsOf(run);
  if (!has(whole)) return [];
  if (!run.search(PAIRED)) return pairsWith(run, start, has);
  if (words.has(whole[0])) return [[start, stop]];
  const cuts = new Set([start, stop]);
  for (const { index, 0: found } of [...run.matchAll(JOINTS), ...run.matchAll(HUMPS)]) cuts.add(start + index).add(start + index + found.length);
  const borders = [...cuts].sort((a, b) => a - b);
  return borders.slice(1).map((end, i) => /** @type {Mark} */ ([borders[i], end])).filter(([begin, end]) => has(wordsOf(text.slice(begin, end))));
}

/** @param {string} run @param {number} start @param {(some: string[]) => boolean} has @returns {Mark[]} */
function pairsWith(run, start, has) {
  const letters = [...run];
  return letters.flatMap((letter, i) => {
    const begin = start;
    start += letter.length;
    const found = [letter + (letters[i + 1] ?? ""), letter].find((piece) => has(wordsOf(piece)));
    return found ? [/** @type {Mark} */ ([begin, begin + found.length])] : [];
  });
}

/** The runs of a text, rising; of plain English those alone that may have one of the words, which is much faster.
 * @param {string} text @param {Set<string>} words @returns {Iterable<Mark>} */
function runs(text, words) {
  return PLAIN.test(text) ? runsAround(text, words) : allRuns(text);
}

/** Whatever words a run of ASCII has, each of them stands in it as it is: nothing is folded there but capitals.
 * @param {string} text @param {Set<string>} words @returns {Mark[]} */
function runsAround(text, words) {
  const lower = text.toLowerCase();
  /** @type {Mark[]} */ const spans = [];
  for (const word of words) {
    for (let at = lower.indexOf(word), stop; at >= 0; at = lower.indexOf(word, stop)) {
      let start = at;
      while (start > 0 && IN_RUN[lower.charCodeAt(start - 1)]) start--;
      for (stop = at + 1; stop < lower.length && IN_RUN[lower.charCodeAt(stop)]; ) stop++;
      spans.push(trimmedSpan(text, start, stop));
    }
  }
  return spans.sort(([a], [b]) => a - b).filter(([start], i) => !i || start !== spans[i - 1][0]);
}

/** @param {string} text @returns {Generator<Mark>} */
function* allRuns(text) {
  for (let [start, stop] of together(text)) {
    const run = text.slice(start, stop);
    const borders = [...run.matchAll(PAIRED)].map(({ index, 0: { length } }) => [stop - run.length + index, stop - run.length + index + length]);
    for (const [begin, end] of borders) {
      if (begin > start) yield trimmedSpan(text, start, begin);
      yield [begin, (start = end)];
    }
    if (start < stop) yield trimmedSpan(text, start, stop);
  }
}

/** Where letters and joints stand together. @param {string} text @returns {Generator<Mark>} */
function* together(text) {
  for (const { index, 0: span } of text.matchAll(SPAN)) {
    let [start, at] = [-1, index];
    for (const letter of span) {
      if (!isBetween(letter)) start = start < 0 ? at : start;
      else {
        if (start >= 0) yield [start, at];
        start = -1;
      }
      at += letter.length;
    }
    if (start >= 0) yield [start, at];
  }
}

/** A run without the full stop behind it, or other joints that join nothing. @param {string} text @param {number} start
 * @param {number} stop @returns {Mark} */
function trimmedSpan(text, start, stop) {
  while (start < stop && "._/:-".includes(text[start])) start++;
  while (stop > start && "._/:-".includes(text[stop - 1])) stop--;
  return [start, stop];
}
