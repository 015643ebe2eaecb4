// @ts-check
/** The exact scores of all rows (site/content/format.md, section 4.2), from their codes as they lie. */

import { LEVELS } from "../format/segment.mjs";
import { decodeTensors } from "../format/tensors.mjs";
import { Kernel } from "./kernel.mjs";

/** @typedef {import("../format/segment.mjs").Segment} Segment */

/** The sum of a row's codes with the query, by bits: exact in 32-bit integers for any D up to 130,000. */
const SUMS = new Map([[8, sumOfBytes], [4, sumOfFour], [2, sumOfTwo]]);

export class Scan {
  /** @param {Segment[]} segments of one epoch: the same dimensions and bits in all
   * @param {Kernel | null} [kernel] in whose memory they lie */
  constructor(segments, kernel = null) {
    this.segments = segments;
    this.kernel = kernel;
  }

  /** The integer `scale * dot` of each row, dead ones too, over all segments in their order: exact in a double.
   * @param {Int8Array} query [D], rotated where the vectors are
   * @returns {Float64Array} the caller's till the next call */
  scores(query) {
    if (this.kernel) return this.kernel.scores(this.segments, query);
    const scores = new Float64Array(this.segments.reduce((count, { ids }) => count + ids.length, 0));
    let at = 0;
    for (const segment of this.segments) {
      scoreRows(segment, query, scores.subarray(at));
      at += segment.ids.length;
    }
    return scores;
  }
}

/** The files of segments where they are scanned fastest. Where WebAssembly, its SIMD or memory for it are missing, or the
 * policy of the page forbids it, that is where they are.
 * @param {Uint8Array[]} files @returns {{files: Uint8Array[], kernel: Kernel | null}} */
export function place(files) {
  try {
    const tensors = files.map(decodeTensors);
    const count = (/** @type {string} */ name, /** @type {"U64" | "U32"} */ type) => tensors.reduce((sum, file) => sum + file.tensor(name, type, [null]).values.length, 0);
    const kernel = new Kernel(files, count("chunk.id", "U64"), count("document.sequence", "U32"));
    return { files: kernel.files, kernel };
  } catch {
    return { files, kernel: null };
  }
}

/** @param {Segment} segment @param {Int8Array} query @param {Float64Array} scores what is written */
function scoreRows({ vectors, scales, dimensions, bits }, query, scores) {
  const [factor, offset] = LEVELS.get(bits) ?? [1, 0];
  const sum = /** @type {typeof sumOfBytes} */ (SUMS.get(bits));
  const width = Math.ceil((dimensions * bits) / 8);
  const padded = new Int8Array((width * 8) / bits);
  padded.set(query);
  const rest = offset * query.reduce((total, value) => total + value, 0);
  for (let row = 0; row < scales.length; row++) {
    scores[row] = scales[row] * (factor * sum(vectors, row * width, padded) + rest);
  }
}

/** @param {ArrayLike<number>} vectors @param {number} from where the row begins
 * @param {Int8Array} query as many components as the row has codes */
function sumOfBytes(vectors, from, query) {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum = (sum + vectors[from + i] * query[i]) | 0;
  return sum;
}

/** The low half of a byte is the first of two codes. @type {typeof sumOfBytes} */
function sumOfFour(vectors, from, query) {
  let a = 0;
  let b = 0;
  for (let i = 0; i < query.length; i += 2, from++) {
    const byte = vectors[from];
    a = (a + (byte & 15) * query[i]) | 0;
    b = (b + (byte >> 4) * query[i + 1]) | 0;
  }
  return a + b;
}

/** @type {typeof sumOfBytes} */
function sumOfTwo(vectors, from, query) {
  let a = 0;
  let b = 0;
  for (let i = 0; i < query.length; i += 4, from++) {
    const byte = vectors[from];
    a = (a + (byte & 3) * query[i] + ((byte >> 2) & 3) * query[i + 1]) | 0;
    b = (b + ((byte >> 4) & 3) * query[i + 2] + (byte >> 6) * query[i + 3]) | 0;
  }
  return a + b;
}
