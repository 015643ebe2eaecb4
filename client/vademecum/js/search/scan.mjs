// @ts-check
/** The exact scores of all rows (site/content/format.md, section 4.2), from their vectors as they lie. */

import { decodeTensors } from "../format/tensors.mjs";
import { Kernel } from "./kernel.mjs";
import { product } from "./passes.mjs";

/** @typedef {import("../format/segment.mjs").Segment} Segment */

export class Scan {
  /** @param {Segment[]} segments of one epoch: the same dimensions in all
   * @param {Kernel | null} [kernel] in whose memory they lie */
  constructor(segments, kernel = null) {
    this.segments = segments;
    this.kernel = kernel;
  }

  /** The integer `scale * dot` of each row, dead ones too, over all segments in their order: exact in a double.
   * @param {Int8Array} query [D]
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
function scoreRows({ vectors, scales, dimensions }, query, scores) {
  for (let row = 0; row < scales.length; row++) scores[row] = scales[row] * product(vectors, row * dimensions, query);
}
