// @ts-check
/**
 * Which chunks have the words of a query: BM25 over the live rows of a generation (site/content/format.md, section 5.2).
 * search/words.py is the twin: the same sums of doubles in the same order.
 */

import { Expansion } from "./expansion.mjs";
import { lettersIn, mayEnd } from "./phrases.mjs";
import { named } from "./tokens.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {import("./segment_words.mjs").SegmentWords} SegmentWords */
/** @typedef {import("./expansion.mjs").Group} Group */
/** `scattered`: no page has half of the weight, nor, in a question of more than four words, that of two. `rows` are those that have any, in no order; `scores` and `owners` are theirs; `slots` says of each row where it stands among them, from 1. `most`: the highest of `scores`, `mostOfPage` of `pages`. `titles` and `pages` by document: of its chunks the scores together, in whole numbers of 1 / 65536.
 * @typedef {{rows: Uint32Array, scores: Float64Array, owners: Int32Array, slots: Uint32Array, most: number, titles: Float64Array, pages: Float64Array, mostOfPage: number, unknown: string[], share: number, weight: number, words: Set<string>, meant: string, encodable: string, guessed?: boolean, scattered: boolean}} WordMatches */

const K1 = 1.2;
const B = 0.75;
const TITLE_WEIGHT = 3;
const MOST_WIDELY = 8192;

export class Words {
  /** @param {Generation} generation @param {SegmentWords[]} words of its segments @param {import("./stems.mjs").Stems} stems
   * @param {import("./encoder.mjs").Encoder} encoder */
  constructor(generation, words, stems, encoder) {
    const { segments, documents, owners, starts } = generation;
    this.owners = owners;
    this.starts = starts;
    this.words = words;
    /** What the words of a question stand for. */
    this.expansion = new Expansion(words, stems, encoder, generation.passes, (group) => this.#isLive(group), (one, other) => this.#share(one, other), (...groups) => this.#entitled(...groups));
    this.count = generation.chunkCount;
    /** The live document in each document row, or -1. */
    this.positions = segments.map(({ titles }) => new Int32Array(titles.length).fill(-1));
    documents.forEach(({ segment, row }, at) => (this.positions[segments.indexOf(segment)][row] = at));
    this.documents = documents;
    /** @type {string[]} what documents are called, read when a question has words of it */
    this.called = new Array(documents.length);
    const titles = (this.titleLengths = new Uint32Array(documents.length));
    words.forEach((found, which) => this.positions[which].forEach((at, row) => at >= 0 && (titles[at] = found.titles.lengths[row])));
    const { passes } = generation;
    /** Of each row, in words; 0 of one that is not live. */
    const lengths = (this.lengths = passes.numbers(owners.length));
    let total = 0;
    words.forEach((found, which) => {
      for (let row = 0, at = starts[which]; at < starts[which + 1]; row++, at++) {
        if (owners[at] < 0) continue;
        lengths[at] = found.chunks.lengths[row] + TITLE_WEIGHT * titles[owners[at]];
        total += lengths[at];
      }
    });
    this.mean = (this.count ? total / this.count : 1) || 1;
    const { bounds, rows: owned } = generation.owned;
    this.bounds = bounds;
    this.owned = owned;
    // Room that is used again: to make it anew, or to look through all of it, takes longer than to find.
    this.passes = passes;
    /** What `find` gives, good till it is called again. */
    this.slots = passes.numbers(owners.length);
    this.rows = passes.numbers(owners.length);
    this.scores = passes.floats(owners.length);
    this.holders = passes.array(Int32Array, owners.length);
    this.titles = passes.floats(documents.length);
    this.pages = passes.floats(documents.length);
    /** How many slots there are. */
    this.used = passes.numbers(1);
    // What lies by slots, one behind another, is in a cache when the next word needs it.
    this.norms = passes.floats(owners.length);
    /** Of the words that are being looked at, how often each row has them; all 0 in between. */
    this.counts = passes.numbers(owners.length);
    this.best = passes.floats(owners.length);
    /** Rows of a segment that have a word, and how often. */
    this.listed = passes.numbers(owners.length);
    this.times = passes.array(Uint16Array, owners.length);
    /** Slots of the rows that have what is being looked at; the next one behind them may be written, too. */
    this.having = passes.numbers(owners.length + 1);
    /** Slots of the rows that have any of what one word of the question stands for, likewise. */
    this.touched = passes.numbers(owners.length + 1);
    /** Of what is found the highest score, and the highest of a page. */
    this.most = passes.floats(2);
    /** The most that words weigh together that a document has. */
    this.together = passes.floats(1);
    /** Documents whose titles have a word that is asked for, the first `nearby` of them. */
    this.near = new Uint32Array(documents.length);
    this.nearby = 0;
    /** Documents whose titles have one of the words that are being looked at, and how often; all 0 in between. */
    this.inTitle = new Uint32Array(documents.length);
    this.titleCounts = new Uint32Array(documents.length);
    /** Of each document's title: what the words in it weigh that are asked for, and how many it has of them; of all, of one. */
    this.inTitles = Array.from({ length: 4 }, () => new Float64Array(documents.length));
    /** What the words weigh that a document has: of all, and of one, which is 0 in between. */
    this.had = Array.from({ length: 2 }, () => passes.floats(documents.length));
    /** Documents that have the word that is being looked at. */
    this.hadBy = passes.numbers(documents.length + 1);
  }

  /** @param {string} query @param {boolean} [widely] whether in a question words stand for those that mean nearly the same, too, and plain ones are not looked for in code blocks
   * @returns {WordMatches} */
  find(query, widely = false) {
    this.#forget();
    const { passes, counts, norms, best, having, touched, holders, had, hadBy, together, near, inTitle, titleCounts, titles, pages, slots } = this;
    const [share, often, bestShare, bestOften] = this.inTitles;
    const { queryWords, ...meant } = this.expansion.of(query, widely && this.count <= MOST_WIDELY);
    /** @type {Set<string>} */ const shown = new Set();
    let [known, all] = [0, 0];
    for (const { groups, near: nearly, plain } of queryWords) {
      const every = [...groups, ...nearly];
      let [most, count, number, those] = [0, 0, 0, 0];
      const alone = every.length === 1; // nothing to compare
      for (const { group, worth } of every) {
        const inTitles = this.#inTitles(group);
        const found = (widely && plain && this.#count(group, inTitles, true)) || this.#count(group, inTitles);
        const weight = this.#weight(found);
        const these = having.subarray(0, found);
        if (alone) passes.weigh(these, counts, norms, this.scores, touched, 0, K1 + 1, weight, worth, true);
        else count = passes.weigh(these, counts, norms, best, touched, count, K1 + 1, weight, worth, false);
        for (let i = 0; i < inTitles; i++) {
          const at = inTitle[i];
          if (!often[at] && !bestOften[at]) near[this.nearby++] = at;
          bestShare[at] = Math.max(bestShare[at], worth * weight);
          bestOften[at] = Math.max(bestOften[at], worth * titleCounts[at]);
          titleCounts[at] = 0;
        }
        if (groups.length <= number++) continue; // what is near finds chunks, but is not what was found
        most = Math.max(most, worth * weight);
        those = passes.have(these, holders, had[1], hadBy, those, worth * weight);
        for (const text of this.expansion.texts(group)) shown.add(text);
      }
      passes.add(touched.subarray(0, count), best, this.scores, this.most);
      for (let i = 0; i < this.nearby; i++) {
        const at = near[i];
        share[at] += bestShare[at];
        often[at] += bestOften[at];
        bestShare[at] = bestOften[at] = 0;
      }
      passes.add(hadBy.subarray(0, those), had[1], had[0], together);
      known += most;
      all += groups.length ? most : this.#weight(0);
    }
    for (let i = 0; i < this.nearby; i++) titles[near[i]] = Math.min(1, often[near[i]] / this.titleLengths[near[i]]) * (share[near[i]] / all);
    const unknown = [...new Set(queryWords.filter(({ groups }) => !groups.length).map(({ word }) => word))];
    const told = { share: all ? known / all : 1, weight: all, words: shown, unknown, ...meant, scattered: together[0] * Math.max(2, queryWords.length / 2) < all };
    const [found] = this.used;
    const [rows, scores, owners] = [this.rows.subarray(0, found), this.scores.subarray(0, found), holders.subarray(0, found)];
    passes.sum(scores, owners, pages, this.most);
    const [most, mostOfPage] = this.most;
    return { rows, scores, owners, slots, most, titles, pages, mostOfPage, ...told };
  }

  /** What was found last. */
  #forget() {
    for (let i = 0; i < this.used[0]; i++) this.slots[this.rows[i]] = 0;
    this.scores.fill(0, 0, this.used[0]);
    this.titles.fill(0);
    this.pages.fill(0);
    this.had[0].fill(this.together[0] = 0);
    for (let i = 0; i < this.nearby; i++) this.inTitles[0][this.near[i]] = this.inTitles[1][this.near[i]] = 0;
    this.used[0] = this.nearby = 0;
  }

  /** Chunk rows of the documents whose title is the query that was last found: any of its words leads to them.
   * @param {string} query @returns {number[]} */
  titled(query) {
    const title = named(query).join(" ");
    const letters = lettersIn(title);
    const isCalled = (/** @type {number} */ at) => {
      const { segment, row } = this.documents[at];
      const bytes = segment.titles.bytesAt(row);
      return mayEnd(bytes, 0, bytes.length, letters) && this.#called(at) === title;
    };
    const documents = title ? [...this.near.subarray(0, this.nearby)].filter(isCalled) : [];
    return documents.flatMap((at) => [...this.owned.subarray(this.bounds[at], this.bounds[at + 1])]);
  }

  /** @param {number} at */
  #called(at) {
    const { segment, row } = this.documents[at];
    return (this.called[at] ??= named(segment.titles.at(row)).join(" "));
  }

  /** Count how often each live row has one of these words: `counts`, and `having` names the slots of those that have any.
   * @param {Group} group @param {number} inTitles how many of `inTitle` @param {boolean} [prose] whether those that have it in code blocks alone count as if they had none
   * @returns {number} how many have */
  #count(group, inTitles, prose = false) {
    const { counts, having, owners, bounds, owned, slots, listed, times, inTitle, titleCounts, lengths, rows, holders, norms, used } = this;
    let found = 0;
    const count = (/** @type {number} */ many, /** @type {number} */ start) => {
      found = this.passes.count(listed.subarray(0, many), times, start, slots, owners, lengths, rows, holders, norms, counts, having, found, used, K1, 1 - B, B, this.mean);
    };
    for (let which = 0; which < group.length; which++) {
      const { chunks } = this.words[which];
      for (const number of group[which]) {
        const [from, to] = [chunks.starts[number], prose ? chunks.codes[number] : chunks.starts[number + 1]];
        listed.set(chunks.rows.subarray(from, to));
        times.set(chunks.counts.subarray(from, to));
        count(to - from, this.starts[which]);
      }
    }
    let many = 0;
    for (let i = 0; i < inTitles; i++) {
      for (let at = inTitle[i], place = bounds[at]; place < bounds[at + 1]; place++) {
        listed[many] = owned[place];
        times[many++] = TITLE_WEIGHT * titleCounts[at];
      }
    }
    count(many, 0);
    return found;
  }

  /** Count how often the title of each live document has one of these words: `titleCounts`, and `inTitle` names those that have any.
   * @param {Group} group @returns {number} how many have */
  #inTitles(group) {
    const { inTitle, titleCounts } = this;
    let count = 0;
    for (let which = 0; which < group.length; which++) {
      const { starts, rows, counts: times } = this.words[which].titles;
      for (const number of group[which]) {
        for (let i = starts[number]; i < starts[number + 1]; i++) {
          const at = this.positions[which][rows[i]];
          if (at < 0) continue;
          if (titleCounts[at] === 0) inTitle[count++] = at;
          titleCounts[at] += times[i];
        }
      }
    }
    return count;
  }

  /** Whether any live row has one of these words. @param {Group} group */
  #isLive(group) {
    return group.some((found, which) => {
      const { chunks, titles } = this.words[which];
      for (const number of found) {
        for (let i = chunks.starts[number]; i < chunks.starts[number + 1]; i++) if (this.owners[this.starts[which] + chunks.rows[i]] >= 0) return true;
        for (let i = titles.starts[number]; i < titles.starts[number + 1]; i++) {
          const at = this.positions[which][titles.rows[i]];
          if (at >= 0 && this.bounds[at] < this.bounds[at + 1]) return true;
        }
      }
      return false;
    });
  }

  /** Whether a live row has one of the words of each. @param {Group} one @param {Group} other */
  #share(one, other) {
    return this.#both((group) => this.#many(group), one, other, one.map(() => [])) > 0;
  }

  /** Whether a title has a word of both and none of the third, and more live rows do than have one of that.
   * @param {Group} one @param {Group} other @param {Group} whole */
  #entitled(one, other, whole) {
    return this.#both((group) => this.#manyTitles(group), one, other, whole) > 0 && this.#both((group) => this.#many(group), one, other, whole) > this.#many(whole);
  }

  /** How many have a word of both groups and none of the third, by how many have one of those of some groups together.
   * @param {(group: Group) => number} many @param {Group} one @param {Group} other @param {Group} none */
  #both(many, one, other, none) {
    const [first, second, all] = [[one, none], [other, none], [one, other, none]].map((groups) => many(one.map((_, which) => groups.flatMap((group) => group[which]))));
    return first + second - all - many(none);
  }

  /** How many titles of live documents have one of these words; what was counted is forgotten. @param {Group} group */
  #manyTitles(group) {
    const inTitles = this.#inTitles(group);
    for (const at of this.inTitle.subarray(0, inTitles)) this.titleCounts[at] = 0;
    return inTitles;
  }

  /** How many live rows have one of these words, likewise. @param {Group} group */
  #many(group) {
    const [before] = this.used;
    const inTitles = this.#inTitles(group);
    const found = this.#count(group, inTitles);
    for (const slot of this.having.subarray(0, found)) this.counts[slot] = 0;
    while (this.used[0] > before) this.slots[this.rows[--this.used[0]]] = 0;
    for (const at of this.inTitle.subarray(0, inTitles)) this.titleCounts[at] = 0;
    return found;
  }

  /** ln(1 + (N - n + 0.5) / (n + 0.5)) @param {number} having */
  #weight(having) {
    return logarithm(1 + (this.count - having + 0.5) / (having + 0.5));
  }
}

/** The natural logarithm of a number from 1 on, the same on every platform: only + - * / take part. @param {number} value */
export function logarithm(value) {
  let halvings = 0;
  for (; value >= 2; halvings++) value /= 2;
  const part = (value - 1) / (value + 1);
  const square = part * part;
  let total = 0;
  for (let odd = 41; odd > 0; odd -= 2) total = total * square + 1 / odd;
  return halvings * 0.6931471805599453 + 2 * part * total;
}
