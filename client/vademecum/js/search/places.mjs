// @ts-check
/**
 * One text in many places: versions, languages, mirrors (site/content/format.md, section 5.1). What a search may show,
 * and which of several places it shows. The twin of search/places.py.
 */

import { says, textOf } from "./question.mjs";
import { nearest } from "./spelling.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */
/** @typedef {import("./question.mjs").Filters} Filters */
/** @typedef {Record<string, string>} Prefer */
/** @typedef {{at: number, shown: number}} Candidate a chunk's row, and the document that it is shown in */

export const PLACES = ["lang", "version"];
const FACETS = ["lang", "version", "source"];
export const MOST_PLACES = 20;
/** The most values of a field that facets have: the commonest. */
export const MOST_VALUES = 100;
const MOST_CANDIDATES = 200;
const ORDERED = 1001;
/** @type {string[]} */ const NOTHING = [];

export class Places {
  /** @type {Map<string, number[]> | undefined} */ #pages;
  /** @type {Record<string, any>[] | undefined} */ #metadata;
  /** @type {Map<string, {differ: boolean, said: string[][]}>} */ #fields = new Map();

  /** @param {Generation} generation @param {Record<string, string[]>} [order] of the values of a field, the preferred first */
  constructor(generation, order = {}) {
    this.generation = generation;
    this.order = order;
    this.ordered = Object.keys(order).length > 0;
  }

  /** The metadata of the documents, by their positions. */
  get metadata() {
    this.#metadata ??= this.generation.allMetadata();
    return this.#metadata;
  }

  /** The languages that documents name, each once; empty for those that name none. @returns {string[]} */
  get languages() {
    return [...new Set(this.metadata.map(({ lang }) => (typeof lang === "string" ? lang : "")))].sort();
  }

  /** The fields that no document has, each with a suggestion, which may be empty. @param {string[]} fields */
  unsaid(fields) {
    const missing = fields.filter((name) => !this.metadata.some((said) => Object.hasOwn(said, name)));
    const known = missing.length ? [...new Set(this.metadata.flatMap((said) => Object.keys(said)))].sort() : [];
    return Object.fromEntries(missing.map((name) => [name, nearest(known, name)]));
  }

  /** Counts of the values that these documents have, by field: the given fields, else those of `FACETS` in which documents
   * differ. A document with several values counts for each. @param {Iterable<number>} documents @param {string[]} [fields] */
  facets(documents, fields) {
    const named = fields ?? FACETS.filter((name) => this.#field(name).differ);
    return Object.fromEntries(named.map((name) => [name, counted([...documents].flatMap((at) => this.#field(name).said[at]))]));
  }

  /** The values that each document has in a field. @param {string} name */
  #field(name) {
    let field = this.#fields.get(name);
    if (!field) {
      const said = this.metadata.map(({ [name]: value }) => (value === undefined ? NOTHING : [...new Set([value].flat().map(textOf))].filter(Boolean)));
      this.#fields.set(name, (field = { said, differ: new Set(said.flat()).size > 1 }));
    }
    return field;
  }

  /** Which documents match the filters; null: there are none. @param {Filters} filters */
  matching(filters) {
    const wanted = Object.entries(filters);
    return wanted.length ? this.metadata.map((said) => wanted.every(([name, some]) => says(said[name], some))) : null;
  }

  /** Whether a chunk row may be shown; null: all may. @param {boolean[] | null} fits */
  fitting(fits) {
    return fits && ((/** @type {number} */ row) => this.generation.holding(row).some((document) => fits[document]));
  }

  /** How many pages these documents are: versions and translations of a page count once.
   * @param {ArrayLike<number>} documents */
  counted(documents) {
    return this.ordered ? new Set(Array.from(documents, (at) => this.#page(at))).size : documents.length;
  }

  /** Which documents are of no page that holds this row. @param {number} row */
  elsewhere(row) {
    const pages = new Set(this.generation.holding(row).map((document) => this.#page(document)));
    return this.metadata.map((_, at) => !pages.has(this.#page(at)));
  }

  /** How many chunks to rank for `limit` hits: all but one place of a page may give way. @param {number} limit */
  depth(limit) {
    const most = Object.values(this.order).reduce((product, values) => product * values.length, limit);
    return this.ordered ? Math.max(limit, Math.min(most, MOST_CANDIDATES)) : limit;
  }

  /** The document that a chunk is shown in: the one of the lowest rank. @param {number} at
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
    return told.filter(
      (one) =>
        !pages.get(one.page)?.some(
          (other) =>
            other.lang === one.lang && other.headings === one.headings
              ? other.rank < one.rank
              : (other.called === one.called ? other.rank < one.rank : other.called) &&
                (one.called || other.raw * 5 >= one.raw * (other.rank < one.rank - (one.rank % ORDERED ** 2) ? 3 : 4)),
        ),
    ).map(({ at }) => at);
  }

  /** The other places of a chunk shown in this document, the preferred first. @param {Candidate} candidate @param {Prefer} prefer */
  otherPlaces({ at, shown }, prefer) {
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

  /** @param {"anchors" | "headings"} name @param {number} at */
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

/** 0: the same; 1: `de-AT` and `de`; 2: another, or none. @param {string} wanted @param {unknown} said */
function distance(wanted, said) {
  if (typeof said !== "string") return 2;
  const [mine, its] = [wanted.toLowerCase(), said.toLowerCase()];
  return mine === its ? 0 : mine.split("-")[0] === its.split("-")[0] ? 1 : 2;
}

/** Counts of the commonest values, of equals the first. @param {string[]} values @returns {Record<string, number>} */
function counted(values) {
  /** @type {Map<string, number>} */ const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([a, many], [b, others]) => others - many || (a < b ? -1 : 1));
  return Object.fromEntries(sorted.slice(0, MOST_VALUES));
}
