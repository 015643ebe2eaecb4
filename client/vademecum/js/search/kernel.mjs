// @ts-check
/** The scan in WebAssembly (kernel.wat): files of segments in its memory, the scores of their rows, and what is made of these. */

import { LEVELS } from "../format/segment.mjs";
import { Passes } from "./passes.mjs";

/** kernel.wat, built by wabt: `npm run kernel` in tests/unit/js writes it. */
export const BINARY =
  "AGFzbQEAAAABMQRgCX9/f39/f39/fwBgBH9/f38BfGAHf39/f3x8fAF/YA5/f39/f39/f398fHx8fAACFQEJdmFkZW1lY3VtBm1lbW9yeQIAAQMFBAABAgMHIAQGc2NvcmVzAAAEdHVybgABBWFib3ZlAAIEZnVzZQADCtgFBMkCAgR/BHsgA/0PIQ9BASACdEEBa/0QIRADQCAAIQkgACABaiIKIQAgBCEL/QwAAAAAAAAAAAAAAAAAAAAAIQ4DQCAJ/QAEACAP/VEhDSACQQRGBEAgDiAL/QAEACANIBD9Tv26ASAL/QAEECANQQT9jQEgEP1O/boB/a4BIAv9AAQgIA1BCP2NASAQ/U79ugEgC/0ABDAgDUEM/Y0B/boB/a4B/a4B/a4BIQ4gC0HAAGohCwVBACEMA0AgDiAL/QAEACANIAz9jQEgEP1O/boB/a4BIQ4gC0EQaiELIAwgAmohDCAMQRBJDQALCyAJQRBqIQkgCSAKSQ0ACyAOIA4gDv0NCAkKCwwNDg8AAQIDBAUGB/2uASEOIAcgBi8BALggBSAO/RsAIA79GwFqareiOQMAIAZBAmohBiAHQQhqIQcgByAISQ0ACwtrAgF/AnwgASACSQRAA0AgACgCACEEIARBAEgEQCABRAAAAAAAAAAAOQMABSADIARBA3RqIQQgASsDACEFIAQgBCsDACAFoDkDACAGIAWlIQYLIABBBGohACABQQhqIQEgASACSQ0ACwsgBguBAQICfwF8IAMhCCACBEADQCAAKwMAIQkgCSAEZAR/IAkgBaMgBmYFQQALBEBEAAAAAAAA8D8hCQUgASsDACEJCyAJRAAAAAAAAAAAZARAIAggBzYCACAIQQRqIQgLIABBCGohACABQQhqIQEgB0EBaiIHIAJJDQALCyAIIANrQQJ2C5sBAgJ/AXwgACABSQRAA0AgACgCAEEDdCEOIAYgDkEBdmooAgBBA3QhDyAKIAMgDmorAwAgCaOiIAsgBCAPaisDACAFIA9BAXZqKAIEIAUgD0EBdmooAgBruKMgCaOioCAKIAugoyEQIBAgDCAHIA5qKwMAoqAgDSAIIA9qKwMAoqAhECACIA5qIBA5AwAgAEEEaiIAIAFJDQALCws=";

/** Room for a query at the beginning of the memory: more components of 16 bits than a segment may have. */
const QUERY_BYTES = 2 ** 15;
const PAGE = 2 ** 16;
/** Room for what a question is about: of each row, and of each document, arrays of 8 bytes; and some more. */
const [OF_ROW, OF_DOCUMENT, MORE] = [6 * 8, 4 * 8, PAGE];

const aligned = (/** @type {number} */ at) => Math.ceil(at / 16) * 16;

/** @type {WebAssembly.Module | undefined} */ let compiled;

/** What makes a component of its code, which is unsigned here: a byte with its highest bit flipped. */
const UNSIGNED = new Map([[8, [1, -128]], ...LEVELS]);

export class Kernel extends Passes {
  /** Copies the files: who gives them up has one copy of each in memory.
   * @param {Uint8Array[]} files of segments; throws where WebAssembly, its SIMD or the memory is not to be had
   * @param {number} rows @param {number} documents in all of them */
  constructor(files, rows, documents) {
    super();
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(BINARY), (letter) => letter.charCodeAt(0)));
    let end = QUERY_BYTES;
    const starts = files.map(({ length }) => {
      const start = end;
      end = aligned(end + length);
      return start;
    });
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((end + 8 * rows + OF_ROW * rows + OF_DOCUMENT * documents + MORE) / PAGE) });
    /** The same files, where the kernel reads them; a message that holds a part of one copies all of them. */
    this.files = files.map((file, i) => {
      const placed = new Uint8Array(this.memory.buffer, starts[i], file.length);
      placed.set(file);
      return placed;
    });
    this.end = end;
    this.free = aligned(end + 8 * rows);
    const { exports } = new WebAssembly.Instance(compiled, { vademecum: { memory: this.memory } });
    this.run = /** @type {Record<string, (...args: number[]) => number>} */ (/** @type {unknown} */ (exports));
  }

  /** @template T @param {{new (buffer: ArrayBuffer, at: number, length: number): T, new (length: number): T, BYTES_PER_ELEMENT: number}} Kind
   * @param {number} length @returns {T} in the kernel's memory while there is room */
  #array(Kind, length) {
    const at = this.free;
    const end = aligned(at + Kind.BYTES_PER_ELEMENT * length);
    if (end > this.memory.buffer.byteLength) return new Kind(length);
    this.free = end;
    return new Kind(this.memory.buffer, at, length);
  }

  /** @override @type {Passes["floats"]} */
  floats(length) {
    return this.#array(Float64Array, length);
  }

  /** @override @type {Passes["numbers"]} */
  numbers(length) {
    return this.#array(Uint32Array, length);
  }

  /** @override @type {Passes["signed"]} */
  signed(length) {
    return this.#array(Int32Array, length);
  }

  /** Whether the kernel can read and write all of these. @param {ArrayBufferView[]} arrays */
  #has(...arrays) {
    return arrays.every(({ buffer }) => buffer === this.memory.buffer);
  }

  /** @override @type {Passes["turn"]} */
  turn(owners, scores, sums) {
    if (!this.#has(owners, scores, sums)) return super.turn(owners, scores, sums);
    return this.run.turn(owners.byteOffset, scores.byteOffset, scores.byteOffset + scores.byteLength, sums.byteOffset);
  }

  /** @override @type {Passes["above"]} */
  above(scores, words, rows, bound, unit, floor) {
    if (!this.#has(scores, words, rows)) return super.above(scores, words, rows, bound, unit, floor);
    return this.run.above(scores.byteOffset, words.byteOffset, scores.length, rows.byteOffset, bound, unit, floor);
  }

  /** @override @type {Passes["fuse"]} */
  fuse(rows, out, columns, weights) {
    const { scores, sums, bounds, owners, words, titles } = columns;
    const arrays = [rows, out, scores, sums, bounds, owners, words, titles];
    if (!this.#has(...arrays)) return super.fuse(rows, out, columns, weights);
    const { unit, own, page, share, titled } = weights;
    const [at, ...others] = arrays.map(({ byteOffset }) => byteOffset);
    this.run.fuse(at, at + rows.byteLength, ...others, unit, own, page, share, titled);
  }

  /** @param {import("../format/segment.mjs").Segment[]} segments decoded from `files`
   * @param {Int8Array} query [D] @returns {Float64Array} good till the next call */
  scores(segments, query) {
    let at = this.end;
    for (const { vectors, scales, dimensions, bits } of segments) {
      if (!scales.length) continue;
      const [factor, offset] = /** @type {number[]} */ (UNSIGNED.get(bits));
      this.#lay(query, factor, bits);
      const rest = offset * query.reduce((sum, value) => sum + value, 0);
      const width = Math.ceil((dimensions * bits) / 8);
      const end = at + 8 * scales.length;
      this.run.scores(vectors.byteOffset, width, bits, bits === 8 ? 128 : 0, 0, rest, scales.byteOffset, at, end);
      at = end;
    }
    return new Float64Array(this.memory.buffer, this.end, (at - this.end) / 8);
  }

  /** Write the query as kernel.wat reads it. @param {Int8Array} query @param {number} factor @param {number} bits */
  #lay(query, factor, bits) {
    const per = 16 / bits;
    const lanes = new Int16Array(this.memory.buffer, 0, QUERY_BYTES / 2).fill(0, 0, query.length + 8 * per);
    query.forEach((value, i) => {
      const lane = Math.floor(i / per);
      lanes[(lane >> 3) * 8 * per + (i % per) * 8 + (lane & 7)] = factor * value;
    });
  }
}
