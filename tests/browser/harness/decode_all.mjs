/**
 * Reads files with the browser's decoders: `node decode_all.mjs MODULES INPUTS`. INPUTS is JSON, a list of
 * [decoder, base64]. Prints a list of {value} (all that was read), {code} (refused) or {crash} (anything else).
 */
import { readFileSync } from "node:fs";

const [modules, inputs] = process.argv.slice(2);
const load = (name) => import(`${modules}/${name}.mjs`);
const { decodeTensors } = await load("format/tensors");
const { decodeSegment } = await load("format/segment");
const { decodeEncoder } = await load("search/encoder");
const { decodeHead } = await load("store/records");
const { VademecumError } = await load("errors");

const hex = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");
const numbers = (values) => Array.from(values, String);

const DECODERS = {
  tensors(bytes) {
    const { tensors, metadata } = decodeTensors(bytes);
    return [metadata, [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, t]) => [name, t.dtype, t.shape, hex(t.values)])];
  },
  segment(bytes) {
    const s = decodeSegment(bytes);
    const strings = [s.headings, s.anchors, s.texts, s.keys, s.titles, s.urls, s.metadata].map((column) => column.all());
    const columns = [s.ids, s.scales, s.documentSequences, s.removed, s.chunks, s.bounds].map(numbers);
    return [s.epoch, s.dimensions, hex(s.vectors), strings, columns];
  },
  encoder(bytes) {
    const e = decodeEncoder(bytes);
    const { codes, to, solo } = e.alphabet;
    const goldens = e.goldens.map(({ text, vector }) => [text, numbers(vector)]);
    const query = numbers(e.encode("Rotate the key, straŋe 東京 qqqq"));
    return [e.name, e.dimensions, e.words, hex(e.rows), numbers(e.weights), numbers(codes), to.all(), hex(solo), goldens, query];
  },
  head(bytes) {
    const { current, previous, pinned, refused } = decodeHead(bytes);
    return [current, previous, pinned, refused];
  },
};

function verdict(name, bytes) {
  try {
    return { value: DECODERS[name](bytes) };
  } catch (error) {
    return error instanceof VademecumError ? { code: error.code } : { crash: String(error?.stack ?? error) };
  }
}

const files = JSON.parse(readFileSync(inputs, "utf8"));
console.log(JSON.stringify(files.map(([name, data]) => verdict(name, new Uint8Array(Buffer.from(data, "base64"))))));
