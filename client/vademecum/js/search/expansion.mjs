// @ts-check
/** What the words of a query stand for among those of the texts: the words of the same stem, those that one may be the beginning of, or
 * be misspelt for (site/content/format.md, section 5.2); search/expansion.py is the twin. */

import { Dictionary } from "./dictionary.mjs";
import { Neighbours } from "./neighbours.mjs";
import { inLetters, otherwiseBegun, within } from "./spelling.mjs";
import { MOST_STEMS } from "./stems.mjs";
import { CAMEL, PAIRED, composed, isTyped, lettersOf, partsOf, quotedIn, runsOf, wholesOf } from "./tokens.mjs";

/** Words that count as one: for each segment the numbers of its words. @typedef {number[][]} Group */
/** @typedef {{group: Group, worth: number}[]} Groups */
/** `near` are words of nearly the same meaning: they find chunks, but are not what was found. `plain`: one of the plain words of a question.
 * @typedef {{word: string, groups: Groups, near: Groups, plain?: boolean}} QueryWord */

const LEAST_TYPED = 2;
const MOST_ASKED = 64;
const COMPLETED = 0.6;
const MISSPELT = 0.7;
const BEGUN = 0.3;
/** Plain words from which on a query is a question: who types one or two, or a name, means just these. */
const QUESTION = 3;
const SAME_BEGINNING = 3;
const MOST_GROUPS = 1 << 12;
/** A version, a time, an address: its parts alone say nothing. */
const VERSION = /\d[._/:-]\d/;
const SHORT = /^([a-z]|\d{1,3})$/;
/** What a word may be put together of. */
const PART = /^(.{3,}|\d+)$/u;

export class Expansion {
  /** @type {Map<string, Group>} */ #groups = new Map();
  /** @type {Set<string>} runs of the question that are meant as they were typed */ #quoted = new Set();
  /** @type {Map<string, string>} words that titles have, and what the question has in place of two of them */ #joined = new Map();
  /** @type {Set<string>} parts of names that texts have, and names of which they have the parts */ #silent = new Set();

  /** @param {import("./segment_words.mjs").SegmentWords[]} words of each segment @param {import("./stems.mjs").Stems} stems
   * @param {import("./encoder.mjs").Encoder} encoder what its vocabulary has is no misspelt word, though no text has it
   * @param {import("./passes.mjs").Passes} passes @param {(group: Group) => boolean} isLive whether any live row has one of these words
   * @param {(one: Group, other: Group) => boolean} share whether one has a word of each
   * @param {(one: Group, other: Group, whole: Group) => boolean} entitled whether a title has a word of both and none of the third, and more live rows do than have one of that */
  constructor(words, stems, encoder, passes, isLive, share, entitled) {
    this.words = words;
    this.all = new Dictionary(words.map((found) => found.words));
    this.stems = stems;
    this.vocabulary = encoder.positions;
    this.neighbours = new Neighbours(encoder, passes);
    this.isLive = isLive;
    this.share = share;
    this.entitled = entitled;
  }

  /** What questions look up, in small steps: the words of all segments, and their stems. */
  *reading() {
    yield* this.all.reading;
    for (let i = 0; i < Math.min(MOST_STEMS, this.all.words.length); i++) {
      this.stems.of(lettersOf(this.all.words[i]));
      if (i % 16 === 0) yield;
    }
  }

  /** @param {string} asked @param {boolean} widely whether in a question words stand for those that mean nearly the same, too */
  of(asked, widely) {
    const query = composed(asked);
    for (const _ of this.all.reading); // what is left of it
    this.#quoted = new Set(quotedIn(query).flatMap(runsOf));
    const written = this.#written(query);
    const letter = this.#isBegun(query, written) ? written[written.length - 1] : "";
    const runs = letter ? written.slice(0, -1) : written;
    const plain = new Set(runs.filter((run) => this.#isPlain(run)));
    const queryWords = this.#queryWords(runs, !letter && isTyped(query), plain.size < QUESTION ? 2 : 1);
    for (const each of queryWords) {
      each.plain = plain.size >= QUESTION && plain.has(each.word);
      if (widely && each.plain && each.groups[0]?.worth === 1) each.near = this.#near(each);
    }
    const meant = this.#meant(query, written, runs, queryWords);
    if (letter && this.#isKnown(letter)) queryWords.push({ word: letter, groups: [{ group: this.#alike(letter), worth: BEGUN }], near: [] });
    return { queryWords, ...meant };
  }

  /** @param {Group} group */
  texts(group) {
    return group.flatMap((found, which) => found.map((number) => this.words[which].words[number]));
  }

  /** The query, with what is misspelt replaced by the commonest word that it may be; where no word is known, without those
   * that mean nothing alone, such as "how to". `encodable`: with words that the table lacks replaced by the commonest of their stem, too.
   * @param {string} query @param {string[]} written its runs as texts have them @param {string[]} runs those that are no letter alone @param {QueryWord[]} queryWords */
  #meant(query, written, runs, queryWords) {
    const given = runsOf(query);
    const guesses = new Map(queryWords.filter(isMisspelt).map(({ word, groups }) => [word, this.#commonest(groups[groups.length - 1].group)]));
    const guessed = guesses.size > 0 || written.join(" ") !== given.join(" ");
    const said = queryWords.some(({ groups }) => groups.length) ? query : respelt(given.filter((run) => !this.stems.stop.has(run)), guesses);
    const meant = guessed ? respelt(written, guesses) : said;
    // Not the parts of a name that texts have: POSIXct, cut where its case changes, means no form of "poser".
    const stems = queryWords.map(({ word }) => [word, this.#silent.has(word) || this.vocabulary.has(word) || !this.#isKnown(word) ? word : this.#commonest(this.#alike(word))]).filter(([word, stem]) => word !== stem);
    return { meant, encodable: stems[0] || runs.length < written.length ? respelt(runs, new Map([...guesses, .../** @type {[string, string][]} */ (stems)])) : meant, guessed };
  }

  /** The runs of a query, those that no text has written as texts have them: together, or apart. @param {string} query */
  #written(query) {
    const left = runsOf(query);
    this.#joined.clear();
    /** @type {string[]} */ const written = [];
    while (left.length && written.length < MOST_ASKED) {
      const run = /** @type {string} */ (left.shift());
      if (left.length && this.#isTogether(!left[1] && isTyped(query), run, left[0])) {
        written.push(run + left.shift());
      } else if (!this.#isPlain(run)) {
        written.push(run);
      } else {
        const parts = this.#inTitles(run);
        for (const part of parts) this.#joined.set(part, run);
        const [found] = this.#standsFor(run, !left.length && isTyped(query), false, 1).groups;
        const joined = found?.worth === 1 && this.texts(found.group).every((word) => lettersOf(word) !== word);
        written.push(...(parts[0] ? parts : !found ? this.#apart(run) : [joined ? this.#commonest(found.group) : run]));
      }
    }
    return [...written, ...left];
  }

  /** Whether the last run is a letter that is being typed behind a word that says something. @param {string} query @param {string[]} runs */
  #isBegun(query, runs) {
    const last = runs[runs.length - 1] ?? "";
    return last.length === 1 && last >= "a" && last < "\u1100" && this.#isLoose(last) && isTyped(query) && runs.slice(0, -1).some((run) => !this.stems.stop.has(run));
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
    return !typed || this.all.has(together) || !this.isLive(this.#beginningWith(pair[1]));
  }

  /** Whether the encoder knows a word or its stem: then it is no misspelt one. @param {string} word */
  #isWord(word) {
    return [word, ...this.stems.of(word)].some((each) => this.vocabulary.has(each));
  }

  /** The two words that titles have in place of a word that texts have seldom (*whitebalance* is a variable, and the page is called *White balance*), or none.
   * @param {string} run */
  #inTitles(run) {
    const letters = /[^0-9]/.test(run) ? [...run] : [];
    for (let at = LEAST_TYPED; at <= letters.length - LEAST_TYPED; at++) {
      const first = letters.slice(0, at).join("");
      const parts = [first, run.slice(first.length)];
      if (parts.every((part) => this.all.has(part) && !this.stems.stop.has(part)) && this.entitled(this.#alike(first), this.#alike(parts[1]), this.#alike(run))) return parts;
    }
    return [];
  }

  /** The two words that a word is put together of, or the word: what the encoder knows is no two, nor is a number, nor what no row has both parts of. @param {string} run */
  #apart(run) {
    if (this.#isWord(run) || !/[^0-9]/.test(run)) return [run];
    for (let at = 1; at < run.length; at++) {
      const parts = [run.slice(0, at), run.slice(at)];
      if (!this.stems.stop.has(parts[0]) && this.all.has(parts[0]) && parts.every((part) => PART.test(part) && this.#isKnown(part)) && this.share(this.#alike(parts[0]), this.#alike(parts[1]))) return parts;
    }
    return [run];
  }

  /** @param {string[]} runs @param {boolean} isLastTyped @param {number} most @returns {QueryWord[]} */
  #queryWords(runs, isLastTyped, most) {
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
    const queryWords = (telling[0] ? telling : words).slice(0, MOST_ASKED).map((word) => this.#standsFor(word, typed.includes(word), wholes.has(word), most));
    const groupsOf = new Map(queryWords.map(({ word, groups }) => [word, groups]));
    const silent = (this.#silent = new Set());
    for (const run of runs) {
      const [whole, ...parts] = partsOf(run);
      if (groupsOf.get(whole)?.[0]?.worth === 1) {
        for (const part of parts) silent.add(part); // known as it is: its parts need not be
      } else if (parts.some((part) => groupsOf.get(part)?.length) && parts.every((part) => wholes.has(part) || groupsOf.get(part)?.length !== 0)) {
        for (const each of wholesOf(run)) if (!VERSION.test(each)) silent.add(each); // and the reverse
      }
    }
    const kept = queryWords.filter((word) => !silent.has(word.word) || (word.groups.length && !isMisspelt(word)));
    if (2 * kept.filter(({ groups }) => !groups.length).length <= kept.length) return kept;
    // Mostly words that nothing here is near to: another language, in which the others are not misspelt either.
    return kept.map((word) => (isMisspelt(word) ? { ...word, groups: [] } : word));
  }

  /** @param {string} word @param {boolean} typed @param {boolean} whole @param {number} most @returns {QueryWord} */
  #standsFor(word, typed, whole = false, most = 2) {
    const groups = [word, this.#joined.get(word)].flatMap((each) => (each ? { group: this.#alike(each), worth: 1 } : []));
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
    return { word, groups: groups.filter(({ group }) => this.isLive(group)), near: [] };
  }

  /** What is near in meaning to a word, without what it stands for itself; it is worth the square of its cosine.
   * @param {QueryWord} asked @returns {Groups} */
  #near({ word, groups }) {
    const had = this.words.map((_, which) => new Set(groups.flatMap(({ group }) => group[which])));
    return this.neighbours.of(word).flatMap(([other, worth]) => {
      const group = this.#alike(other).map((numbers, which) => numbers.filter((number) => !had[which].has(number)));
      group.forEach((numbers, which) => numbers.forEach((number) => had[which].add(number)));
      return isEmpty(group) ? [] : [{ group, worth }];
    });
  }

  /** Whether a live row has a word of the same stem. @param {string} word */
  #isKnown(word) {
    return this.isLive(this.#alike(word));
  }

  /** The words of the same stem; a question that is being typed asks for most of them again. @param {string} word @returns {Group} */
  #alike(word) {
    let group = this.#groups.get(word);
    if (!group) {
      if (this.#groups.size >= MOST_GROUPS) this.#groups.clear();
      this.#groups.set(word, (group = this.#ofStem(word).map((found) => found.slice()))); // without the room that an array grows by
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
    const ends = beforeJoint(word);
    /** @type {Set<number>} */ const same = new Set();
    for (const begin of begins) {
      for (let [number, end] = this.all.beginningWith(begin); number < end; number++) {
        const other = lettersOf(words[number]);
        // A stem that ends before the last joint is none of the whole: hanami-cli is no form of "hanam".
        const least = Math.max(ends, other === words[number] ? 0 : beforeJoint(words[number]));
        if (other === letters || this.stems.has(other, least ? stems.filter((stem) => stem.length > least) : stems)) same.add(number);
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
}

/** How many letters a word has before the last of what joins its parts. @param {string} word */
function beforeJoint(word) {
  return lettersOf(word.slice(0, Math.max(word.lastIndexOf("-"), word.lastIndexOf("_"), 0))).length;
}

/** @param {string} stem */
function beginning(stem) {
  return [...stem].slice(0, SAME_BEGINNING).join("");
}

/** @param {QueryWord} asked */
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
