// @ts-check
/** The words of all segments, each once: whatever a question looks for among words it looks for here, and not in each segment. */

import { lowerBound } from "./encoder.mjs";

const MOST_BEGINNINGS = 1 << 12;
/** Words that are looked at before others may come in between. */
const AT_A_TIME = 1000;

export class Dictionary {
  /** @type {Map<string, [number, number]>} */ #beginning = new Map();
  /** @type {string[]} rising */ words = [];

  /** @param {string[][]} lists the words of each segment, all different, rising */
  constructor(lists) {
    this.lists = lists;
    /** Where those of a segment begin among all. @type {number[]} */
    this.starts = [0];
    for (const words of lists) this.starts.push(this.starts[this.starts.length - 1] + words.length);
    /** Of each word of each segment where another one has it, and of each word where the last one has it: from 1; 0: there is none. */
    this.before = new Uint32Array(this.starts[lists.length]);
    this.last = new Uint32Array(0);
    /** To be gone through before anything is looked for. */
    this.reading = this.#read();
  }

  /** @returns {Generator<void, void>} in small steps */
  *#read() {
    if (this.lists.length === 1) {
      this.words = this.lists[0];
      this.last = Uint32Array.from(this.words, (_, i) => i + 1);
      return;
    }
    /** @type {Map<string, number>} */ const found = new Map();
    /** @type {string[]} as they are found first */ const all = [];
    /** @type {number[]} */ const last = [];
    let at = 0;
    for (const words of this.lists) {
      for (let i = 0; i < words.length; i++) {
        let number = found.get(words[i]);
        if (number === undefined) found.set(words[i], (number = all.push(words[i]) - 1));
        words[i] = all[number]; // one copy of each
        this.before[at] = last[number] ?? 0;
        last[number] = ++at;
        if (at % AT_A_TIME === 0) yield;
      }
    }
    this.words = all.sort();
    this.last = Uint32Array.from(this.words, (word) => last[/** @type {number} */ (found.get(word))]);
  }

  /** @param {string} word */
  has(word) {
    return this.words[lowerBound(this.words.length, (i) => this.words[i] < word)] === word;
  }

  /** The numbers of the words that begin so: from, to. Questions ask for the same beginnings again and again.
   * @param {string} prefix @returns {[number, number]} */
  beginningWith(prefix) {
    let found = this.#beginning.get(prefix);
    if (!found) {
      const { words } = this;
      const from = lowerBound(words.length, (i) => words[i] < prefix);
      let to = from;
      while (words[to]?.startsWith(prefix)) to++; // they are looked at anyway
      if (this.#beginning.size >= MOST_BEGINNINGS) this.#beginning.clear();
      this.#beginning.set(prefix, (found = [from, to]));
    }
    return found;
  }

  /** The numbers that words have in each segment. @param {Iterable<number>} words */
  inSegments(words) {
    /** @type {number[][]} */ const found = this.lists.map(() => []);
    for (const word of words) {
      let which = found.length;
      for (let at = this.last[word]; at; at = this.before[at - 1]) {
        do which--; while (at <= this.starts[which]);
        found[which].push(at - 1 - this.starts[which]);
      }
    }
    return found;
  }
}
