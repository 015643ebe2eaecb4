// @ts-check
/** The scan in WebAssembly (kernel.wat): files of segments in its memory, and the scores of their rows. */

import { LEVELS } from "../format/segment.mjs";

/** kernel.wat, built by wabt: `npm run kernel` in tests/unit/js writes it. */
export const BINARY =
  "AGFzbQEAAAABDQFgCX9/f39/f39/fwACFQEJdmFkZW1lY3VtBm1lbW9yeQIAAQMCAQAHCgEGc2NvcmVzAAAKzAIByQICBH8EeyAD/Q8hD0EBIAJ0QQFr/RAhEANAIAAhCSAAIAFqIgohACAEIQv9DAAAAAAAAAAAAAAAAAAAAAAhDgNAIAn9AAQAIA/9USENIAJBBEYEQCAOIAv9AAQAIA0gEP1O/boBIAv9AAQQIA1BBP2NASAQ/U79ugH9rgEgC/0ABCAgDUEI/Y0BIBD9Tv26ASAL/QAEMCANQQz9jQH9ugH9rgH9rgH9rgEhDiALQcAAaiELBUEAIQwDQCAOIAv9AAQAIA0gDP2NASAQ/U79ugH9rgEhDiALQRBqIQsgDCACaiEMIAxBEEkNAAsLIAlBEGohCSAJIApJDQALIA4gDiAO/Q0ICQoLDA0ODwABAgMEBQYH/a4BIQ4gByAGLwEAuCAFIA79GwAgDv0bAWpqt6I5AwAgBkECaiEGIAdBCGohByAHIAhJDQALCw==";

/** Room for a query at the beginning of the memory: more components of 16 bits than a segment may have. */
const QUERY_BYTES = 2 ** 15;
const PAGE = 2 ** 16;
/** A row of a segment takes this much at least: id, sequence, scale, three offsets, a byte of codes. */
const LEAST_ROW = 8 + 4 + 2 + 3 * 4 + 1;

const aligned = (/** @type {number} */ at) => Math.ceil(at / 16) * 16;

/** @type {WebAssembly.Module | undefined} */ let compiled;

/** What makes a component of its code, which is unsigned here: a byte with its highest bit flipped. */
const UNSIGNED = new Map([[8, [1, -128]], ...LEVELS]);

export class Kernel {
  /** Copies the files: who gives them up has one copy of each in memory.
   * @param {Uint8Array[]} files of segments; throws where WebAssembly, its SIMD or the memory is not to be had */
  constructor(files) {
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(BINARY), (letter) => letter.charCodeAt(0)));
    let end = QUERY_BYTES;
    const starts = files.map(({ length }) => {
      const start = end;
      end = aligned(end + length);
      return start;
    });
    const rows = Math.ceil((end - QUERY_BYTES) / LEAST_ROW);
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((end + 8 * rows + 16) / PAGE) });
    /** The same files, where the kernel reads them; a message that holds a part of one copies all of them. */
    this.files = files.map((file, i) => {
      const placed = new Uint8Array(this.memory.buffer, starts[i], file.length);
      placed.set(file);
      return placed;
    });
    this.end = end;
    const { exports } = new WebAssembly.Instance(compiled, { vademecum: { memory: this.memory } });
    this.run = /** @type {(...args: number[]) => void} */ (exports.scores);
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
      this.run(vectors.byteOffset, width, bits, bits === 8 ? 128 : 0, 0, rest, scales.byteOffset, at, end);
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
