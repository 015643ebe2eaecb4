// @ts-check
/**
 * Which chunks have the words of a query: BM25 over the live rows of a generation (site/content/format.md, section 5.2).
 * search/words.py is the twin: the same sums of doubles in the same order.
 */

import { within } from "./spelling.mjs";
import { CAMEL, PAIRED, isBetween, named, partsOf, runsOf } from "./tokens.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {import("./segment_words.mjs").SegmentWords} SegmentWords */
/** Words that count as one: for each segment the numbers of its words. @typedef {number[][]} Group */
/** @typedef {{word: string, groups: {group: Group, worth: number}[]}} Asked */
/** @typedef {{scores: Float64Array, unknown: string[], share: number, weight: number, words: Set<string>, meant: string, titles: Float64Array, guessed?: boolean}} Found */

const K1 = 1.2;
const B = 0.75;
const TITLE_WEIGHT = 3;
const MIN_PREFIX = 2;
const MOST_ASKED = 64;
const COMPLETED = 0.6;
const MISSPELT = 0.7;
const SAME_BEGINNING = 3;

export class Words {
  /** @param {Generation} generation @param {SegmentWords[]} words of its segments @param {import("./stems.mjs").Stems} stems */
  constructor(generation, words, stems) {
    const { segments, documents, owners, starts } = generation;
    this.owners = owners;
    this.starts = starts;
    this.words = words;
    this.stems = stems;
    this.count = generation.chunkCount;
    /** The live document in each document row, or -1. */
    this.positions = segments.map(({ titles }) => new Int32Array(titles.length).fill(-1));
    /** @type {Map<string, number[]>} documents by what they are called */
    this.called = new Map();
    documents.forEach(({ segment, row }, at) => {
      this.positions[segments.indexOf(segment)][row] = at;
      const title = named(segment.titles.at(row)).join(" ");
      this.called.set(title, [...(this.called.get(title) ?? []), at]);
    });
    const titles = (this.titleLengths = new Uint32Array(documents.length));
    words.forEach((found, which) => this.positions[which].forEach((at, row) => at >= 0 && (titles[at] = found.titles.lengths[row])));
    const lengths = new Float64Array(owners.length);
    let total = 0;
    words.forEach((found, which) => {
      for (let row = 0, at = starts[which]; at < starts[which + 1]; row++, at++) {
        if (owners[at] < 0) continue;
        lengths[at] = found.chunks.lengths[row] + TITLE_WEIGHT * titles[owners[at]];
        total += lengths[at];
      }
    });
    const mean = (this.count ? total / this.count : 1) || 1;
    this.norms = lengths.map((length) => K1 * (1 - B + B * (length / mean)));
    const { bounds, owned } = byOwner(owners, documents.length);
    this.bounds = bounds;
    this.owned = owned;
    /** Of the words that are being looked at, how often each row has them; all 0 in between. */
    this.counts = new Float64Array(owners.length);
    this.best = new Float64Array(owners.length);
    /** What `find` gives, good till it is called again. */
    this.scores = new Float64Array(owners.length);
    this.titles = new Float64Array(owners.length);
    /** Of each document's title: what the words in it weigh that are asked for, and how many it has of them; of all, of one. */
    this.inTitles = Array.from({ length: 4 }, () => new Float64Array(documents.length));
  }

  /** @param {string} query @returns {Found} */
  find(query) {
    const asked = this.#asked(query);
    const scores = this.scores.fill(0);
    /** @type {Set<string>} */ const shown = new Set();
    let [known, all] = [0, 0];
    const [share, often, bestShare, bestOften] = this.inTitles.map((each) => each.fill(0));
    /** @type {Set<number>} */ const called = new Set();
    for (const { groups } of asked) {
      /** @type {number[]} */ const rows = [];
      let most = 0;
      for (const { group, worth } of groups) {
        const inTitles = this.#inTitles(group);
        const having = this.#count(group, inTitles);
        const weight = this.#weight(having.length);
        for (const row of having) {
          const count = this.counts[row];
          const score = worth * (weight * ((count * (K1 + 1)) / (count + this.norms[row])));
          if (this.best[row] === 0) rows.push(row);
          if (score > this.best[row]) this.best[row] = score;
          this.counts[row] = 0;
        }
        for (const [at, count] of inTitles) {
          called.add(at);
          bestShare[at] = Math.max(bestShare[at], worth * weight);
          bestOften[at] = Math.max(bestOften[at], worth * count);
        }
        most = Math.max(most, worth * weight);
        group.forEach((numbers, which) => numbers.forEach((number) => shown.add(this.words[which].words[number])));
      }
      for (const row of rows) {
        scores[row] += this.best[row];
        this.best[row] = 0;
      }
      for (const at of called) {
        share[at] += bestShare[at];
        often[at] += bestOften[at];
        bestShare[at] = bestOften[at] = 0;
      }
      known += most;
      all += groups.length ? most : this.#weight(0);
    }
    const titles = this.titles.fill(0);
    for (const at of called) {
      const same = Math.min(1, often[at] / this.titleLengths[at]) * (share[at] / all);
      for (let i = this.bounds[at]; i < this.bounds[at + 1]; i++) titles[this.owned[i]] = same;
    }
    const unknown = asked.filter(({ groups }) => !groups.length).map(({ word }) => word);
    return { scores, unknown, share: all ? known / all : 1, weight: all, words: shown, titles, ...this.#meant(query, asked) };
  }

  /** Chunk rows of the documents whose title is the query. @param {string} query @returns {number[]} */
  titled(query) {
    const asked = named(query).join(" ");
    const documents = asked ? (this.called.get(asked) ?? []) : [];
    return documents.flatMap((at) => [...this.owned.subarray(this.bounds[at], this.bounds[at + 1])]);
  }

  /** The query, with what is misspelt replaced by the commonest word that it may be; where no word is known, without those
   * that mean nothing alone, such as "how to". @param {string} query @param {Asked[]} asked */
  #meant(query, asked) {
    const misspelt = asked.filter(({ groups }) => groups[0]?.worth === MISSPELT);
    const guessed = misspelt.length > 0;
    if (!guessed && asked.some(({ groups }) => groups.length)) return { meant: query, guessed };
    const guesses = new Map(misspelt.map(({ word, groups }) => [word, this.#commonest(groups[groups.length - 1].group)]));
    const runs = runsOf(query).filter((run) => guessed || !this.stems.stop.has(run));
    return { meant: runs.map((run) => guesses.get(run) ?? run).join(" ").replaceAll(CAMEL, " "), guessed };
  }

  /** @param {string} query @returns {Asked[]} */
  #asked(query) {
    const runs = runsOf(query);
    const last = partsOf(runs.pop() ?? "");
    // What is being typed: the whole of the last run, or its only part; and the parts that it ends with, until the whole is a
    // word, or the beginning of one that says what they mean.
    const typed = query && !isBetween(/** @type {string} */ ([...query].pop())) ? last.filter((word) => last[0].endsWith(word)) : [];
    const worth = typed[1] && this.#standsFor(last[0], true).groups[0]?.worth;
    const left = worth === COMPLETED ? typed.slice(1) : [];
    if (left[0] || worth === 1) typed.length = 1;
    const words = [...new Set([...runs.flatMap(partsOf), ...last.filter((word) => !left.includes(word))])];
    const telling = words.filter((word) => !this.stems.stop.has(word));
    return (telling.length ? telling : words).slice(0, MOST_ASKED).map((word) => this.#standsFor(word, typed.includes(word)));
  }

  /** @param {string} word @param {boolean} typed @returns {Asked} */
  #standsFor(word, typed) {
    const groups = [{ group: this.#alike(word), worth: 1 }];
    if (typed && (word.length >= MIN_PREFIX || isPaired(word))) {
      groups.push({ group: this.words.map((found) => numbers(found.beginningWith(word))), worth: COMPLETED });
    }
    if (groups.every(({ group }) => isEmpty(group))) groups.push({ group: this.#misspelt(word, typed), worth: MISSPELT });
    return { word, groups: groups.filter(({ group }) => !isEmpty(group) && this.#any(group)) };
  }

  /** The words of the same stem. @param {string} word @returns {Group} */
  #alike(word) {
    const stems = this.stems.of(word);
    const begins = [...new Set([...stems, word].map((stem) => beginning(stem)))];
    return this.words.map((found) => {
      const near = new Set(begins.flatMap((begin) => numbers(found.beginningWith(begin))));
      return [...near].filter((number) => found.words[number] === word || this.stems.of(found.words[number]).some((stem) => stems.includes(stem)));
    });
  }

  /** The nearest words, within one change, or two in a long one. @param {string} word @param {boolean} typed @returns {Group} */
  #misspelt(word, typed) {
    const most = isPaired(word) || word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
    for (let distance = 1; distance <= most; distance++) {
      for (const begun of typed ? [false, true] : [false]) {
        const found = this.words.map(({ words }) => within(words, word, distance, begun));
        if (!isEmpty(found)) return found;
      }
    }
    return [];
  }

  /** Count how often each live row has one of these words: `counts`. @param {Group} group @param {Map<number, number>} inTitles @returns {number[]} rows that have any */
  #count(group, inTitles) {
    /** @type {number[]} */ const having = [];
    const add = (/** @type {number} */ row, /** @type {number} */ count) => {
      if (this.counts[row] === 0) having.push(row);
      this.counts[row] += count;
    };
    group.forEach((found, which) => {
      const { chunks } = this.words[which];
      for (const number of found) {
        for (let i = chunks.starts[number]; i < chunks.starts[number + 1]; i++) {
          const row = this.starts[which] + chunks.rows[i];
          if (this.owners[row] >= 0) add(row, chunks.counts[i]);
        }
      }
    });
    for (const [at, count] of inTitles) for (let i = this.bounds[at]; i < this.bounds[at + 1]; i++) add(this.owned[i], TITLE_WEIGHT * count);
    return having;
  }

  /** How often the title of each live document has one of these words. @param {Group} group @returns {Map<number, number>} */
  #inTitles(group) {
    /** @type {Map<number, number>} */ const counts = new Map();
    group.forEach((found, which) => {
      const { titles } = this.words[which];
      for (const number of found) {
        for (let i = titles.starts[number]; i < titles.starts[number + 1]; i++) {
          const at = this.positions[which][titles.rows[i]];
          if (at >= 0) counts.set(at, (counts.get(at) ?? 0) + titles.counts[i]);
        }
      }
    });
    return counts;
  }

  /** Whether any live row has one of these words. @param {Group} group */
  #any(group) {
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

  /** @param {Group} group */
  #commonest(group) {
    /** @type {Map<string, number>} */ const common = new Map();
    group.forEach((found, which) =>
      found.forEach((number) => {
        const { words, chunks } = this.words[which];
        common.set(words[number], (common.get(words[number]) ?? 0) + chunks.starts[number + 1] - chunks.starts[number]);
      }),
    );
    return [...common].sort(([a, many], [b, others]) => others - many || (a < b ? -1 : 1))[0][0];
  }

  /** ln(1 + (N - n + 0.5) / (n + 0.5)) @param {number} having */
  #weight(having) {
    return logarithm(1 + (this.count - having + 0.5) / (having + 0.5));
  }
}

/** The live rows of each document: bounds, rows. @param {Int32Array} owners @param {number} documents */
function byOwner(owners, documents) {
  const bounds = new Uint32Array(documents + 1);
  for (const owner of owners) if (owner >= 0) bounds[owner + 1]++;
  for (let at = 0; at < documents; at++) bounds[at + 1] += bounds[at];
  const next = bounds.slice();
  const owned = new Uint32Array(bounds[documents]);
  owners.forEach((owner, row) => owner >= 0 && (owned[next[owner]++] = row));
  return { bounds, owned };
}

/** @param {[number, number]} span */
function numbers([from, to]) {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** @param {string} stem */
function beginning(stem) {
  return [...stem].slice(0, SAME_BEGINNING).join("");
}

/** @param {Group} group */
function isEmpty(group) {
  return group.every((found) => found.length === 0);
}

/** @param {string} word */
function isPaired(word) {
  return word.search(PAIRED) >= 0;
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
