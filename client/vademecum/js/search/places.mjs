// @ts-check
/**
 * One text in many places: versions, languages, mirrors (site/content/format.md, section 5.1). What a search may show,
 * and which of several places it shows. The twin of search/places.py.
 */

import { plainText } from "../format/markup.mjs";
import { says, textOf } from "./question.mjs";
import { nearest } from "./spelling.mjs";
import { PAIRED, isTyped, named, wordsOf } from "./tokens.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {import("./question.mjs").Filters} Filters */
/** @typedef {import("../format/tensors.mjs").Strings} Strings */
/** @typedef {Record<string, string>} Prefer */
/** @typedef {{at: number, shown: number}} Candidate a chunk's row, and the document that it is shown in */

export const PLACES = ["lang", "version"];
const FACETS = ["lang", "version", "source"];
export const MOST_PLACES = 20;
/** The most values of a field that facets name: the commonest. */
export const MOST_VALUES = 100;
const MOST_CANDIDATES = 200;
/** Letters of a name that texts are looked through for. */
const MOST_SOUGHT = 256;
const ORDERED = 1001;
/** In the key or title of a document that tells what was new once. */
const DATED = /\/(blog|news)\/|\/(change[-_ ]?(log|history)|changes\b|release[-_ ]?notes|what.?s[-_ ]?new)|[/_-](19|20)\d\d[-/_.]\d\d?[-/_.]\d\d?\b/i;
/** @type {string[]} */ const NOTHING = [];

export class Places {
  /** @type {Map<string, number[]> | undefined} */ #pages;
  /** @type {Record<string, any>[] | undefined} */ #metadata;
  /** Of each document whether it is dated; 2: not looked at yet. */ #dated;
  /** @type {Map<string, {differ: boolean, said: string[][]}>} */ #fields = new Map();

  /** The letters that are looked for. @type {string | undefined} */ #sought;

  /** @param {Generation} generation @param {Record<string, string[]>} [order] of the values of a field, the preferred first */
  constructor(generation, order = {}) {
    this.generation = generation;
    this.#dated = new Uint8Array(generation.documents.length).fill(2);
    /** Those of the name that is looked for (`#holding`), and where to go on in them when the next one is another. */
    this.letters = generation.passes.numbers(MOST_SOUGHT);
    this.back = generation.passes.numbers(MOST_SOUGHT + 1);
    this.order = order;
    this.ordered = Object.keys(order).length > 0;
  }

  /** What the documents say, by their positions. */
  get metadata() {
    this.#metadata ??= this.generation.allMetadata();
    return this.#metadata;
  }

  /** What the documents say of their languages, each once; empty for those that say nothing. @returns {string[]} */
  get languages() {
    return [...new Set(this.metadata.map(({ lang }) => (typeof lang === "string" ? lang : "")))].sort();
  }

  /** The fields that no document has, each with that which may be meant; empty: nobody can tell. @param {string[]} fields */
  unsaid(fields) {
    const missing = fields.filter((name) => !this.metadata.some((said) => Object.hasOwn(said, name)));
    const known = missing.length ? [...new Set(this.metadata.flatMap((said) => Object.keys(said)))].sort() : [];
    return Object.fromEntries(missing.map((name) => [name, nearest(known, name)]));
  }

  /** How many of these documents say what, for each of these fields; where none are named, for those of `FACETS` in which
   * documents differ. One that says several counts for each. @param {Iterable<number>} documents @param {string[]} [fields] */
  facets(documents, fields) {
    const named = fields ?? FACETS.filter((name) => this.#field(name).differ);
    return Object.fromEntries(named.map((name) => [name, counted([...documents].flatMap((at) => this.#field(name).said[at]))]));
  }

  /** What each document says in a field. @param {string} name */
  #field(name) {
    let field = this.#fields.get(name);
    if (!field) {
      const said = this.metadata.map(({ [name]: value }) => (value === undefined ? NOTHING : [...new Set([value].flat().map(textOf))].filter(Boolean)));
      this.#fields.set(name, (field = { said, differ: new Set(said.flat()).size > 1 }));
    }
    return field;
  }

  /** Which documents say what the filters ask for; null: all may be shown. @param {Filters} filters */
  matching(filters) {
    const wanted = Object.entries(filters);
    return wanted.length ? this.metadata.map((said) => wanted.every(([name, some]) => says(said[name], some))) : null;
  }

  /** Whether a chunk row may be shown; null: all may. @param {boolean[] | null} fits */
  fitting(fits) {
    return fits && ((/** @type {number} */ row) => this.generation.holding(row).some((document) => fits[document]));
  }

  /** How many pages these documents are: versions and translations of one, of which all but one may give way, count once.
   * @param {ArrayLike<number>} documents */
  counted(documents) {
    return this.ordered ? new Set(Array.from(documents, (at) => this.#page(at))).size : documents.length;
  }

  /** Which documents are of no page that holds this row. @param {number} row */
  elsewhere(row) {
    const pages = new Set(this.generation.holding(row).map((document) => this.#page(document)));
    return this.metadata.map((_, at) => !pages.has(this.#page(at)));
  }

  /** How many chunks to rank for `limit` hits: of one page in many places all but one may give way. @param {number} limit */
  depth(limit) {
    const most = Object.values(this.order).reduce((product, values) => product * values.length, limit);
    return this.ordered ? Math.max(limit, Math.min(most, MOST_CANDIDATES)) : limit;
  }

  /** The document that a chunk is shown in: that of the lowest rank. @param {number} at
   * @param {boolean[] | null} fits @param {Prefer} prefer @returns {number} */
  choose(at, fits, prefer) {
    if (!this.generation.shared.has(at)) return this.generation.owners[at];
    const held = this.generation.holding(at).filter((document) => !fits || fits[document]);
    const ranks = held.map((document) => this.#rank(document, prefer));
    return held[ranks.indexOf(Math.min(...ranks))];
  }

  /** Without those that give way to one of the same page in a preferred place. @param {number[]} rows @param {Float64Array} scores
   * @param {boolean[] | null} fits @param {Prefer} prefer @param {number[]} titled rows of documents whose title is the query */
  settled(rows, scores, fits, prefer, titled) {
    if (!this.ordered) return rows;
    const told = rows.map((at) => {
      const shown = this.choose(at, fits, prefer);
      const [page, { lang }, headings] = [this.#page(shown), this.metadata[shown], this.#column("headings", at)];
      return { at, raw: scores[at], rank: this.#rank(shown, prefer), page, lang, headings, called: titled.includes(at) };
    });
    /** @type {Map<string, typeof told>} */ const pages = new Map();
    for (const one of told) pages.set(one.page, [...(pages.get(one.page) ?? []), one]);
    const kept = told.filter(
      (one) =>
        !pages.get(one.page)?.some(
          (other) =>
            other.lang === one.lang && other.headings === one.headings
              ? other.rank < one.rank
              : (other.called === one.called ? other.rank < one.rank : other.called) &&
                (one.called || other.raw * 5 >= one.raw * (other.rank < one.rank - (one.rank % ORDERED ** 2) ? 3 : 4)),
        ),
    );
    return kept.map(({ at }) => at);
  }

  /** Whether a row's innermost heading is the query, with or without its number, or its page's title has the words that are typed, the last of several begun.
   * @param {string} query @param {ArrayLike<number>} [lengths] how many words the title of each document has: most have fewer than a question, and need not be read
   * @returns {(row: number) => boolean} */
  headed(query, lengths) {
    const runs = named(query);
    const asked = runs.join(" ");
    const letters = lettersIn(asked);
    const isBegun = runs.length > 1 && isTyped(query);
    const mayHold = this.#holding(asked);
    const { documents, owners } = this.generation;
    return (row) => {
      const { segment, row: place } = this.generation.place(row);
      const { bytes, offsets } = segment.headings;
      if (asked && mayEnd(bytes, offsets[place], offsets[place + 1], letters) && isCalled(named(segment.headings.at(place).split("\x1f").pop() ?? "").join(" "), asked)) return true;
      const at = owners[row];
      if (!isBegun || (lengths && lengths[at] < runs.length) || !mayHold(row, at, false)) return false;
      const page = documents[at];
      return goesOn(named(page.segment.titles.at(page.row)).join(" "), asked);
    };
  }

  /** What says with which row a document begins to say what is asked for, where this one says it best. Below a heading that is
   * the query that is the first below that; where the query is a part of the title, half of its words at least, the first of
   * all, unless a row's own heading has the query, too. @param {string} query @returns {(candidate: Candidate) => number | undefined} */
  leading(query) {
    const runs = named(query);
    const asked = runs.join(" ");
    const path = (/** @type {number} */ at) => this.#column("headings", at).split("\x1f");
    const mayHold = this.#holding(asked);
    return ({ at, shown }) => {
      if (!asked || !mayHold(at, shown, false)) return at;
      const names = path(at).map((heading) => named(heading).join(" "));
      const depth = names.findIndex((name) => isCalled(name, asked)) + 1;
      const title = named(this.generation.heads(shown).title);
      if (!depth && (holds(names.at(-1), asked) || title.length > 2 * runs.length || !holds(title.join(" "), asked))) return at;
      const above = (/** @type {number} */ at) => path(at).slice(0, depth).join("\x1f");
      return this.generation.reading(shown).find((one) => above(one) === above(at));
    };
  }

  /** How many words the query has, where a row has it word for word, in its text, its headings or its page's title, two at least; 0: it has not.
   * @param {string} query @param {boolean} [quoted] whether what a reader does not see in the text is passed over (the address of a link
   *   in the middle of the phrase), and in writing without spaces words need not end where the phrase does
   * @returns {(row: number) => number} */
  phrased(query, quoted) {
    const runs = named(query);
    const asked = runs.join(" ");
    const has = saying(asked, quoted);
    const mayHold = (quoted ? runs : [asked]).map((each) => this.#holding(each));
    const { documents, owners } = this.generation;
    return (row) => {
      if (asked === "" || !mayHold.every((may) => may(row, owners[row], true))) return 0;
      const page = documents[owners[row]];
      const { segment, row: at } = this.generation.place(row);
      const text = segment.texts.at(at);
      const said = [page.segment.titles.at(page.row), segment.headings.at(at), quoted ? plainText(text) : text].join(" ");
      return has(said) ? Math.max(2, wordsOf(query).length) : 0;
    };
  }

  /** What says of a row whether its page's title, its headings and, where it counts `whole`, its text may have the letters of a name,
   * one behind another whatever stands between them, seen likewise: each byte is looked at once (Knuth, Morris and Pratt).
   * @param {string} name @returns {(row: number, page: number, whole: boolean) => boolean} */
  #holding(name) {
    const { documents, passes } = this.generation;
    const { letters, back } = this;
    const sought = lettersIn(name).slice(0, letters.length);
    const those = letters.subarray(0, sought.length);
    return (row, page, whole) => {
      if (this.#sought !== sought) {
        this.#sought = sought;
        for (let i = 0, found = 0; i < sought.length; i++) {
          letters[i] = sought.charCodeAt(i);
          while (i && found && letters[i] !== letters[found]) found = back[found];
          if (i && letters[i] === letters[found]) found++;
          back[i + 1] = found; // of the first ones so many begin again at the end
        }
      }
      const { segment: { titles }, row: of } = documents[page];
      const { segment: { headings, texts }, row: at } = this.generation.place(row);
      return Boolean(passes.holds(those, back, titles.bytes, titles.offsets[of], titles.offsets[of + 1], headings.bytes, headings.offsets[at], headings.offsets[at + 1], texts.bytes, texts.offsets[at], texts.offsets[whole ? at + 1 : at]));
    };
  }

  /** Whether a row's page tells what was new once, by its key or title. @param {number} row */
  isDated = (row) => this.readDated(this.generation.owners[row]);

  /** The same of a document, read when it is first looked at. @param {number} at */
  readDated(at) {
    if (this.#dated[at] === 2) {
      const { key, segment, row: place } = this.generation.documents[at];
      this.#dated[at] = Number(DATED.test(`/${key}/${segment.titles.at(place)}`));
    }
    return this.#dated[at] === 1;
  }

  /** The other places of a chunk that is shown in a document. @param {Candidate} candidate @param {Prefer} prefer */
  others({ at, shown }, prefer) {
    if (!this.ordered && !this.generation.shared.has(at)) return [];
    const anchor = this.#column("anchors", at);
    const anchors = new Map((this.ordered ? (this.pages.get(this.#page(shown)) ?? []) : []).map((document) => [document, ""]));
    for (const document of this.generation.holding(at)) anchors.set(document, anchor);
    anchors.delete(shown);
    const ranked = [...anchors.keys()].map((document) => ({ document, rank: this.#rank(document, prefer) }));
    ranked.sort((a, b) => a.rank - b.rank || a.document - b.document);
    return ranked.slice(0, MOST_PLACES).map(({ document }) => this.#place(document, anchors.get(document) ?? ""));
  }

  get pages() {
    if (!this.#pages) {
      this.#pages = new Map();
      for (const at of this.metadata.keys()) {
        const known = this.#pages.get(this.#page(at));
        if (known) known.push(at);
        else this.#pages.set(this.#page(at), [at]);
      }
    }
    return this.#pages;
  }

  /** @param {"anchors" | "headings" | "texts"} name @param {number} at */
  #column(name, at) {
    const { segment, row } = this.generation.place(at);
    return segment[name].at(row);
  }

  /** @param {number} at @param {string} anchor */
  #place(at, anchor) {
    const { key, segment, row } = this.generation.documents[at];
    const said = this.metadata[at];
    const [lang, version] = PLACES.map((name) => (typeof said[name] === "string" ? said[name] : ""));
    const url = segment.urls.at(row);
    return { document: key, title: segment.titles.at(row), url: url && anchor ? `${url}#${anchor}` : url, lang, version };
  }

  /** @param {number} at @param {Prefer} prefer */
  #rank(at, prefer) {
    const names = Object.keys(prefer).sort();
    if (!this.ordered && !names.length) return 0;
    const said = this.metadata[at];
    let rank = 0;
    for (const name of names) rank = rank * 3 + distance(prefer[name], said[name]);
    for (const name of PLACES) {
      const values = this.order[name] ?? [];
      const known = values.indexOf(said[name]);
      rank = rank * ORDERED + (said[name] === undefined ? 0 : known < 0 ? values.length + 1 : known + 1);
    }
    return rank;
  }

  /** @param {number} at */
  #page(at) {
    const { pageKey: page } = this.metadata[at];
    return typeof page === "string" ? page : this.generation.documents[at].key;
  }
}

/** Whether a heading is what is asked for, with or without its number. @param {string} name @param {string} asked */
const isCalled = (name, asked) => [name, name.replace(/^[0-9]\S* /, "")].includes(asked);

/** @param {string | undefined} name @param {string} asked */
const holds = (name, asked) => ` ${name} `.includes(` ${asked} `);

/** Whether a name goes on where these words end, in the middle of one. @param {string} name @param {string} asked */
const goesOn = (name, asked) => ` ${name}`.includes(` ${asked}`) && !holds(name, asked);

/** Whether texts have a phrase, word for word. @param {string} asked as `named` has it @param {boolean} [quoted] as in `phrased` @returns {(text: string) => boolean} */
function saying(asked, quoted) {
  const edge = quoted && asked.search(PAIRED) >= 0 ? "" : "[ ._/:-]";
  const has = new RegExp(edge + asked.replaceAll(".", "\\.") + edge);
  return (text) => has.test(` ${named(text).join(" ")} `);
}

/** Where the last of these phrases begins in a text, or the word that it begins in: what stands between blanks; -1: none does.
 * @param {string[]} phrases @returns {(text: string) => number} */
export function standing(phrases) {
  const those = phrases.map((phrase) => saying(named(phrase).join(" "), true));
  const has = (/** @type {string} */ text) => those.some((has) => has(text));
  return (text) => {
    if (!has(text)) return -1;
    const starts = [0, ...Array.from(text.matchAll(/ /g), ({ index }) => index + 1)];
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (has(text.slice(starts[middle]))) low = middle;
      else high = middle;
    }
    return starts[low];
  };
}

/** The letters and figures of ASCII, small, and all that is not ASCII. @param {string} named */
export function lettersIn(named) {
  return named.replace(/[\x00-/:-@[-`{-\x7f]/g, "");
}

/** Of each byte the letter or figure that it is, small; 0: neither; less: not ASCII, which may be folded to anything. */
const LETTERS = Int8Array.from({ length: 256 }, (_, byte) => (byte > 0x7f ? -1 : lettersIn(String.fromCharCode(byte).toLowerCase()).charCodeAt(0)));

/** Whether a text may end in these letters, seen from its bytes: few do, and to decode a hundred takes longer than to rank them.
 * @param {Uint8Array} bytes @param {number} from where it begins in them @param {number} to @param {string} letters */
export function mayEnd(bytes, from, to, letters) {
  let left = letters.length;
  for (let at = to - 1; at >= from && left > 0; at--) {
    const letter = LETTERS[bytes[at]];
    if (letter < 0) return true;
    if (letter && letter !== letters.charCodeAt(--left)) return false;
  }
  return left === 0;
}

/** 0: the same; 1: `de-AT` and `de`; 2: another, or none. @param {string} wanted @param {unknown} said */
function distance(wanted, said) {
  if (typeof said !== "string") return 2;
  const [mine, its] = [wanted.toLowerCase(), said.toLowerCase()];
  return mine === its ? 0 : mine.split("-")[0] === its.split("-")[0] ? 1 : 2;
}

/** How often each value occurs: the commonest, of equals the first. @param {string[]} values @returns {Record<string, number>} */
function counted(values) {
  /** @type {Map<string, number>} */ const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([a, many], [b, others]) => others - many || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MOST_VALUES));
}
