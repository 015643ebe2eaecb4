// @ts-check
/**
 * The query encoder that a release carries (site/content/format.md, section 4.3): words in, a vector of
 * small integers out. Exact integer arithmetic but for one division, the same as in encoder.py.
 */

import { VademecumError } from "../errors.mjs";
import { decodeTensors, requireFormat } from "../format/tensors.mjs";

export const ENCODER_FORMAT = "vademecum.encoder.1";
export const MAX_WORDS_READ = 4096;
export const MIN_PREFIX = 3;
export const MAX_COMPLETIONS = 8;
export const MAX_UNKNOWN = 0xffff;
export const MAX_DIMENSIONS = 4096;
export const MAX_VOCABULARY = 1 << 16;
export const MAX_ALPHABET = 1 << 18;
export const MAX_LETTER = 64;
export const MAX_GOLDENS = 256;
export const MAX_GOLDEN_TEXT = 65_536;
export const PACKED_BITS = "4";
/** Packed rows: what added to a code of 4 bits makes a component. */
export const PACKED_OFFSET = -8;

const UTF8 = new TextEncoder();

/** What counts as part of a word, and how it is folded; entries are read when a text needs them. */
export class Alphabet {
  /**
   * @param {Uint32Array} codes code points, rising
   * @param {import("../format/tensors.mjs").Strings} to
   * @param {Uint8Array} solo 1: a word by itself
   */
  constructor(codes, to, solo) {
    this.codes = codes;
    this.to = to;
    this.solo = solo;
    /** @type {Map<number, {to: string, solo: boolean} | null>} */
    this.known = new Map();
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
  /**
   * @param {object} file
   * @param {string} file.name
   * @param {number} file.dimensions D
   * @param {string[]} file.words [V]
   * @param {Int8Array | Uint8Array} file.rows [V, D]; packed: unsigned [V, W], unpacked as words are looked up
   * @param {boolean} file.packed whether a component of the rows takes 4 bits, not 8
   * @param {Uint16Array} file.weights [V]
   * @param {Alphabet} file.alphabet
   * @param {{text: string, vector: Int8Array}[]} file.goldens
   * @param {number} file.unknown weight of words that are not in the vocabulary; 0: they stand for nothing
   * @param {number} file.unknownFrom the first dimension that is not zero in their rows
   */
  constructor({ name, dimensions, words, rows, packed, weights, alphabet, goldens, unknown, unknownFrom }) {
    this.name = name;
    this.dimensions = dimensions;
    this.words = words;
    this.rows = rows;
    this.packed = packed;
    this.weights = weights;
    this.alphabet = alphabet;
    this.goldens = goldens;
    this.unknown = unknown;
    this.unknownFrom = unknownFrom;
    this.positions = new Map(words.map((word, position) => [word, position]));
    /** @type {number[] | undefined} positions by rising word, made when a word is first completed */
    this.sorted = undefined;
  }

  /**
   * The first 4,096 words of the text, folded, in reading order.
   * @param {string} text
   * @returns {string[]}
   */
  split(text) {
    /** @type {string[]} */
    const words = [];
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

  /**
   * How often each word of the vocabulary occurs, by its position in the table.
   * @param {string} text
   * @returns {Map<number, number>}
   */
  count(text) {
    /** @type {Map<number, number>} */
    const counts = new Map();
    for (const [word, occurrences] of tally(this.split(text))) {
      const position = this.positions.get(word);
      for (const at of position === undefined ? this.#complete(word) : [position]) {
        counts.set(at, (counts.get(at) ?? 0) + occurrences);
      }
    }
    return counts;
  }

  /**
   * How often each unknown word occurs; empty where such words stand for nothing.
   * @param {string} text
   * @returns {Map<string, number>}
   */
  countUnknown(text) {
    return this.unknown ? tally(this.split(text).filter((word) => !this.positions.has(word))) : new Map();
  }

  /**
   * The first 8 words of the table that begin with this one.
   * @param {string} prefix
   * @returns {number[]}
   */
  #complete(prefix) {
    if ([...prefix].length < MIN_PREFIX) return [];
    const { words } = this;
    const sorted = (this.sorted ??= words.map((_, position) => position).sort((a, b) => (words[a] < words[b] ? -1 : 1)));
    const found = [];
    const first = lowerBound(sorted.length, (i) => words[sorted[i]] < prefix);
    for (let i = first; words[sorted[i]]?.startsWith(prefix); i++) found.push(sorted[i]);
    return found.sort((a, b) => a - b).slice(0, MAX_COMPLETIONS);
  }

  /**
   * The query vector: D integers from -127 to 127; all zero when no word stands for anything.
   * @param {string} text
   * @returns {Int8Array}
   */
  encode(text) {
    return shrink(this.#accumulate(text));
  }

  /** @param {string} text */
  #accumulate(text) {
    const sums = new Float64Array(this.dimensions);
    for (const [position, occurrences] of this.count(text)) {
      const factor = Math.floor(Math.sqrt(65536 * occurrences)) * this.weights[position];
      this.#add(sums, factor, position);
    }
    for (const [word, occurrences] of this.countUnknown(text)) {
      const factor = Math.floor(Math.sqrt(65536 * occurrences)) * this.unknown;
      const hash = hashWord(word);
      for (let i = this.unknownFrom; i < sums.length; i++) sums[i] += factor * unknownComponent(hash, i);
    }
    return sums;
  }

  /**
   * @param {Float64Array} sums changed in place
   * @param {number} factor
   * @param {number} position of the word in the table
   */
  #add(sums, factor, position) {
    const { rows, dimensions } = this;
    if (!this.packed) {
      const start = position * dimensions;
      for (let i = 0; i < dimensions; i++) sums[i] += factor * rows[start + i];
      return;
    }
    const start = position * Math.ceil(dimensions / 2);
    for (let i = 0; i < dimensions; i++) {
      const byte = rows[start + (i >> 1)];
      sums[i] += factor * ((i & 1 ? byte >> 4 : byte & 15) + PACKED_OFFSET);
    }
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

/**
 * @param {Uint8Array} bytes
 * @returns {Encoder}
 */
export function decodeEncoder(bytes) {
  const file = decodeTensors(bytes);
  requireFormat(file, ENCODER_FORMAT);
  const words = file.strings("word").all();
  const { dimensions, packed, rows } = decodeRows(file, words.length);
  require(dimensions >= 1 && dimensions <= MAX_DIMENSIONS, `${dimensions} dimensions`);
  require(words.length <= MAX_VOCABULARY, `${words.length} words`);
  require(new Set(words).size === words.length && !words.includes(""), "a word that is empty or stands twice");
  require(file.metadata.name, "no name");
  const column = file.strings("golden.text");
  require(column.length <= MAX_GOLDENS, `${column.length} golden texts`);
  require(column.longest() <= MAX_GOLDEN_TEXT, "too long a golden text");
  const texts = column.all();
  const vectors = file.tensor("golden.vector", "I8", [texts.length, dimensions]).values;
  return new Encoder({
    name: file.metadata.name ?? "",
    dimensions,
    words,
    rows,
    packed,
    weights: file.tensor("word.weight", "U16", [words.length]).values,
    alphabet: decodeAlphabet(file),
    goldens: texts.map((text, i) => ({ text, vector: vectors.subarray(i * dimensions, (i + 1) * dimensions) })),
    ...decodeUnknown(file.metadata, dimensions),
  });
}

/**
 * The table; bits and dimensions are both in the file, or neither.
 * @param {import("../format/tensors.mjs").TensorFile} file
 * @param {number} count
 * @returns {{dimensions: number, packed: boolean, rows: Int8Array | Uint8Array}}
 */
function decodeRows(file, count) {
  const { bits, dimensions } = file.metadata;
  if (bits === undefined && dimensions === undefined) {
    const whole = file.tensor("word.row", "I8", [count, null]);
    return { dimensions: whole.shape[1], packed: false, rows: whole.values };
  }
  const size = /^[1-9][0-9]{0,3}$/.test(dimensions ?? "") ? Number(dimensions) : NaN;
  if (bits !== PACKED_BITS || !(size <= MAX_DIMENSIONS)) {
    throw new VademecumError("content", `an encoder with rows of ${bits} bits and ${dimensions} dimensions`);
  }
  const rows = file.tensor("word.row", "U8", [count, Math.ceil(size / 2)]).values;
  return { dimensions: size, packed: true, rows };
}

/**
 * Weight and first dimension of unknown words; both are in the file, or neither.
 * @param {Record<string, string>} metadata
 * @param {number} dimensions
 */
function decodeUnknown(metadata, dimensions) {
  const found = [metadata.unknown, metadata["unknown.from"]];
  if (found.every((text) => text === undefined)) return { unknown: 0, unknownFrom: 0 };
  const [unknown, unknownFrom] = found.map((text) => (/^(0|[1-9][0-9]{0,4})$/.test(text ?? "") ? Number(text) : NaN));
  if (!(unknown >= 1 && unknown <= MAX_UNKNOWN && unknownFrom < dimensions)) {
    throw new VademecumError("content", `encoder: unknown and unknown.from are ${found}`);
  }
  return { unknown, unknownFrom };
}

/**
 * The integers in proportion, the largest being 127 in size.
 * @param {Float64Array} values
 * @returns {Int8Array}
 */
export function shrink(values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest === 0
    ? new Int8Array(values.length)
    : Int8Array.from(values, (value) => Math.floor((value * 127) / largest + 0.5));
}

/**
 * FNV-1a, 32 bit, of the word's UTF-8 bytes.
 * @param {string} word
 */
export function hashWord(word) {
  let hash = 0x811c9dc5;
  for (const byte of UTF8.encode(word)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/**
 * Component i of the row of an unknown word: the last bit of murmur3's finalizer decides the sign.
 * @param {number} hash
 * @param {number} i
 */
export function unknownComponent(hash, i) {
  let x = (hash + Math.imul(i + 1, 0x9e3779b9)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) & 1 ? 64 : -64;
}

/** @param {import("../format/tensors.mjs").TensorFile} file */
function decodeAlphabet(file) {
  const codes = file.tensor("alphabet.from", "U32", [null]).values;
  const solo = file.tensor("alphabet.solo", "U8", [codes.length]).values;
  const to = file.strings("alphabet.to", codes.length);
  require(codes.length <= MAX_ALPHABET, `${codes.length} characters`);
  const rises = codes.every((code, i) => i === 0 || codes[i - 1] < code);
  require(rises && (codes.at(-1) ?? 0) <= 0x10ffff, "an alphabet that is not strictly rising code points");
  require(solo.every((flag) => flag <= 1), "alphabet.solo with other values than 0 and 1");
  require(to.longest() <= MAX_LETTER, "a character that becomes too long a text");
  to.check();
  return new Alphabet(codes, to, solo);
}

/**
 * @param {unknown} holds
 * @param {string} what an encoder has, where it does not hold
 */
function require(holds, what) {
  if (!holds) throw new VademecumError("content", `an encoder with ${what}`);
}

/**
 * The first of `length` positions that is not below; all that are below come before it.
 * @param {number} length
 * @param {(position: number) => boolean} below
 */
function lowerBound(length, below) {
  let low = 0;
  for (let high = length; low < high; ) {
    const middle = (low + high) >> 1;
    if (below(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {string[]} words */
function tally(words) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
