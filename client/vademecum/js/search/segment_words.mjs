// @ts-check
/** The words of one segment, a pure function of its bytes; search/segment_words.py is the twin (format.md, section 5.2). */

import { plainText } from "../format/markup.mjs";
import { HEADING_SEPARATOR } from "../format/segment.mjs";
import { partsOf, runsOf } from "./tokens.mjs";

/** @typedef {import("../format/segment.mjs").Segment} Segment */
/** Word w has `rows[starts[w]]` to `rows[starts[w + 1] - 1]`, rising, and as many counts.
 * @typedef {{starts: Uint32Array, rows: Uint32Array, counts: Uint8Array, lengths: Uint32Array}} Postings */

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
    const counts = tally(plainText(segment.texts.at(row)), 1, numbers, new Map());
    chunks.add(row, tally(segment.headings.at(row).replaceAll(HEADING_SEPARATOR, " "), HEADING_WEIGHT, numbers, counts));
    yield;
  }
  const titles = new Gathered(segment.titles.length);
  for (let row = 0; row < segment.titles.length; row++) titles.add(row, tally(segment.titles.at(row), 1, numbers, new Map()));
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

/** Words, rows and counts as they come. */
class Gathered {
  /** @param {number} rows */
  constructor(rows) {
    this.lengths = new Uint32Array(rows);
    this.words = new Uint32Array(1024);
    this.rows = new Uint32Array(1024);
    this.counts = new Uint8Array(1024);
    this.size = 0;
  }

  /** @param {number} row @param {Map<number, number>} counts */
  add(row, counts) {
    while (this.size + counts.size > this.words.length) this.#grow();
    for (const [word, count] of counts) {
      this.words[this.size] = word;
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
    const starts = new Uint32Array(places.length + 1);
    for (let i = 0; i < this.size; i++) starts[places[this.words[i]] + 1]++;
    for (let place = 0; place < places.length; place++) starts[place + 1] += starts[place];
    const next = starts.slice();
    const [rows, counts] = [new Uint32Array(this.size), new Uint8Array(this.size)];
    for (let i = 0; i < this.size; i++) {
      const at = next[places[this.words[i]]]++;
      rows[at] = this.rows[i];
      counts[at] = this.counts[i];
    }
    return { starts, rows, counts, lengths: this.lengths };
  }
}

/** @template {Uint32Array | Uint8Array} T @param {T} from @param {T} to @returns {T} */
function grown(from, to) {
  to.set(from);
  return to;
}
