// @ts-check
/** The scan in WebAssembly (kernel.wat): files of segments in its memory, the scores of their rows, and what is made of these. */

import { Arrays } from "./arrays.mjs";
import { MOST_LOOKED_AT } from "./neighbours.mjs";

/** kernel.wat, built by wabt: `npm run kernel` in tests/unit/js writes it. In hexadecimal gzip sees what is repeated: a sixth less than of Base64. */
export const BINARY =
  "0061736d010000000194010d60067f7f7f7f7f7f0060077f7f7f7f7f7c7f017f60067f7f7f7f7c7f017f60037f7f7f0060057f7f7f7f7f017f60127f7f7f7f7f7f7f7f7f7f7c7c7c7c7c7c7f7f00600b7f7f7f7f7f7f7f7c7c7c7f017f60067f7f7f7f7f7f017f600a7f7f7f7f7f7f7f7f7c7c0060077f7f7f7f7f7f7f017f600c7f7f7f7f7f7f7f7f7f7f7f7f017f60047f7f7f7f0060057f7f7c7c7f017f02150109766164656d6563756d066d656d6f727902000103100f0001020302040506070008090a0b0c07610d0673636f7265730000047475726e0001047069636b00020574616c6c7900030474616b650004066f776e696e6700050466757365000605776569676800070361646400080373756d00090472616e6b000a05686f6c6473000c04736f7274000d0abe0f0fb80102037f017b034020002106200020016a2207210020022108fd0c000000000000000000000000000000002109034020092008fd0004002006fd010300fdba012008fd0004102006fd010308fdba01fdae01fdae012109200841206a2108200641106a210620062007490d000b200920092009fd0d08090a0b0c0d0e0f0001020304050607fdae012109200420032f0100b82009fd1b002009fd1b016ab7a2390300200341026a2103200441086a210420042005490d000b0b990102037f027c200421092000044003402001280200210720022b0300210a200741004804402002440000000000000000220a39030005200320074103746a2107200720072b0300200aa0390300200a200b640440200a210b0b0b200920083602002009200a2005664102746a2109200141046a2101200241086a2102200841016a22082000490d000b0b2006200b390300200920046b4102760b5101027f20032107200004400340200720012802002206360200200220064103746a21062007200520062b0300200466734102746a2107200141046a2101200041016b22000d000b0b200720036b4102760b5c01017f20000440034044000000000000904020012b0300a2fc02210341ff1f2003200341ff1f4a1b210320024100200320034100481b4102746a21032003200328020041016a360200200141086a2101200041016b22000d000b0b0b5e02027f017c2003210720000440034020022b030022082004660440200720012802002206360200200741046a2107200520064103746a20083903000b200141046a2101200241086a2102200041016b22000d000b0b200720036b4102760b5c01027f200421062000044003402006200220012802004102746a2802002205360200200320054102746a210520062005280200454102746a210620054101360200200141046a2101200041016b22000d000b0b200620046b4102760bce0102027f017c20000440034020012802004103742112200620124101766a28020041037421132010200320126a2b03003903002011200720126a2b0300390300200b20102b0300200aa3a2200c200420136a2b0300200520134101766a280204200520134101766a2802006bb8a3200aa3a2a0200b200ca0a321142014200d20112b0300a2a0200e200820136a2b0300a2200f200920136a2b0300a2a0a0211420022014390300200241086a2102201041086a2110201141086a2111200141046a2101200041016b22000d000b0b0bbe0103017f017c017f200520064102746a210d200004400340200d2001280200220b360200200b410274210b2002200b6a21062006280200b8210c20064100360200200b410174210b2004200b6a2106200d20062b0300440000000000000000614102746a210d20092008200c2007a2200c2003200b6a2b0300a0a3a2a2210c200a0440200620062b0300200ca039030005200c20062b03006404402006200c3903000b0b200141046a2101200041016b22000d000b0b200d20056b4102760b830101027f200420054102746a2107200004400340200720012802002206360200200220064103746a2105200320064103746a2106200720062b0300440000000000000000614102746a2107200620062b030020052b0300a03903002005440000000000000000390300200141046a2101200041016b22000d000b0b200720046b4102760b850102017f037c20000440034020012802004102742106200220064101746a2b0300210720072008640440200721080b2004200320066a2802004103746a2106200620062b0300200744000000000000f040a29ca0220739030020072009640440200721090b200141046a2101200041016b22000d000b0b20052008390300200520093903080bba0102017f027c20000440034020042b0300210b200b20086604402007440000000000f88f40200b2008a12009a2a4fc024102746a280204210a024003402003200a4103746a2b0300210c200c200b630d01200c200b61044020052002200a4102746a2802004103746a290300200520012802004103746a2903005a0d020b200a41016a210a0c000b0b2006200a4102746a210a200a200a28020041016a3602000b200441086a2104200141046a2101200041016b22000d000b0b0b930101017f02400340200520064f200320004f720d01200420056a2d00002107200541016a2105200741ff004b044020000f0b200741c1006b411a490440200741206a21070b200741e1006b41194b200741306b41094b710d00024003402007200120034102746a280200460440200341016a21030c020b2003450d01200220034102746a28020021030c000b0b0c000b0b20030b310020002000200120022000200120022000200120024100200320042005100b200620072008100b2009200a200b100b460bb40103057f017c017f20002104200120004102746a21050340200441027441046a41096e2104200120044102746a210620042006200549710440034020062802002108200220084103746a2b030021092006210702400340200720044102746b210a200a2001490d01200a28020020082002200a2802004103746a2b030020092003100e0d012007200a280200360200200a21070c000b0b20072008360200200641046a22062005490d000b0b200441014b0d000b0b27002002200361047f200420004103746a290300200420014103746a290300540520022003640b0b";

/** Room for a query at the beginning of the memory: more components of 16 bits than a segment may have. */
const QUERY_BYTES = 2 ** 15;
/** Components that the kernel takes at a time. */
const BLOCK = 16;
const MEMORY_PAGE = 2 ** 16;
/** Room for the arrays of all passes: so many bytes of each row, of each document, and of each word that neighbours are looked for among, beside its
 * vector; and of what is as long in every knowledge base (ranking.mjs), with what lies between arrays. A test makes all of them. */
const [OF_ROW, OF_DOCUMENT, OF_WORD, MORE] = [100, 40, 10, 3 * MEMORY_PAGE + 4096];

const aligned = (/** @type {number} */ at) => Math.ceil(at / 16) * 16;

/** @type {WebAssembly.Module | undefined} */ let compiled;

export class Kernel extends Arrays {
  /** Copies the files: who gives them up has one copy of each in memory.
   * @param {Uint8Array[]} files of segments; throws where WebAssembly, its SIMD or the memory is not to be had
   * @param {number} rows @param {number} documents in all of them @param {number} dimensions */
  constructor(files, rows, documents, dimensions) {
    super();
    compiled ??= new WebAssembly.Module(Uint8Array.from(BINARY.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
    let end = QUERY_BYTES;
    const starts = files.map(({ length }) => {
      const start = end;
      end = aligned(end + length);
      return start;
    });
    const room = (8 + OF_ROW) * rows + OF_DOCUMENT * documents + MOST_LOOKED_AT * (dimensions + OF_WORD) + MORE;
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((end + room) / MEMORY_PAGE) });
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

  /** In the kernel's memory. @override @type {Arrays["array"]} */
  array(Kind, length) {
    const at = this.free;
    this.free = aligned(at + Kind.BYTES_PER_ELEMENT * length);
    return new Kind(this.memory.buffer, at, length);
  }

  /** @param {import("../format/segment.mjs").Segment[]} segments decoded from `files`
   * @param {Int8Array} query [D] @returns {Float64Array} good till the next call */
  scores(segments, query) {
    this.#ask(query);
    let at = this.end;
    for (const { vectors, scales, dimensions } of segments) {
      if (!scales.length) continue;
      const end = at + 8 * scales.length;
      this.run.scores(vectors.byteOffset, dimensions, 0, scales.byteOffset, at, end);
      at = end;
    }
    return new Float64Array(this.memory.buffer, this.end, (at - this.end) / 8);
  }

  /** @type {import("./passes.mjs").Passes["products"]} */
  products(products, rows, ones, row) {
    this.#ask(row);
    this.run.scores(rows.byteOffset, row.length, 0, ones.byteOffset, products.byteOffset, products.byteOffset + products.byteLength);
  }

  /** @param {Int8Array} query */
  #ask(query) {
    new Int16Array(this.memory.buffer, 0, query.length + BLOCK).fill(0, query.length).set(query);
  }
}

for (const name of /** @type {const} */ (["turn", "pick", "tally", "take", "owning", "fuse", "weigh", "add", "sum", "rank", "sort", "holds"])) {
  /** @type {any} */ (Kernel.prototype)[name] = function (/** @type {any[]} */ ...given) {
    const { memory: { buffer: here }, run } = /** @type {Kernel} */ (this);
    const { length } = given[0];
    for (const { buffer = here } of given) if (buffer !== here) throw new RangeError(`${name}: an array lies elsewhere`);
    for (let i = 0; i < given.length; i++) given[i] = given[i].byteOffset ?? given[i]; // no further array of them
    return run[name](length, ...given);
  };
}
