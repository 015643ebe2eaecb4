import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeSegment } from "../../../../client/vademecum/js/format/segment.mjs";
import { Scan } from "../../../../client/vademecum/js/search/scan.mjs";
import { segmentFile } from "../files.mjs";

// A fixed sequence: the tests are the same on every run.
let state = 11;
const next = (low, high) => low + (((state = (state * 1103515245 + 12345) % 2 ** 31) >> 8) % (high - low));

const ROWS = [0, 1, 33, 2, 5, 0, 17, 4];

/** Segments of random codes; the first row has the largest codes and scale. */
function draw(dimensions, bits, count) {
  const width = Math.ceil((dimensions * bits) / 8);
  const left = width * 8 - dimensions * bits; // bits of the last byte that are 0
  return ROWS.slice(0, count).map((rows) => {
    const chunks = Array.from({ length: rows }, (_, id) => {
      const vector = Array.from({ length: width }, () => (id ? next(0, 256) : 255));
      if (bits === 8) return { id: BigInt(id), scale: id ? next(0, 65536) : 65535, vector: vector.map((byte) => (byte << 24) >> 24) };
      vector[width - 1] &= 255 >> left;
      return { id: BigInt(id), scale: id ? next(0, 65536) : 65535, vector };
    });
    return decodeSegment(segmentFile({ chunks, dimensions, bits }));
  });
}

/** What format.md, section 4.2, says, code by code. */
function told({ vectors, scales, dimensions, bits }, query) {
  const width = Math.ceil((dimensions * bits) / 8);
  const per = 8 / bits;
  return Array.from(scales, (scale, row) => {
    let sum = 0;
    query.forEach((value, i) => {
      const byte = vectors[row * width + Math.floor(i / per)];
      const code = bits === 8 ? byte : (byte >> (bits * (i % per))) & (2 ** bits - 1);
      sum += value * (bits === 8 ? code : bits === 4 ? code - 8 : 2 * code - 3);
    });
    return scale * sum || 0; // never -0
  });
}

const DIMENSIONS = [1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 95, 96, 97, 191, 384, 4096];

for (const bits of [8, 4, 2]) {
  test(`${bits} bits: every row of every segment has exactly the score of the page`, () => {
    for (const dimensions of DIMENSIONS) {
      for (const count of [0, 1, 2, 3, 8]) {
        const segments = draw(dimensions, bits, count);
        const scan = new Scan(segments);
        for (const query of [
          Int8Array.from({ length: dimensions }, () => next(-127, 128)),
          new Int8Array(dimensions).fill(127),
          new Int8Array(dimensions).fill(-127),
          new Int8Array(dimensions),
        ]) {
          const expected = segments.flatMap((segment) => told(segment, query));
          assert.deepEqual(Array.from(scan.scores(query), (score) => score || 0), expected, `${dimensions}, ${count}`);
        }
      }
    }
  });
}
