// @ts-check
/**
 * The safetensors container, mapped without parsing rows (site/content/format.md, section 4).
 *
 * What comes here lies in the store, so Python has verified it; the checks are those that keep a
 * programming error or a newer format from being misread.
 */

import { VademecumError } from "../errors.mjs";
import { decodeText, isObject, parseObject } from "./json.mjs";

const ARRAYS = { I8: Int8Array, U8: Uint8Array, U16: Uint16Array, U32: Uint32Array, U64: BigUint64Array };
const MAX_HEADER = 2 ** 16;
const MAX_SIZE = 2 ** 32;
/** Texts of a column that are kept. */
const KEPT = 64;

/** @typedef {Int8Array | Uint8Array | Uint16Array | Uint32Array | BigUint64Array} Values */
/** @typedef {keyof typeof ARRAYS} DType */
/** @typedef {{dtype: DType, shape: number[], values: Values}} Tensor */

/** A string column: UTF-8 with offsets; a string is decoded when it is asked for, and kept for a while: the same ones are
 * asked for within a question, and at the next letter that is typed. */
export class Strings {
  /** By the last digits of their numbers: a map that is filled and emptied again leaves much behind. @type {string[]} */
  #kept = [];
  /** The number of each that is kept. */
  #which = new Int32Array(KEPT).fill(-1);

  /** @param {Uint8Array} bytes @param {Uint32Array} offsets count + 1 entries */
  constructor(bytes, offsets) {
    this.bytes = bytes;
    this.offsets = offsets;
    this.length = offsets.length - 1;
  }

  /** @param {number} index */
  at(index) {
    const place = index % KEPT;
    if (this.#which[place] !== index) {
      this.#kept[place] = this.offsets[index] < this.offsets[index + 1] ? decodeText(this.bytesAt(index)) : "";
      this.#which[place] = index;
    }
    return this.#kept[place];
  }

  /** @param {number} index */
  bytesAt(index) {
    return this.bytes.subarray(this.offsets[index], this.offsets[index + 1]);
  }

  /** All strings. One decoding does when every character is one byte. */
  all() {
    const whole = decodeText(this.bytes);
    const plain = whole.length === this.bytes.length;
    return Array.from({ length: this.length }, (_, i) =>
      plain ? whole.slice(this.offsets[i], this.offsets[i + 1]) : this.at(i),
    );
  }
}

export class TensorFile {
  /** @param {Map<string, Tensor>} tensors views into the file @param {Record<string, string>} metadata */
  constructor(tensors, metadata) {
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /** @template {DType} D @param {string} name @param {D} dtype @param {(number | null)[]} shape null: any size
   * @returns {{shape: number[], values: InstanceType<(typeof ARRAYS)[D]>}} */
  tensor(name, dtype, shape) {
    const found = this.tensors.get(name);
    const fits =
      found?.dtype === dtype &&
      found.shape.length === shape.length &&
      shape.every((size, axis) => size === null || size === found.shape[axis]);
    if (!found || !fits) {
      const got = found ? `${found.dtype} [${found.shape}]` : "missing";
      throw new VademecumError("content", `tensor "${name}" is ${got}, expected ${dtype} [${shape}]`);
    }
    return /** @type {any} */ (found);
  }

  /** @param {string} name @param {number | null} [count] */
  strings(name, count = null) {
    const bytes = this.tensor(name, "U8", [null]).values;
    return new Strings(bytes, this.offsets(name, bytes.length, count));
  }

  /** @param {string} name @param {number} end what the offsets span @param {number | null} [count] */
  offsets(name, end, count = null) {
    const offsets = this.tensor(`${name}.offsets`, "U32", [count === null ? null : count + 1]).values;
    const rises = offsets.every((value, i) => i === 0 || offsets[i - 1] <= value);
    if (offsets[0] !== 0 || offsets[offsets.length - 1] !== end || !rises) {
      throw new VademecumError("content", `${name}.offsets does not span its column of ${end}`);
    }
    return offsets;
  }
}

/** @param {Uint8Array} file @returns {TensorFile} */
export function decodeTensors(file) {
  const bytes = file.byteOffset % 8 ? file.slice() : file;
  const length = bytes.length < 8 ? Infinity : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const start = 8 + length;
  if (length > MAX_HEADER || start > bytes.length || start % 8) {
    throw new VademecumError("content", `not a tensor file: ${bytes.length} bytes with a header of ${length}`);
  }
  const { __metadata__: metadata = {}, ...entries } = parseObject(bytes.subarray(8, start), "tensor header");
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new VademecumError("content", "tensor header: __metadata__ must hold strings");
  }
  /** @type {Map<string, Tensor>} */ const tensors = new Map();
  let at = 0;
  // By where they lie: an object of JavaScript has keys that are numbers first, wherever they stand.
  const span = (/** @type {any} */ entry) => entry?.data_offsets ?? [];
  const ordered = Object.entries(entries).sort(([, a], [, b]) => span(a)[0] - span(b)[0] || span(a)[1] - span(b)[1]);
  for (const [name, entry] of ordered) {
    const { dtype, shape } = isObject(entry) ? entry : /** @type {Record<string, any>} */ ({});
    if (!Object.hasOwn(ARRAYS, dtype) || !isShape(shape)) {
      throw new VademecumError("content", `tensor "${name}": malformed header entry`);
    }
    const kind = ARRAYS[/** @type {DType} */ (dtype)];
    const count = shape.reduce((product, size) => product * size, 1);
    const end = at + count * kind.BYTES_PER_ELEMENT;
    if (span(entry)[0] !== at || span(entry)[1] !== end || start + end > bytes.length || at % kind.BYTES_PER_ELEMENT) {
      throw new VademecumError("content", `tensor "${name}": data at ${span(entry)} do not fit ${dtype} [${shape}]`);
    }
    const values = new kind(/** @type {ArrayBuffer} */ (bytes.buffer), bytes.byteOffset + start + at, count);
    tensors.set(name, { dtype, shape, values });
    at = end;
  }
  if (start + at !== bytes.length) {
    throw new VademecumError("content", `tensor file with ${bytes.length - start} bytes of data, its header names ${at}`);
  }
  return new TensorFile(tensors, metadata);
}

/** The bytes of a file of one-dimensional tensors: those that format/tensors.py writes.
 * @param {Record<string, Values>} tensors @param {Record<string, string>} metadata by rising key */
export function encodeTensors(tensors, metadata) {
  const names = Object.keys(tensors).sort((a, b) => tensors[b].BYTES_PER_ELEMENT - tensors[a].BYTES_PER_ELEMENT || (a < b ? -1 : 1));
  /** @type {Record<string, object>} */ const header = { __metadata__: metadata };
  let end = 0;
  for (const name of names) {
    const values = tensors[name];
    const dtype = Object.entries(ARRAYS).find(([, kind]) => values instanceof kind)?.[0];
    header[name] = { dtype, shape: [values.length], data_offsets: [end, (end += values.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(text, 8);
  let at = start;
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = tensors[name];
    file.set(new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength), at);
    at += byteLength;
  }
  return file;
}

/** @param {unknown} shape @returns {shape is number[]} */
function isShape(shape) {
  return Array.isArray(shape) && shape.length <= 2 && shape.every((size) => Number.isInteger(size) && size >= 0 && size < MAX_SIZE);
}

/** Refuse a file of another kind (`content`) or of a newer major format (`newer-format`).
 * @param {TensorFile} file @param {string} expected for example `vademecum.segment.1` */
export function requireFormat(file, expected) {
  const found = file.metadata.format ?? "";
  if (found === expected) return;
  const family = expected.slice(0, expected.lastIndexOf(".") + 1);
  const newer = found.startsWith(family);
  throw new VademecumError(newer ? "newer-format" : "content", `a file of format "${found}", this app reads "${expected}"`);
}
