// @ts-check
/** How near rows are to one query in meaning: their exact scores, and what is made of them for the rows that are asked about. */

import { product } from "./arrays.mjs";

/** @typedef {import("./generation.mjs").Generation} Generation */

/** The length of every vector, in its scale. */
const UNIT = 65535;

export class Meaning {
  /** What a cosine of 1 is. */
  unit = 1;

  /** @param {Generation} generation */
  constructor(generation) {
    this.generation = generation;
    /** The integer scores of all rows, 0 of those that are not live. */
    this.scores = /** @type {Float64Array} */ (generation.passes.floats(0));
    /** Of each document's rows. */
    this.sums = generation.passes.floats(generation.documents.length);
    /** The highest score. */
    this.most = generation.passes.floats(1);
    /** The rows that may be near enough. */
    this.near = /** @type {Uint32Array} */ (new Uint32Array(0));
  }

  /** Turn to a query. @param {Int8Array} vector @param {number} least cosine of rows that are near; they are above 0
   * @param {Uint32Array} rows is written, and ours till `near` has been read */
  turnTo(vector, least, rows) {
    const { owners, passes, segments } = this.generation;
    this.unit = UNIT * (Math.sqrt(product(vector, 0, vector)) || 1);
    this.scores = passes.scores(segments, vector); // ours till the next question
    this.near = rows.subarray(0, passes.turn(owners, this.scores, this.sums.fill(0), rows, this.bound(0, least), this.most));
  }

  /** The least score whose cosine is this share of the highest at least, and `least`, and above 0.
   * @param {number} share @param {number} least @returns {number} a whole number */
  bound(share, least) {
    const floor = Math.max(share * (this.most[0] / this.unit), least);
    let bound = Math.max(1, Math.ceil(floor * this.unit) - 1); // what is compared is the quotient, which is rounded
    while (bound / this.unit < floor) bound++;
    return bound;
  }
}

/** How near in meaning the titles of documents are to a query of the release's table; search/titles.py is the twin. */
export class Titles {
  /** @param {Generation} generation @param {import("./encoder.mjs").Encoder} encoder */
  constructor(generation, encoder) {
    const { documents, single } = generation;
    this.generation = generation;
    this.encoder = encoder;
    // The more chunks pages have, the less a chunk says of its page; one that is its page says the title itself.
    this.share = 1 - single;
    this.vectors = new Int8Array(encoder.dimensions * documents.length);
    /** Of each; -1: not looked at yet. */
    this.sizes = new Float64Array(documents.length).fill(-1);
  }

  /** Encode the title of a document, if that is not done yet. @param {number} at */
  read(at) {
    if (this.sizes[at] >= 0 || !this.share) return;
    const title = this.encoder.encode(this.#called(at));
    this.vectors.set(title, at * title.length);
    this.sizes[at] = product(title, 0, title);
  }

  /** @param {number} at */
  #called(at) {
    const { segment, row } = this.generation.documents[at];
    return segment.titles.at(row);
  }

  /** What says how near the title of a row's document is to a query, from 0 to 1. @param {Int8Array} asked
   * @returns {((row: number) => number) | undefined} undefined: none counts */
  near(asked) {
    const { generation, share, sizes, vectors } = this;
    const { owners, owned: { bounds } } = generation;
    const size = product(asked, 0, asked);
    if (share) return (row) => {
      const at = owners[row];
      this.read(at);
      const near = Math.max(0, share * (product(vectors, at * asked.length, asked) / Math.sqrt(size * sizes[at] || 1)));
      if (bounds[at + 1] - bounds[at] > 1) return near;
      const { segment, row: place } = generation.place(row);
      // A document that is nothing but its title has said it in its chunk, and answers nothing.
      return segment.texts.at(place) === this.#called(at) ? -near : near;
    };
  }
}
