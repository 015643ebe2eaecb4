// @ts-check
/** The scan in WebAssembly (kernel.wat): files of segments in its memory, the scores of their rows, and what is made of these. */

import { LEVELS } from "../format/segment.mjs";
import { Passes } from "./passes.mjs";

/** kernel.wat, built by wabt: `npm run kernel` in tests/unit/js writes it. */
export const BINARY =
  "AGFzbQEAAAABPQVgCX9/f39/f39/fwBgBH9/f38BfGAGf39/fHx8AX9gDn9/f39/f39/f3x8fHx8AXxgCH9/f3x/f39/AX8CFQEJdmFkZW1lY3VtBm1lbW9yeQIAAQMGBQABAgMEByoFBnNjb3JlcwAABHR1cm4AAQVhYm92ZQACBGZ1c2UAAwdkcmF3ZXJzAAQK2AYFyQICBH8EeyAD/Q8hD0EBIAJ0QQFr/RAhEANAIAAhCSAAIAFqIgohACAEIQv9DAAAAAAAAAAAAAAAAAAAAAAhDgNAIAn9AAQAIA/9USENIAJBBEYEQCAOIAv9AAQAIA0gEP1O/boBIAv9AAQQIA1BBP2NASAQ/U79ugH9rgEgC/0ABCAgDUEI/Y0BIBD9Tv26ASAL/QAEMCANQQz9jQH9ugH9rgH9rgH9rgEhDiALQcAAaiELBUEAIQwDQCAOIAv9AAQAIA0gDP2NASAQ/U79ugH9rgEhDiALQRBqIQsgDCACaiEMIAxBEEkNAAsLIAlBEGohCSAJIApJDQALIA4gDiAO/Q0ICQoLDA0ODwABAgMEBQYH/a4BIQ4gByAGLwEAuCAFIA79GwAgDv0bAWpqt6I5AwAgBkECaiEGIAdBCGohByAHIAhJDQALC2sCAX8CfCABIAJJBEADQCAAKAIAIQQgBEEASARAIAFEAAAAAAAAAAA5AwAFIAMgBEEDdGohBCABKwMAIQUgBCAEKwMAIAWgOQMAIAYgBaUhBgsgAEEEaiEAIAFBCGohASABIAJJDQALCyAGC1UCAn8BfCACIQcgAQRAA0AgACsDACEIIAggA2QEQCAIIASjIAVmBEAgByAGNgIAIAdBBGohBwsLIABBCGohACAGQQFqIgYgAUkNAAsLIAcgAmtBAnYLpAECAn8CfCAAIAFJBEADQCAAKAIAQQN0IQ4gBiAOQQF2aigCAEEDdCEPIAogAyAOaisDACAJo6IgCyAEIA9qKwMAIAUgD0EBdmooAgQgBSAPQQF2aigCAGu4oyAJo6KgIAogC6CjIRAgECAMIAcgDmorAwCioCANIAggD2orAwCioCEQIAIgDmogEDkDACARIBClIREgAEEEaiIAIAFJDQALCyARC6IBAQR/IAchCyABBEADQCAIIQkgAARAIAAgCEECdGooAgAhCQtEAAAAAAAA8D8gAiAJQQN0aisDACADoqD8AiEKQQAgCiAKQQBIGyEKIAQgCiAKIARKGyEKIApBAnQhCiAGIApqKAIABEAgCyAJNgIAIAtBBGohCwsgBSAKaiEKIAogCigCAEEBajYCACAIQQFqIgggAUkNAAsLIAsgB2tBAnYL";

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
  above(scores, rows, bound, unit, floor) {
    if (!this.#has(scores, rows)) return super.above(scores, rows, bound, unit, floor);
    return this.run.above(scores.byteOffset, scores.length, rows.byteOffset, bound, unit, floor);
  }

  /** @override @type {Passes["fuse"]} */
  fuse(rows, out, columns, weights) {
    const { scores, sums, bounds, owners, words, titles } = columns;
    const arrays = [rows, out, scores, sums, bounds, owners, words, titles];
    if (!this.#has(...arrays)) return super.fuse(rows, out, columns, weights);
    const { unit, own, page, share, titled } = weights;
    const [at, ...others] = arrays.map(({ byteOffset }) => byteOffset);
    return this.run.fuse(at, at + rows.byteLength, ...others, unit, own, page, share, titled);
  }

  /** @override @type {Passes["drawers"]} */
  drawers(rows, scores, factor, counts, wanted, out) {
    if (!this.#has(rows ?? scores, scores, counts, wanted, out)) return super.drawers(rows, scores, factor, counts, wanted, out);
    const [count, last] = [(rows ?? scores).length, wanted.length - 1];
    return this.run.drawers(rows ? rows.byteOffset : 0, count, scores.byteOffset, factor, last, counts.byteOffset, wanted.byteOffset, out.byteOffset);
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
