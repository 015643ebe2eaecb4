// @ts-check
/**
 * The query encoder that a release carries (site/content/format.md, section 4.3): words in, a vector of
 * small integers out. Exact integer arithmetic but for one division, the same as in encoder/query.py.
 */

import { VademecumError } from "../errors.mjs";
import { decodeTensors, requireFormat } from "../format/tensors.mjs";

export const ENCODER_FORMAT = "vademecum.encoder.1";
export const MAX_WORDS_READ = 4096;
export const MIN_PREFIX = 3;
export const MAX_COMPLETIONS = 8;
/** What added to a code of 4 bits makes a component of a row. */
export const ROW_OFFSET = -8;

/** @typedef {import("../format/tensors.mjs").TensorFile} TensorFile */

/** What counts as part of a word, and how it is folded; entries are read when a text needs them. */
export class Alphabet {
  /** @param {TensorFile} file */
  constructor(file) {
    /** Code points, rising. */
    this.codes = file.tensor("alphabet.from", "U32", [null]).values;
    this.to = file.strings("alphabet.to", this.codes.length);
    /** 1: a word by itself. */
    this.solo = file.tensor("alphabet.solo", "U8", [this.codes.length]).values;
    /** @type {Map<number, {to: string, solo: boolean} | null>} */ this.known = new Map();
  }

  /** @param {number} code */
  letter(code) {
    let letter = this.known.get(code);
    if (letter === undefined) {
      const at = lowerBound(this.codes.length, (i) => this.codes[i] < code);
      letter = this.codes[at] === code ? { to: this.to.at(at), solo: this.solo[at] === 1 } : null;
      this.known.set(code, letter);
    }
    return letter;
  }
}

export class Encoder {
  /** @param {TensorFile} file */
  constructor(file) {
    requireFormat(file, ENCODER_FORMAT);
    this.name = file.metadata.name ?? "";
    /** V of them */
    this.words = file.strings("word").all();
    const { bits, dimensions: told } = file.metadata;
    if (bits !== "4" || !/^[1-9][0-9]{0,3}$/.test(told)) {
      throw new VademecumError("content", `an encoder with rows of ${bits} bits and ${told} dimensions`);
    }
    const dimensions = Number(told);
    /** D */
    this.dimensions = dimensions;
    /** [V, ceil(D / 2)]: two components a byte, unpacked as words are looked up */
    this.rows = file.tensor("word.row", "U8", [this.words.length, Math.ceil(dimensions / 2)]).values;
    /** [D], used again: a question looks at a hundred titles. */
    this.sums = new Float64Array(dimensions);
    this.components = new Int8Array(dimensions);
    /** [V] */
    this.weights = file.tensor("word.weight", "U16", [this.words.length]).values;
    this.alphabet = new Alphabet(file);
    const texts = file.strings("golden.text").all();
    const vectors = file.tensor("golden.vector", "I8", [texts.length, dimensions]).values;
    this.goldens = texts.map((text, i) => ({ text, vector: vectors.subarray(i * dimensions, (i + 1) * dimensions) }));
    /** In thousandths, what the words of a query weigh against its meaning. */
    this.wordsWeight = Number(file.metadata.words ?? 400);
    this.positions = new Map(this.words.map((word, position) => [word, position]));
    /** @type {number[] | undefined} positions by rising word, made when a word is first completed */
    this.sorted = undefined;
  }

  /** The first 4,096 words of the text, folded, in reading order. @param {string} text @returns {string[]} */
  split(text) {
    /** @type {string[]} */ const words = [];
    let word = "";
    const end = () => {
      if (word !== "") words.push(word);
      word = "";
    };
    for (const character of text) {
      if (words.length >= MAX_WORDS_READ) return words;
      const letter = this.alphabet.letter(/** @type {number} */ (character.codePointAt(0)));
      if (!letter || letter.solo) end();
      if (letter) word += letter.to;
      if (letter?.solo) end();
    }
    end();
    return words.slice(0, MAX_WORDS_READ);
  }

  /** How often each word of the vocabulary occurs, by its position in the table.
   * @param {string} text @returns {Map<number, number>} */
  count(text) {
    /** @type {Map<number, number>} */ const counts = new Map();
    const { positions } = this;
    let before = "";
    for (const word of this.split(text)) {
      for (const known of [before + " " + word, word]) {
        const position = positions.get(known);
        for (const at of position !== undefined ? [position] : known === word ? this.#complete(word) : []) {
          counts.set(at, (counts.get(at) ?? 0) + 1);
        }
      }
      before = word;
    }
    return counts;
  }

  /** The first 8 words of the table that begin with this one. @param {string} prefix @returns {number[]} */
  #complete(prefix) {
    if ([...prefix].length < MIN_PREFIX) return [];
    const { words } = this;
    const sorted = (this.sorted ??= words.map((_, position) => position).filter((at) => !words[at].includes(" ")).sort((a, b) => (words[a] < words[b] ? -1 : 1)));
    const found = [];
    const first = lowerBound(sorted.length, (i) => words[sorted[i]] < prefix);
    for (let i = first; words[sorted[i]]?.startsWith(prefix); i++) found.push(sorted[i]);
    return found.sort((a, b) => a - b).slice(0, MAX_COMPLETIONS);
  }

  /** The query vector: D integers from -127 to 127; all zero when no word stands for anything. @param {string} text */
  encode(text) {
    const sums = this.sums.fill(0);
    for (const [position, occurrences] of this.count(text)) {
      this.#add(sums, Math.floor(Math.sqrt(65536 * occurrences)) * this.weights[position], position);
    }
    return shrink(sums);
  }

  /** @param {Float64Array} sums changed in place @param {number} factor
   * @param {number} position of the word in the table */
  #add(sums, factor, position) {
    const row = this.row(position);
    for (let i = 0; i < row.length; i++) sums[i] += factor * row[i];
  }

  /** The row of a word, good till the next call. @param {number} position */
  row(position) {
    const { rows, dimensions, components } = this;
    const start = position * Math.ceil(dimensions / 2);
    for (let i = 0; i < dimensions; i++) {
      const byte = rows[start + (i >> 1)];
      components[i] = (i & 1 ? byte >> 4 : byte & 15) + ROW_OFFSET;
    }
    return components;
  }

  /** Encode the golden texts; another vector than the file says is a `self-test` error. */
  checkGolden() {
    for (const { text, vector } of this.goldens) {
      const got = this.encode(text);
      if (!got.every((value, i) => value === vector[i])) {
        const what = `encoder "${this.name}" gives another vector than its maker's for "${text.slice(0, 40)}"`;
        throw new VademecumError("self-test", `${what}; the release was not built for this version`);
      }
    }
  }
}

/** @param {Uint8Array} bytes what Python has verified, and looked through: see encoder/file.py */
export function decodeEncoder(bytes) {
  return new Encoder(decodeTensors(bytes));
}

/** The integers in proportion, the largest being 127 in size. @param {Float64Array} values @returns {Int8Array} */
export function shrink(values) {
  const integers = new Int8Array(values.length);
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  if (largest) for (let i = 0; i < values.length; i++) {
    const value = (values[i] * 127) / largest + 0.5;
    integers[i] = value | 0; // Math.floor takes ten times as long till all is compiled
    if (integers[i] > value) integers[i]--;
  }
  return integers;
}

/** The first of `length` positions that is not below; all that are below come before it.
 * @param {number} length @param {(position: number) => boolean} below */
export function lowerBound(length, below) {
  let low = 0;
  for (let high = length; low < high; ) {
    const middle = (low + high) >> 1;
    if (below(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
