// @ts-check
/**
 * Which chunks have the words of a query: BM25 over the live rows of a generation (site/content/format.md, section 5.2).
 * search/words.py is the twin: the same sums of doubles in the same order.
 */

import { Dictionary } from "./dictionary.mjs";
import { Neighbours } from "./neighbours.mjs";
import { lettersIn, mayEnd } from "./places.mjs";
import { inLetters, otherwiseBegun, within } from "./spelling.mjs";
import { MOST_STEMS } from "./stems.mjs";
import { CAMEL, PAIRED, isBetween, lettersOf, named, partsOf, runsOf, wholesOf } from "./tokens.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {import("./segment_words.mjs").SegmentWords} SegmentWords */
/** Words that count as one: for each segment the numbers of its words. @typedef {number[][]} Group */
/** @typedef {{word: string, groups: {group: Group, worth: number}[]}} Asked */
/** `rows` are those that have any, in no order; `most`: the highest of `scores`, `mostOfPage` of `pages`. `titles` and `pages` by document: of its chunks the scores together, in whole numbers of 1 / 65536.
 * @typedef {{scores: Float64Array, rows: Uint32Array, most: number, titles: Float64Array, pages: Float64Array, mostOfPage: number, unknown: string[], share: number, weight: number, words: Set<string>, meant: string, known: string, guessed?: boolean}} Found */

const K1 = 1.2;
const B = 0.75;
const TITLE_WEIGHT = 3;
const LEAST_TYPED = 2;
const MOST_ASKED = 64;
const COMPLETED = 0.6;
const MISSPELT = 0.7;
/** Plain words from which on a query is a question: who types one or two, or a name, means just these. */
const QUESTION = 3;
const MOST_WIDELY = 8192;
const SAME_BEGINNING = 3;
const MOST_GROUPS = 1 << 12;
/** A version, a time, an address: its parts alone say nothing. */
const VERSION = /\d[._/:-]\d/;
const SHORT = /^([a-z]|\d{1,3})$/;
/** What is meant as it was typed; behind a figure the mark is one of inches. */
const QUOTED = /(?:^|\s)["“„«»]([^"“”„«»]+)["”“«»]/g;
/** What a word may be put together of. */
const PART = /^(.{3,}|\d+)$/u;

export class Words {
  /** @type {Map<string, Group>} */ #groups = new Map();
  /** @type {Set<string>} runs of the question that are meant as they were typed */ #quoted = new Set();

  /** @param {Generation} generation @param {SegmentWords[]} words of its segments @param {import("./stems.mjs").Stems} stems
   * @param {import("./encoder.mjs").Encoder} encoder what its vocabulary has is no misspelt word, though no text has it */
  constructor(generation, words, stems, encoder) {
    const { segments, documents, owners, starts } = generation;
    this.owners = owners;
    this.starts = starts;
    this.words = words;
    this.all = new Dictionary(words.map((found) => found.words));
    this.stems = stems;
    this.vocabulary = encoder.positions;
    this.neighbours = new Neighbours(encoder, generation.passes);
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
    /** Of each row; 0 of one that is not live. */
    const norms = (this.norms = passes.floats(owners.length));
    let total = 0;
    words.forEach((found, which) => {
      for (let row = 0, at = starts[which]; at < starts[which + 1]; row++, at++) {
        if (owners[at] < 0) continue;
        norms[at] = found.chunks.lengths[row] + TITLE_WEIGHT * titles[owners[at]];
        total += norms[at];
      }
    });
    const mean = (this.count ? total / this.count : 1) || 1;
    norms.forEach((length, row) => owners[row] >= 0 && (norms[row] = K1 * (1 - B + B * (length / mean))));
    /** Whether every row of a segment is live. */
    this.whole = words.map((_, which) => owners.subarray(starts[which], starts[which + 1]).every((owner) => owner >= 0));
    const { bounds, rows: owned } = generation.owned;
    this.bounds = bounds;
    this.owned = owned;
    // Room that is used again: to make it anew, or to look through all of it, takes longer than to find.
    this.passes = passes;
    /** Of the words that are being looked at, how often each row has them; all 0 in between. */
    this.counts = passes.numbers(owners.length);
    this.best = passes.floats(owners.length);
    this.having = passes.numbers(owners.length);
    /** Rows that have any of what one word of the question stands for. */
    this.touched = passes.numbers(owners.length);
    /** Of what is found the highest score, and the highest of a page. */
    this.most = passes.floats(2);
    /** What `find` gives, good till it is called again. */
    this.scores = passes.floats(owners.length);
    this.titles = passes.floats(documents.length);
    this.pages = passes.floats(documents.length);
    this.rows = passes.numbers(owners.length);
    this.found = 0;
    /** Documents whose titles have a word that is asked for, the first `nearby` of them. */
    this.near = new Uint32Array(documents.length);
    this.nearby = 0;
    /** Documents whose titles have one of the words that are being looked at, and how often; all 0 in between. */
    this.inTitle = new Uint32Array(documents.length);
    this.titleCounts = new Uint32Array(documents.length);
    /** Of each document's title: what the words in it weigh that are asked for, and how many it has of them; of all, of one. */
    this.inTitles = Array.from({ length: 4 }, () => new Float64Array(documents.length));
  }

  /** What questions look up, in small steps: the words of all segments, and their stems. */
  *reading() {
    yield* this.all.reading;
    for (const word of this.all.words.slice(0, MOST_STEMS)) yield this.stems.of(lettersOf(word));
  }

  /** @param {string} query @param {boolean} [widely] whether in a question words stand for those that mean nearly the same, too
   * @returns {Found} */
  find(query, widely = false) {
    for (const _ of this.all.reading); // what is left of it
    this.#forget();
    this.#quoted = new Set([...query.matchAll(QUOTED)].flatMap(([, quoted]) => runsOf(quoted)));
    const { passes, counts, norms, best, having, touched, scores, rows, near, inTitle, titleCounts, titles, pages, owners } = this;
    const [share, often, bestShare, bestOften] = this.inTitles;
    const runs = this.#written(query);
    const asked = this.#asked(runs, isTyped(query));
    /** @type {Set<string>} */ const shown = new Set();
    let [known, all] = [0, 0];
    const plain = new Set(widely && this.count <= MOST_WIDELY ? runs.filter((run) => this.#isPlain(run)) : []);
    for (const { word, groups } of asked) {
      const every = plain.size >= QUESTION && plain.has(word) && groups[0]?.worth === 1 ? [...groups, ...this.#near(word, groups)] : groups;
      let [most, count, number] = [0, 0, 0];
      const alone = every.length === 1; // nothing to compare
      for (const { group, worth } of every) {
        const inTitles = this.#inTitles(group);
        const found = this.#count(group, inTitles);
        const weight = this.#weight(found);
        const these = having.subarray(0, found);
        if (alone) this.found = passes.weigh(these, counts, norms, scores, rows, this.found, K1 + 1, weight, worth, true);
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
        for (const text of this.#texts(group)) shown.add(text);
      }
      this.found = passes.add(touched.subarray(0, count), best, scores, rows, this.found);
      for (let i = 0; i < this.nearby; i++) {
        const at = near[i];
        share[at] += bestShare[at];
        often[at] += bestOften[at];
        bestShare[at] = bestOften[at] = 0;
      }
      known += most;
      all += groups.length ? most : this.#weight(0);
    }
    for (let i = 0; i < this.nearby; i++) titles[near[i]] = Math.min(1, often[near[i]] / this.titleLengths[near[i]]) * (share[near[i]] / all);
    const unknown = [...new Set(asked.filter(({ groups }) => !groups.length).map(({ word }) => word))];
    const told = { share: all ? known / all : 1, weight: all, words: shown, unknown, ...this.#meant(query, runs, asked) };
    const these = rows.subarray(0, this.found);
    passes.sum(these, scores, owners, pages, this.most);
    const [most, mostOfPage] = this.most;
    return { scores, rows: these, most, titles, pages, mostOfPage, ...told };
  }

  /** What was found last. */
  #forget() {
    for (let i = 0; i < this.found; i++) this.scores[this.rows[i]] = 0;
    this.pages.fill(0);
    for (let i = 0; i < this.nearby; i++) this.titles[this.near[i]] = this.inTitles[0][this.near[i]] = this.inTitles[1][this.near[i]] = 0;
    this.found = this.nearby = 0;
  }

  /** Chunk rows of the documents whose title is the query that was last found: any of its words leads to them.
   * @param {string} query @returns {number[]} */
  titled(query) {
    const asked = named(query).join(" ");
    const letters = lettersIn(asked);
    const isCalled = (/** @type {number} */ at) => {
      const { segment, row } = this.documents[at];
      const bytes = segment.titles.bytesAt(row);
      return mayEnd(bytes, 0, bytes.length, letters) && this.#called(at) === asked;
    };
    const documents = asked ? [...this.near.subarray(0, this.nearby)].filter(isCalled) : [];
    return documents.flatMap((at) => [...this.owned.subarray(this.bounds[at], this.bounds[at + 1])]);
  }

  /** @param {number} at */
  #called(at) {
    const { segment, row } = this.documents[at];
    return (this.called[at] ??= named(segment.titles.at(row)).join(" "));
  }

  /** The query, with what is misspelt replaced by the commonest word that it may be; where no word is known, without those
   * that mean nothing alone, such as "how to". `known`: with words that the table lacks replaced by the commonest of their stem, too.
   * @param {string} query @param {string[]} runs as they are written @param {Asked[]} asked */
  #meant(query, runs, asked) {
    const given = runsOf(query);
    const guesses = new Map(asked.filter(isMisspelt).map(({ word, groups }) => [word, this.#commonest(groups[groups.length - 1].group)]));
    const guessed = guesses.size > 0 || runs.join(" ") !== given.join(" ");
    const said = asked.some(({ groups }) => groups.length) ? query : respelt(given.filter((run) => !this.stems.stop.has(run)), guesses);
    const meant = guessed ? respelt(runs, guesses) : said;
    const stems = asked.flatMap(({ word }) => (this.vocabulary.has(word) || !this.#isKnown(word) ? [] : [[word, this.#commonest(this.#alike(word))]]));
    const others = stems.filter(([word, stem]) => word !== stem);
    return { meant, known: others[0] ? respelt(runs, new Map([...guesses, .../** @type {[string, string][]} */ (others)])) : meant, guessed };
  }

  /** The runs of a query, those that no text has written as texts have them: together, or apart. @param {string} query */
  #written(query) {
    const left = runsOf(query);
    /** @type {string[]} */ const written = [];
    while (left.length && written.length < MOST_ASKED) {
      const run = /** @type {string} */ (left.shift());
      if (left.length && this.#isTogether(!left[1] && isTyped(query), run, left[0])) {
        written.push(run + left.shift());
      } else if (!this.#isPlain(run)) {
        written.push(run);
      } else {
        const [found] = this.#standsFor(run, !left.length && isTyped(query), false, 1).groups;
        const joined = found?.worth === 1 && this.#texts(found.group).every((word) => lettersOf(word) !== word);
        written.push(...(!found ? this.#apart(run) : [joined ? this.#commonest(found.group) : run]));
      }
    }
    return [...written, ...left];
  }

  /** @param {string} run */
  #isPlain(run) {
    const parts = partsOf(run);
    return parts.length === 1 && parts[0] === run && !this.stems.stop.has(run) && this.#isLoose(run);
  }

  /** Whether a word may stand for another: not in quotes, nor as a pair of letters. @param {string} word */
  #isLoose(word) {
    return !this.#quoted.has(word) && !isPaired(word);
  }

  /** Whether two words, of which no text has one, stand for a word that texts have; the beginning of a word is none that no text has.
   * @param {boolean} typed @param {...string} pair */
  #isTogether(typed, ...pair) {
    const together = pair.join("");
    if (!pair.every((run) => this.#isPlain(run)) || pair.every((run) => this.#isKnown(run)) || !this.#isKnown(together)) return false;
    return !typed || this.all.has(together) || !this.#any(this.#beginningWith(pair[1]));
  }

  /** Whether the encoder knows a word or its stem: then it is no misspelt one. @param {string} word */
  #isWord(word) {
    return [word, ...this.stems.of(word)].some((each) => this.vocabulary.has(each));
  }

  /** The two words that a word is put together of, or the word: what the encoder knows is no two, nor is a number. @param {string} run */
  #apart(run) {
    if (this.#isWord(run) || !/[^0-9]/.test(run)) return [run];
    for (let at = 1; at < run.length; at++) {
      const parts = [run.slice(0, at), run.slice(at)];
      if (!this.stems.stop.has(parts[0]) && this.all.has(parts[0]) && parts.every((part) => PART.test(part) && this.#isKnown(part))) return parts;
    }
    return [run];
  }

  /** @param {string[]} runs @param {boolean} isLastTyped @returns {Asked[]} */
  #asked(runs, isLastTyped) {
    const before = runs.slice(0, -1);
    const last = partsOf(runs[before.length] ?? "");
    // What is being typed: the whole of the last run, or its only part; and the parts that it ends with, until the whole is a
    // word, or the beginning of one that says what they mean.
    const typed = isLastTyped ? last.filter((word) => last[0].endsWith(word)) : [];
    const worth = typed[1] && this.#standsFor(last[0], true, true).groups[0]?.worth;
    const left = worth === COMPLETED ? typed.slice(1) : [];
    if (left[0] || worth === 1) typed.length = 1;
    const words = [...before.flatMap(partsOf), ...last.filter((word) => !left.includes(word))];
    const wholes = new Set(runs.flatMap(wholesOf));
    // A letter of a name, as the P of P-10123, or a short number, as the 9 of 2.9, is in too many others to tell anything beside its other parts.
    const letters = new Set(runs.map(partsOf).flatMap((parts) => (parts.length > 1 ? parts.filter((word) => SHORT.test(word)) : [])));
    const telling = words.filter((word) => !this.stems.stop.has(word) && !letters.has(word));
    const asked = (telling[0] ? telling : words).slice(0, MOST_ASKED).map((word) => this.#standsFor(word, typed.includes(word), wholes.has(word)));
    const groupsOf = new Map(asked.map(({ word, groups }) => [word, groups]));
    /** @type {Set<string>} */ const silent = new Set();
    for (const run of runs) {
      const [whole, ...parts] = partsOf(run);
      if (groupsOf.get(whole)?.[0]?.worth === 1) {
        for (const part of parts) silent.add(part); // known as it is: its parts need not be
      } else if (parts.some((part) => groupsOf.get(part)?.length) && parts.every((part) => wholes.has(part) || groupsOf.get(part)?.length !== 0)) {
        for (const each of wholesOf(run)) if (!VERSION.test(each)) silent.add(each); // and the reverse
      }
    }
    const kept = asked.filter((word) => !silent.has(word.word) || (word.groups.length && !isMisspelt(word)));
    if (2 * kept.filter(({ groups }) => !groups.length).length <= kept.length) return kept;
    // Mostly words that nothing here is near to: another language, in which the others are not misspelt either.
    return kept.map((word) => (isMisspelt(word) ? { ...word, groups: [] } : word));
  }

  /** @param {string} word @param {boolean} typed @param {boolean} whole @param {number} most @returns {Asked} */
  #standsFor(word, typed, whole = false, most = 2) {
    const groups = [{ group: this.#alike(word), worth: 1 }];
    if (typed && (inLetters(word).length >= LEAST_TYPED || isPaired(word))) {
      groups.push({ group: this.#beginningWith(word), worth: COMPLETED });
    }
    if (groups.every(({ group }) => isEmpty(group))) {
      if (whole) for (const begun of typed ? [false, true] : [false]) groups.push({ group: this.#within(word, begun), worth: begun ? COMPLETED : 1 });
      else if (this.#isLoose(word)) {
        const longer = this.all.inSegments(this.stems.longer(this.all.words, word, this.stems));
        groups.push(isEmpty(longer) ? { group: this.#misspelt(word, typed, most), worth: MISSPELT } : { group: longer, worth: COMPLETED });
      }
    }
    return { word, groups: groups.filter(({ group }) => this.#any(group)) };
  }

  /** What is near in meaning to a word, without what it stands for itself; it is worth the square of its cosine.
   * @param {string} word @param {Asked["groups"]} groups */
  #near(word, groups) {
    const had = this.words.map((_, which) => new Set(groups.flatMap(({ group }) => group[which])));
    return this.neighbours.of(word).flatMap(([other, worth]) => {
      const group = this.#alike(other).map((numbers, which) => numbers.filter((number) => !had[which].has(number)));
      group.forEach((numbers, which) => numbers.forEach((number) => had[which].add(number)));
      return isEmpty(group) ? [] : [{ group, worth }];
    });
  }

  /** Whether a live row has a word of the same stem. @param {string} word */
  #isKnown(word) {
    return this.#any(this.#alike(word));
  }

  /** The words of the same stem; a question that is being typed asks for most of them again. @param {string} word @returns {Group} */
  #alike(word) {
    let group = this.#groups.get(word);
    if (!group) {
      if (this.#groups.size >= MOST_GROUPS) this.#groups.clear();
      this.#groups.set(word, (group = this.#ofStem(word)));
    }
    return group;
  }

  /** The words of the same stem, whatever joins their parts. @param {string} word @returns {Group} */
  #ofStem(word) {
    const letters = lettersOf(word);
    const stems = this.stems.of(letters);
    const [first, second = ""] = letters;
    const joined = ["-", "_"].flatMap((joint) => [first + joint, first + second + joint]);
    const before = this.stems.before.flatMap((each) => stems.map((stem) => each + beginning(stem)));
    const doubled = stems.map(([a = "", b = ""]) => a + b + b); // abreviation, abbreviation
    const begins = [...new Set([...[...stems, letters, word].map(beginning), ...joined, ...before, ...doubled])];
    const { words } = this.all;
    /** @type {Set<number>} */ const same = new Set();
    for (const begin of begins) {
      for (let [number, end] = this.all.beginningWith(begin); number < end; number++) {
        if (words[number] === word || this.stems.of(lettersOf(words[number])).some((stem) => stems.includes(stem))) same.add(number);
      }
    }
    return this.all.inSegments(same);
  }

  /** @param {string} prefix @returns {Group} */
  #beginningWith(prefix) {
    const [from, to] = this.all.beginningWith(prefix);
    return this.all.inSegments(Array.from({ length: to - from }, (_, i) => from + i));
  }

  /** The longer names that have this one among their parts; with `begun` its last part may go on.
   * @param {string} name @param {boolean} begun @returns {Group} */
  #within(name, begun) {
    const has = new RegExp(`(?:^|[._/:-])v?${name.replaceAll(".", "\\.")}${begun ? "" : "(?:$|[._/:-])"}`);
    return this.all.inSegments(this.all.words.flatMap((word, number) => (has.test(word) ? number : [])));
  }

  /** The nearest words, within one change, or two in a long one; digits are meant, and the first letter, but
   * where it is all that is changed in a long one.
   * @param {string} word @param {boolean} typed @param {number} most @returns {Group} */
  #misspelt(word, typed, most) {
    const { words } = this.all;
    const [...letters] = word;
    const { length } = letters;
    if (length < 4 || this.#isWord(word)) return [];
    const [from, to] = this.all.beginningWith(letters[0]);
    for (let distance = 1; distance <= (length < 8 ? 1 : most); distance++) {
      for (const begun of typed && length > 5 ? [false, true] : [false]) {
        const others = begun || distance > 1 || length < 8 ? [] : otherwiseBegun(words, word);
        const found = [...within(words, word, distance, begun, from, to), ...others].filter((number) => digits(words[number]) === digits(word));
        if (found.length) return this.all.inSegments(found);
      }
    }
    return [];
  }

  /** Count how often each live row has one of these words: `counts`, and `having` names those that have any.
   * @param {Group} group @param {number} inTitles how many of `inTitle` @returns {number} how many have */
  #count(group, inTitles) {
    const { counts, having, owners, bounds, owned } = this;
    let found = 0;
    for (let which = 0; which < group.length; which++) { // without a function, which would keep what it counts in memory
      const { starts, rows, counts: times } = this.words[which].chunks;
      const [start, whole] = [this.starts[which], this.whole[which]];
      for (const number of group[which]) {
        for (let i = starts[number], end = starts[number + 1]; i < end; i++) {
          const row = start + rows[i];
          if (!whole && owners[row] < 0) continue;
          if (counts[row] === 0) having[found++] = row;
          counts[row] += times[i];
        }
      }
    }
    for (const at of this.inTitle.subarray(0, inTitles)) {
      for (let i = bounds[at]; i < bounds[at + 1]; i++) {
        if (counts[owned[i]] === 0) having[found++] = owned[i];
        counts[owned[i]] += TITLE_WEIGHT * this.titleCounts[at];
      }
    }
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

  /** @param {Group} group */
  #texts(group) {
    return group.flatMap((found, which) => found.map((number) => this.words[which].words[number]));
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

/** @param {string} query */
function isTyped(query) {
  const last = [...query.replace(/\*$/, "")].pop(); // `*` says itself that the word may go on
  return last !== undefined && !isBetween(last);
}

/** @param {string} stem */
function beginning(stem) {
  return [...stem].slice(0, SAME_BEGINNING).join("");
}

/** @param {Asked} asked */
function isMisspelt({ groups }) {
  return groups[0]?.worth === MISSPELT;
}

/** @param {Group} group */
function isEmpty(group) {
  return group.every((found) => found.length === 0);
}

/** Runs with words in place of others: of whole ones, or of parts of a name. @param {string[]} runs @param {Map<string, string>} words */
function respelt(runs, words) {
  return runs.map((run) => words.get(run) ?? run.replace(/[^._/:\x02-]+/g, (part) => words.get(part) ?? part)).join(" ").replaceAll(CAMEL, " ");
}

/** What of a word is not misspelt, beside its first letter. @param {string} word */
function digits(word) {
  return word.replace(/\D/g, "");
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
