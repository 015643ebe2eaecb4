// @ts-check
/** The scan in WebAssembly (kernel.wat): files of segments in its memory, the scores of their rows, and what is made of these. */

import { Passes } from "./passes.mjs";

/** kernel.wat, built by wabt: `npm run kernel` in tests/unit/js writes it. */
export const BINARY =
  "AGFzbQEAAAABcwtgBn9/f39/fwBgBH9/f38BfGAEf39/fAF/YAZ/f39/fH8Bf2AEf39/fwBgBX9/f39/AX9gEH9/f39/f39/f398fHx8fHwAYAt/f39/f39/fHx8fwF/YAZ/f39/f38Bf2AHf39/f39/fwBgBX9/fHx/AX8CFQEJdmFkZW1lY3VtBm1lbW9yeQIAAQMODQABAgMEBQYHCAAJBAoHWgwGc2NvcmVzAAAEdHVybgABBWFib3ZlAAIEcGljawADBXRhbGx5AAQGb3duaW5nAAUEZnVzZQAGBXdlaWdoAAcDYWRkAAgDc3VtAAkEcmFuawAKBHNvcnQACwq1DQ24AQIDfwF7A0AgACEGIAAgAWoiByEAIAIhCP0MAAAAAAAAAAAAAAAAAAAAACEJA0AgCSAI/QAEACAG/QEDAP26ASAI/QAEECAG/QEDCP26Af2uAf2uASEJIAhBIGohCCAGQRBqIQYgBiAHSQ0ACyAJIAkgCf0NCAkKCwwNDg8AAQIDBAUGB/2uASEJIAQgAy8BALggCf0bACAJ/RsBareiOQMAIANBAmohAyAEQQhqIQQgBCAFSQ0ACwtvAgF/AnwgAARAA0AgASgCACEEIARBAEgEQCACRAAAAAAAAAAAOQMABSADIARBA3RqIQQgAisDACEFIAQgBCsDACAFoDkDACAFIAZkBEAgBSEGCwsgAUEEaiEBIAJBCGohAiAAQQFrIgANAAsLIAYLQgECfyACIQUgAARAA0AgBSAENgIAIAUgASsDACADZkECdGohBSABQQhqIQEgBEEBaiIEIABJDQALCyAFIAJrQQJ2C1EBAn8gAyEHIAAEQANAIAcgASgCACIGNgIAIAIgBkEDdGohBiAHIAUgBisDACAEZnNBAnRqIQcgAUEEaiEBIABBAWsiAA0ACwsgByADa0ECdgtlAQF/IAAEQANARAAAAAAAAJBAIAIgASgCAEEDdGorAwCi/AIhBEH/HyAEIARB/x9KGyEEIANBACAEIARBAEgbQQJ0aiEEIAQgBCgCAEEBajYCACABQQRqIQEgAEEBayIADQALCwtcAQJ/IAQhBiAABEADQCAGIAIgASgCAEECdGooAgAiBTYCACADIAVBAnRqIQUgBiAFKAIARUECdGohBiAFQQE2AgAgAUEEaiEBIABBAWsiAA0ACwsgBiAEa0ECdguoAQICfwF8IAAEQANAIAEoAgBBA3QhECAGIBBBAXZqKAIAQQN0IREgCyADIBBqKwMAIAqjoiAMIAQgEWorAwAgBSARQQF2aigCBCAFIBFBAXZqKAIAa7ijIAqjoqAgCyAMoKMhEiASIA0gByAQaisDAKKgIA4gCCARaisDAKIgDyAJIBFqKwMAoqCgIRIgAiAQaiASOQMAIAFBBGohASAAQQFrIgANAAsLC74BAwF/AXwBfyAFIAZBAnRqIQ0gAARAA0AgDSABKAIAIgs2AgAgC0ECdCELIAIgC2ohBiAGKAIAuCEMIAZBADYCACALQQF0IQsgBCALaiEGIA0gBisDAEQAAAAAAAAAAGFBAnRqIQ0gCSAIIAwgB6IgDCADIAtqKwMAoKOioiEMIAoEQCAGIAYrAwAgDKA5AwAFIAwgBisDAGQEQCAGIAw5AwALCyABQQRqIQEgAEEBayIADQALCyANIAVrQQJ2C4MBAQJ/IAQgBUECdGohByAABEADQCAHIAEoAgAiBjYCACACIAZBA3RqIQUgAyAGQQN0aiEGIAcgBisDAEQAAAAAAAAAAGFBAnRqIQcgBiAGKwMAIAUrAwCgOQMAIAVEAAAAAAAAAAA5AwAgAUEEaiEBIABBAWsiAA0ACwsgByAEa0ECdguFAQIBfwN8IAAEQANAIAEoAgBBAnQhBiACIAZBAXRqKwMAIQcgByAIZARAIAchCAsgBCADIAZqKAIAQQN0aiEGIAYgBisDACAHRAAAAAAAAPBAopygIgc5AwAgByAJZARAIAchCQsgAUEEaiEBIABBAWsiAA0ACwsgBSAIOQMAIAUgCTkDCAvcAQMBfwF8BX8gAiAGQQJ0aiENIAAEQANAIAEoAgBBA3QhByADIAdqKwMAIQggAiEJIAYhCgNAIApBAWpBAXZBAnQhCyAJIAtqQQRrKAIAQQN0IQwgCSALIAMgDGorAwAgCGRsaiEJIAogC0ECdmsiCg0ACwJAA0AgCSANRg0BIAkoAgBBA3QhDCADIAxqKwMAIAhiDQEgBCAMaikDACAEIAdqKQMAWg0BIAlBBGohCQwACwsgBSAJIAJraiEJIAkgCSgCAEEBajYCACABQQRqIQEgAEEBayIADQALCwu0AQMFfwF8AX8gACEEIAEgAEECdGohBQNAIARBAnRBBGpBCW4hBCABIARBAnRqIQYgBCAGIAVJcQRAA0AgBigCACEIIAIgCEEDdGorAwAhCSAGIQcCQANAIAcgBEECdGshCiAKIAFJDQEgCigCACAIIAIgCigCAEEDdGorAwAgCSADEAwNASAHIAooAgA2AgAgCiEHDAALCyAHIAg2AgAgBkEEaiIGIAVJDQALCyAEQQFLDQALCycAIAIgA2EEfyAEIABBA3RqKQMAIAQgAUEDdGopAwBUBSACIANkCws=";

/** Room for a query at the beginning of the memory: more components of 16 bits than a segment may have. */
const QUERY_BYTES = 2 ** 15;
/** Components that the kernel takes at a time. */
const BLOCK = 16;
const PAGE = 2 ** 16;
/** Room for what a question is about: of each row, and of each document, arrays of 8 bytes; and some more. */
const [OF_ROW, OF_DOCUMENT, MORE] = [9 * 8, 4 * 8, 2 * PAGE];

const aligned = (/** @type {number} */ at) => Math.ceil(at / 16) * 16;

/** @type {WebAssembly.Module | undefined} */ let compiled;

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

  /** In the kernel's memory while there is room. @override @type {Passes["array"]} */
  array(Kind, length) {
    const at = this.free;
    const end = aligned(at + Kind.BYTES_PER_ELEMENT * length);
    if (end > this.memory.buffer.byteLength) return new Kind(length);
    this.free = end;
    return new Kind(this.memory.buffer, at, length);
  }

  /** @param {import("../format/segment.mjs").Segment[]} segments decoded from `files`
   * @param {Int8Array} query [D] @returns {Float64Array} good till the next call */
  scores(segments, query) {
    new Int16Array(this.memory.buffer, 0, query.length + BLOCK).fill(0, query.length).set(query);
    let at = this.end;
    for (const { vectors, scales, dimensions } of segments) {
      if (!scales.length) continue;
      const end = at + 8 * scales.length;
      this.run.scores(vectors.byteOffset, dimensions, 0, scales.byteOffset, at, end);
      at = end;
    }
    return new Float64Array(this.memory.buffer, this.end, (at - this.end) / 8);
  }
}

// A pass runs in the kernel where that can read and write all of its arrays, else in JavaScript.
for (const name of /** @type {const} */ (["turn", "above", "pick", "tally", "owning", "fuse", "weigh", "add", "sum", "rank", "sort"])) {
  /** @type {any} */ const passes = Passes.prototype;
  /** @type {any} */ (Kernel.prototype)[name] = function (/** @type {any[]} */ ...given) {
    const { memory, run } = /** @type {Kernel} */ (this);
    if (given.some(({ buffer = memory.buffer }) => buffer !== memory.buffer)) return passes[name](...given);
    return run[name](given[0].length, ...given.map((one) => one.byteOffset ?? one));
  };
}
