// @ts-check
/** The words of one segment, a pure function of its bytes; search/segment_words.py is the twin (format.md, section 5.2). */

import { parseMarkup, plainBlock } from "../format/markup.mjs";
import { HEADING_SEPARATOR } from "../format/segment.mjs";
import { partsOf, runsOf } from "./tokens.mjs";

/** @typedef {import("../format/segment.mjs").Segment} Segment */
/** Word w has `rows[starts[w]]` to `rows[starts[w + 1] - 1]`, and as many counts; from `codes[w]` on in code blocks alone. Those before and from there on each rise.
 * @typedef {{starts: Uint32Array, codes: Uint32Array, rows: Uint32Array, counts: Uint8Array, lengths: Uint32Array}} Postings */

const HEADING_WEIGHT = 2;
const MOST = 255;

export class SegmentWords {
  /** @param {string[]} words all different, rising @param {Postings} chunks in headings and texts @param {Postings} titles */
  constructor(words, chunks, titles) {
    this.words = words;
    this.chunks = chunks;
    this.titles = titles;
  }
}

/** @param {Segment} segment @returns {SegmentWords} */
export function readWords(segment) {
  const steps = readingWords(segment);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same in small steps. @param {Segment} segment @returns {Generator<void, SegmentWords>} */
export function* readingWords(segment) {
  /** @type {Map<string, number>} */ const numbers = new Map();
  const chunks = new Gathered(segment.ids.length);
  for (let row = 0; row < segment.ids.length; row++) {
    const blocks = parseMarkup(segment.texts.at(row));
    const counts = tally(segment.headings.at(row).replaceAll(HEADING_SEPARATOR, " "), HEADING_WEIGHT, numbers, new Map());
    for (const block of blocks) if (block.kind !== "code") tally(plainBlock(block), 1, numbers, counts);
    const prose = counts.size; // what comes behind these is in code blocks alone
    for (const block of blocks) if (block.kind === "code") tally(block.text, 1, numbers, counts);
    chunks.add(row, counts, prose);
    yield;
  }
  const titles = new Gathered(segment.titles.length);
  for (let row = 0; row < segment.titles.length; row++) {
    const counts = tally(segment.titles.at(row), 1, numbers, new Map());
    titles.add(row, counts, counts.size);
  }
  const words = [...numbers.keys()].sort();
  const places = new Uint32Array(words.length);
  words.forEach((word, place) => (places[/** @type {number} */ (numbers.get(word))] = place));
  return new SegmentWords(words, chunks.postings(places), titles.postings(places));
}

/** @param {string} text @param {number} weight @param {Map<string, number>} numbers @param {Map<number, number>} counts */
function tally(text, weight, numbers, counts) {
  for (const run of runsOf(text)) {
    for (const word of partsOf(run)) {
      let number = numbers.get(word);
      if (number === undefined) numbers.set(word, (number = numbers.size));
      counts.set(number, (counts.get(number) ?? 0) + weight);
    }
  }
  return counts;
}

/** Words, rows and counts as they come; of a word twice its number, and one more where it is in code blocks alone. */
class Gathered {
  /** @param {number} rows */
  constructor(rows) {
    this.lengths = new Uint32Array(rows);
    this.words = new Uint32Array(1024);
    this.rows = new Uint32Array(1024);
    this.counts = new Uint8Array(1024);
    this.size = 0;
  }

  /** @param {number} row @param {Map<number, number>} counts @param {number} prose how many of them are not in code blocks alone, the first */
  add(row, counts, prose) {
    while (this.size + counts.size > this.words.length) this.#grow();
    for (const [word, count] of counts) {
      this.words[this.size] = 2 * word + Number(prose-- <= 0);
      this.rows[this.size] = row;
      this.counts[this.size++] = Math.min(count, MOST);
      this.lengths[row] += Math.min(count, MOST);
    }
  }

  #grow() {
    const size = this.words.length * 2;
    this.words = grown(this.words, new Uint32Array(size));
    this.rows = grown(this.rows, new Uint32Array(size));
    this.counts = grown(this.counts, new Uint8Array(size));
  }

  /** @param {Uint32Array} places of the words, in their order @returns {Postings} */
  postings(places) {
    const bounds = new Uint32Array(2 * places.length + 1);
    const half = (/** @type {number} */ i) => 2 * places[this.words[i] >> 1] + (this.words[i] & 1);
    for (let i = 0; i < this.size; i++) bounds[half(i) + 1]++;
    for (let place = 1; place < bounds.length; place++) bounds[place] += bounds[place - 1];
    const next = bounds.slice();
    const [rows, counts] = [new Uint32Array(this.size), new Uint8Array(this.size)];
    for (let i = 0; i < this.size; i++) {
      const at = next[half(i)]++;
      rows[at] = this.rows[i];
      counts[at] = this.counts[i];
    }
    return { starts: bounds.filter((_, i) => i % 2 === 0), codes: bounds.filter((_, i) => i % 2), rows, counts, lengths: this.lengths };
  }
}

/** @template {Uint32Array | Uint8Array} T @param {T} from @param {T} to @returns {T} */
function grown(from, to) {
  to.set(from);
  return to;
}
