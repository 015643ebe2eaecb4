// @ts-check
/** The exact scores of all rows (site/content/format.md, section 4.2), from their codes as they lie. */

/** @typedef {import("../format/segment.mjs").Segment} Segment */

/** Factor and offset that make a component of its code, by bits. */
export const LEVELS = new Map([[4, [1, -8]], [2, [2, -3]]]);

/** The sum of a row's codes with the query, by bits: exact in 32-bit integers for any D up to 130,000. */
const SUMS = new Map([[8, sumOfBytes], [4, sumOfFour], [2, sumOfTwo]]);

export class Scan {
  /** @param {Segment[]} segments of one epoch: the same dimensions and bits in all */
  constructor(segments) {
    this.segments = segments;
    this.count = segments.reduce((count, { ids }) => count + ids.length, 0);
  }

  /** The integer `scale * dot` of each row, dead ones too, over all segments in their order: exact in a double.
   * @param {Int8Array} query [D], rotated where the vectors are */
  scores(query) {
    const scores = new Float64Array(this.count);
    let at = 0;
    for (const segment of this.segments) {
      scoreRows(segment, query, scores.subarray(at));
      at += segment.ids.length;
    }
    return scores;
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
