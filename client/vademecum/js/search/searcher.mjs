// @ts-check
/** A question and its hits, over an open generation; search/searcher.py is the twin, and gives the same list. */

import { VademecumError } from "../errors.mjs";
import { asWritten, lacking, quoted, wordsIn } from "./excerpt.mjs";
import { inTurns } from "./kept_words.mjs";
import { Meaning, Titles } from "./meaning.mjs";
import { MOST_MORE } from "./question.mjs";
import { Phrases, standing } from "./phrases.mjs";
import { FAR, apart, fuse, inOrder, placesOf, roomFor, worthOf } from "./ranking.mjs";
import { readWords } from "./segment_words.mjs";
import { algorithmsOf, loadStems } from "./stems.mjs";
import { quotedIn, wordsOf } from "./tokens.mjs";
import { Words } from "./words.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {import("./places.mjs").Candidate} Candidate */
/** @typedef {import("./question.mjs").Question} Question */

const DEEPER = 200;
/** How long a question waits for the words, in milliseconds: then meaning alone answers it. That differs from what Python
 * finds, so that it should come about in the largest of knowledge bases alone, just after it was installed. */
const WORDS_PATIENCE = 3000;
/** How many titles a worker asks itself at most, for how many milliseconds in all, and how many lie before each, in which others come first. */
const [REHEARSED, REHEARSAL, PAUSE] = [200, 250, 5];
/** Milliseconds without a question before a worker does what is its own: one that comes would wait for that. */
const QUIET = 50;
/** Chunks that are read for a phrase in quotes, those that have the most of the words; others only where none of these has it. */
const READ_FOR = 1000;
/** Documents whose titles are read ahead, at most, in a tenth of a second. */
const AHEAD = 20_000;
/** What no words find, or words that are not read yet. @param {import("./ranking.mjs").Room} room */
const nothing = ({ zeros, rows, held, slotless }) => ({ rows: rows.subarray(0, 0), scores: zeros.subarray(0, 0), owners: held.subarray(0, 0), slots: slotless, titles: zeros, pages: zeros, unknown: [], share: 1, weight: 0, most: 0, mostOfPage: 0, scattered: false });

export class Searcher {
  /** @type {Promise<Words> | undefined} */ #words;
  #loaded = false;
  /** When somebody was last answered, in milliseconds. */ #asked = -Infinity;

  /** @param {Generation} generation @param {import("./places.mjs").Places} places @param {import("./encoder.mjs").Encoder} encoder
   * @param {() => Promise<import("./segment_words.mjs").SegmentWords[]>} [load] words of the segments
   * @param {number} [patience] */
  constructor(generation, places, encoder, load = async () => generation.segments.map(readWords), patience = WORDS_PATIENCE) {
    this.generation = generation;
    this.places = places;
    this.encoder = encoder;
    this.load = load;
    this.patience = patience;
    const { length } = generation.owners;
    this.meaning = new Meaning(generation);
    this.titles = new Titles(generation, encoder);
    this.phrases = new Phrases(generation);
    this.room = roomFor(generation.passes, length, generation.documents.length);
  }

  /** The words of all texts, loaded when they are first asked for. @returns {Promise<Words>} */
  get words() {
    this.#words ??= this.#loadWords().catch((error) => {
      this.#words = undefined; // the next question tries again
      throw error;
    });
    return this.#words;
  }

  async #loadWords() {
    const loaded = loadStems(algorithmsOf(this.places.languages)).catch(({ message }) => {
      throw new VademecumError("server", message); // it names the module that did not come
    });
    const [stems, found] = await Promise.all([loaded, this.load()]);
    this.#loaded = true;
    return new Words(this.generation, found, stems, this.encoder);
  }

  /** The words, or nothing where they take long and meaning alone may answer. @param {string} mode */
  async #wordsInTime(mode) {
    if (mode === "lexical" || this.#loaded) return this.words;
    /** @type {ReturnType<typeof setTimeout> | undefined} */ let late;
    const waited = new Promise((resolve) => (late = setTimeout(resolve, this.patience)));
    return Promise.race([this.words, waited]).finally(() => clearTimeout(late));
  }

  /** What an app's own encoder is to read: the query, with what is misspelt put right. @param {string} query */
  async meant(query) {
    return (await this.#wordsInTime("hybrid"))?.find(query).meant ?? query;
  }

  /** Answer what titles ask, between the questions of others: what has run a hundred times is compiled. */
  async rehearse() {
    await inTurns((await this.words).expansion.all.reading);
    let spent = 0;
    for (const { segment, row } of this.generation.documents.slice(0, REHEARSED)) {
      await this.#quiet();
      const began = performance.now();
      await this.answer({ query: segment.titles.at(row), limit: 10, offset: 0, mode: "hybrid", group: true, filters: {}, prefer: {} });
      if ((spent += performance.now() - began) > REHEARSAL) break;
    }
    await inTurns(this.#ahead(await this.words), () => this.#quiet());
  }

  /** The end of a pause in which nobody asked. */
  async #quiet() {
    do await new Promise((done) => setTimeout(done, PAUSE));
    while (performance.now() < this.#asked + QUIET);
  }

  /** What questions look up, which is read when one first does, read ahead: a hundred titles at each, the stems of some dozen words.
   * @param {Words} words */
  *#ahead(words) {
    yield* words.expansion.reading();
    const most = Math.min(AHEAD, this.generation.documents.length);
    for (let at = 0; at < most; at++) {
      this.titles.read(at);
      this.phrases.readDated(at);
      if (at % 16 === 0) yield; // to ask for the time takes as long as two titles
    }
  }

  /** @param {Question} question @param {Int8Array} [vector] the query's, in place of what the table says */
  search(question, vector) {
    return this.answer(question, vector).finally(() => (this.#asked = performance.now()));
  }

  /** @param {Question} question @param {Int8Array} [vector] */
  async answer({ query, limit, offset, mode, group, filters, prefer, facets }, vector) {
    const { places, meaning, phrases } = this;
    const words = await this.#wordsInTime(mode);
    const found = words?.find(query, mode === "hybrid") ?? { ...nothing(this.room), words: new Set(wordsOf(query)), meant: query, encodable: query };
    const asked = this.encoder.encode(found.encodable);
    const fits = places.matching(filters);
    const empty = words && !found.weight;
    const titled = words?.titled(found.guessed ? found.meant : query) ?? [];
    let first = titled.filter((/** @type {number} */ at) => this.generation.isFirst(at));
    if (empty && fits) { // nothing is asked but that: all that fit, by their keys
      [mode, first] = ["hybrid", this.generation.firsts()];
      fits.forEach((_, at) => (found.titles[at] = (fits.length - at) / fits.length));
    }
    if (mode !== "lexical") meaning.turnTo(empty ? asked : (vector ?? asked), mode === "semantic" ? 0 : FAR, this.room.picked);
    const names = mode === "semantic" ? {} : { headed: phrases.headed(query, words?.titleLengths), phrased: phrases.phrased(query), ...(mode === "hybrid" && { called: this.titles.near(asked), dated: phrases.isDated }) };
    let fitting = places.fitting(fits);
    const unknown = lacking(found.unknown, query);
    const had = [];
    for (const phrase of words ? quotedIn(query) : []) {
      const before = fitting;
      const has = phrases.phrased(phrase, true);
      const fit = before ? found.rows.filter(before) : found.rows;
      const least = Float64Array.from(fit, (row) => worthOf(found, row)).sort().at(-READ_FOR) ?? 0;
      const best = new Set(fit.filter((/** @type {number} */ row) => worthOf(found, row) >= least));
      const having = new Set([...best].filter(has));
      if (!having.size) for (const row of found.rows) if (!best.has(row) && has(row)) having.add(row);
      if (having.size) {
        fitting = (row) => having.has(row) && (!before || before(row));
        had.push(phrase);
      } else if (!unknown.some((word) => phrase.includes(word))) unknown.push(phrase);
    }
    const lead = mode === "semantic" ? undefined : phrases.leading(found.guessed ? found.meant : query);
    const answer = this.#answer(found, fits, { fitting, mode, titled, first, names, lead, seen: had.length ? standing(had) : undefined, limit, offset, group, prefer, facets });
    const language = found.unknown.length ? await this.#foreign(query, found.unknown) : "";
    const texts = answer.hits.flatMap(({ title, excerpt }) => [title, excerpt]);
    const meant = answer.meant && answer.meant.split(" ").map((/** @type {string} */ word) => asWritten(word, query, texts)).join(" ");
    const told = { ...answer, unknown, meant, language, unsaid: places.unsaid(Object.keys(filters)), preparing: !words };
    return words ? told : { ...told, nearest: false }; // nobody knows what no page has
  }

  /** The language of a question, where no page is in it. @param {string} query @param {string[]} unknown @returns {Promise<string>} */
  #foreign(query, unknown) {
    return import("./language.mjs").then(({ foreignLanguage }) => foreignLanguage(wordsOf(query), unknown, this.places.languages), () => "");
  }

  /** The chunks of other pages that are nearest to one, one a document; none where that is not live. @param {bigint} chunk @param {number} limit */
  similar(chunk, limit) {
    const { generation, places } = this;
    const row = generation.index.find(chunk);
    const found = { ...nothing(this.room), words: new Set(), meant: "", encodable: "" };
    if (row === undefined || generation.owners[row] < 0) return { hits: [], total: 0, unknown: [], nearest: false, facets: {}, words: [], meant: "", language: "", unsaid: {}, preparing: false };
    this.meaning.turnTo(generation.vector(row), 0, this.room.picked);
    const asked = { mode: "semantic", titled: [], first: [], alone: true, limit, offset: 0, group: true, prefer: {} };
    const fits = places.elsewhere(row);
    return { ...this.#answer(found, fits, { ...asked, fitting: places.fitting(fits) }), language: "", unsaid: {}, preparing: false };
  }

  /** @param {import("./words.mjs").WordMatches} found @param {boolean[] | null} fits
   * @param {Omit<Question, "query" | "filters"> & {fitting: ((row: number) => boolean) | null, titled: number[], first: number[], alone?: boolean, names?: import("./ranking.mjs").Names, lead?: (candidate: Candidate) => number | undefined, seen?: import("./excerpt.mjs").Standing}} asked */
  #answer(found, fits, { fitting, mode, titled, first, alone, names, lead, seen, limit, offset, group, prefer, facets }) {
    const { generation, places, meaning } = this;
    const { index } = generation;
    const ranking = fuse(meaning, found, { mode, weight: this.encoder.wordsWeight / 1000, fits: fitting, titled: first, alone }, this.room);
    const candidates = places.settled(this.#candidates(ranking, names, fits, prefer, places.depth(offset + limit), group), ranking.scores, fits, prefer, titled);
    /** @type {Candidate[][]} */ const groups = [];
    const placed = this.room.seen.fill(0); // of each document its group, from 1
    let count = 0;
    for (const at of candidates) {
      const shown = places.choose(at, fits, prefer);
      const place = group && placed[shown];
      if (!place) {
        count = placed[shown] = count + 1;
        if (count <= offset + limit) groups.push([{ at, shown }]);
      } else groups[place - 1]?.push({ at, shown });
    }
    const shown = groups.slice(offset).map((page) => {
      const [best] = page;
      const row = lead?.(best);
      const begun = page.find(({ at }) => at === row) ?? best;
      ranking.scores[begun.at] = ranking.scores[best.at]; // it is as good
      return [begun, ...page.filter((one) => one !== begun).slice(0, MOST_MORE)];
    });
    const rows = shown.flat().map(({ at }) => at);
    const wordly = placesOf(rows, ranking.rows, (row) => worthOf(found, row), this.room.said, index.ids, this.room);
    const meant = placesOf(mode === "lexical" ? [] : rows, ranking.rows, (row) => meaning.scores[row], this.room.meant, index.ids, this.room);
    /** @type {Set<string>} */ const words = new Set();
    const told = (/** @type {Candidate} */ candidate) => {
      const { at, shown } = candidate;
      const why = { words: wordly.get(at) ?? null, meaning: meant.get(at) ?? null };
      const { id, heading, url, markdown } = generation.passage(at, shown);
      return { id, heading, url, markdown, score: ranking.scores[at], places: places.otherPlaces(candidate, prefer), why };
    };
    const finished = (/** @type {ReturnType<typeof told>} */ other) => ({ ...quoted(other, found.words, seen), ...other });
    const hits = shown.map(([first, ...others]) => {
      const { document, title, metadata } = generation.heads(first.shown);
      const { id, heading, url, markdown, score, places, why } = told(first);
      const { text, excerpt, marks, link, found: had } = quoted({ markdown, url }, found.words, seen);
      for (const some of [had, wordsIn(`${title}\n${heading}`, found.words)]) for (const word of some) words.add(word);
      // Named one by one: to spread one object into another takes ten times the room.
      return { document, title, metadata, id, heading, url, markdown, score, places, why, text, excerpt, marks, link, more: others.map(seen ? (other) => finished(told(other)) : told) };
    });
    const answering = apart(ranking.owners, this.room);
    const others = generation.shared.size ? [...ranking.rows].flatMap((row) => generation.shared.get(row) ?? []) : [];
    const held = others.length ? Uint32Array.from(new Set([...answering, ...others])) : answering;
    return {
      hits,
      total: group ? Math.max(places.counted(answering), count) : ranking.rows.length,
      unknown: found.unknown,
      nearest: ranking.nearest && hits.length > 0,
      facets: places.facets(fits ? held.filter((at) => fits[at]) : held, facets),
      words: [...words].sort(),
      further: hits.some(({ more }) => more.length) ? [...found.words] : [], // page/further.mjs
      meant: found.guessed ? found.meant : "",
    };
  }

  /** The rows of as many as show `depth` documents, and some more, so that there are further hits of these.
   * @param {import("./ranking.mjs").Ranking} ranking @param {import("./ranking.mjs").Names | undefined} names
   * @param {boolean[] | null} fits @param {import("./places.mjs").Prefer} prefer
   * @param {number} depth @param {boolean} group */
  #candidates(ranking, names, fits, prefer, depth, group) {
    /** @type {number[]} */ const found = [];
    const seen = this.room.seen.fill(0);
    let documents = 0;
    const most = group ? depth + DEEPER : depth;
    for (const rows of inOrder(ranking, this.generation.index.ids, most, this.room, names)) {
      for (let i = 0; i < rows.length; i++) { // an iterator leaves something behind for each
        const shown = this.places.choose(rows[i], fits, prefer);
        found.push(rows[i]);
        if (!seen[shown]) documents++;
        seen[shown] = 1;
        if (found.length >= most && (!group || documents >= depth)) return found; // before more are sorted
      }
    }
    return found;
  }
}
