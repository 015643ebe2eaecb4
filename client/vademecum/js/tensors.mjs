// @ts-check
/**
 * The safetensors container, mapped without parsing rows (site/content/format.md, section 4).
 *
 * What comes here lies in the store, so Python has verified it; the checks are those that keep a
 * programming error or a newer format from being misread.
 */

import { VademecumError } from "./errors.mjs";

const ARRAYS = { I8: Int8Array, U8: Uint8Array, U16: Uint16Array, U32: Uint32Array, U64: BigUint64Array };
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** @typedef {Int8Array | Uint8Array | Uint16Array | Uint32Array | BigUint64Array} Values */
/** @typedef {keyof typeof ARRAYS} DType */
/** @typedef {{dtype: DType, shape: number[], values: Values}} Tensor */

/** A string column: UTF-8 with offsets; a string is decoded when it is asked for. */
export class Strings {
  /**
   * @param {Uint8Array} bytes
   * @param {Uint32Array} offsets count + 1 entries
   */
  constructor(bytes, offsets) {
    this.bytes = bytes;
    this.offsets = offsets;
    this.length = offsets.length - 1;
  }

  /** @param {number} index */
  at(index) {
    return DECODER.decode(this.bytesAt(index));
  }

  /** @param {number} index */
  bytesAt(index) {
    return this.bytes.subarray(this.offsets[index], this.offsets[index + 1]);
  }

  /** All strings. One decoding does when every character is one byte. */
  all() {
    const whole = DECODER.decode(this.bytes);
    const plain = whole.length === this.bytes.length;
    return Array.from({ length: this.length }, (_, i) =>
      plain ? whole.slice(this.offsets[i], this.offsets[i + 1]) : this.at(i),
    );
  }
}

export class TensorFile {
  /**
   * @param {Map<string, Tensor>} tensors views into the file
   * @param {Record<string, string>} metadata
   */
  constructor(tensors, metadata) {
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /**
   * @template {DType} D
   * @param {string} name
   * @param {D} dtype
   * @param {(number | null)[]} shape null: any size
   * @returns {{shape: number[], values: InstanceType<(typeof ARRAYS)[D]>}}
   */
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

  /**
   * @param {string} name
   * @param {number | null} [count]
   */
  strings(name, count = null) {
    const bytes = this.tensor(name, "U8", [null]).values;
    return new Strings(bytes, this.offsets(name, bytes.length, count));
  }

  /**
   * @param {string} name
   * @param {number} end what the offsets span
   * @param {number | null} [count]
   */
  offsets(name, end, count = null) {
    const offsets = this.tensor(`${name}.offsets`, "U32", [count === null ? null : count + 1]).values;
    const rises = offsets.every((value, i) => i === 0 || offsets[i - 1] <= value);
    if (offsets[0] !== 0 || offsets[offsets.length - 1] !== end || !rises) {
      throw new VademecumError("content", `${name}.offsets does not span its column of ${end}`);
    }
    return offsets;
  }
}

/**
 * @param {Uint8Array} file
 * @returns {TensorFile}
 */
export function decodeTensors(file) {
  const bytes = file.byteOffset % 8 ? file.slice() : file;
  const length = bytes.length < 8 ? Infinity : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const start = 8 + length;
  if (start > bytes.length || start % 8) {
    throw new VademecumError("content", `not a tensor file: ${bytes.length} bytes with a header of ${length}`);
  }
  const { __metadata__: metadata = {}, ...entries } = parseHeader(bytes.subarray(8, start));
  const tensors = new Map(Object.entries(entries).map(([name, entry]) => [name, view(name, entry, bytes, start)]));
  return new TensorFile(tensors, metadata);
}

/** @param {Uint8Array} bytes */
function parseHeader(bytes) {
  try {
    return JSON.parse(DECODER.decode(bytes));
  } catch {
    throw new VademecumError("content", "tensor file with a header that is not JSON");
  }
}

/**
 * @param {string} name
 * @param {{dtype: DType, shape: number[], data_offsets: [number, number]}} entry
 * @param {Uint8Array} bytes
 * @param {number} start where the data begin
 * @returns {Tensor}
 */
function view(name, { dtype, shape, data_offsets: [from, to] }, bytes, start) {
  const kind = ARRAYS[dtype];
  const count = shape.reduce((product, size) => product * size, 1);
  const width = kind?.BYTES_PER_ELEMENT;
  if (!kind || to - from !== count * width || start + to > bytes.length || from % width) {
    throw new VademecumError("content", `tensor "${name}": data at ${from}..${to} do not fit ${dtype} [${shape}]`);
  }
  return { dtype, shape, values: new kind(/** @type {ArrayBuffer} */ (bytes.buffer), bytes.byteOffset + start + from, count) };
}

/**
 * Refuse a file of another kind (`content`) or of a newer major format (`newer-format`).
 * @param {TensorFile} file
 * @param {string} expected for example `vademecum.segment.1`
 */
export function requireFormat(file, expected) {
  const found = file.metadata.format ?? "";
  if (found === expected) return;
  const family = expected.slice(0, expected.lastIndexOf(".") + 1);
  const newer = found.startsWith(family);
  throw new VademecumError(newer ? "newer-format" : "content", `a file of format "${found}", this app reads "${expected}"`);
}
