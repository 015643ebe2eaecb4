// Makes the files that the tests read: a small writer of format.md, section 4, independent of the Python one.

import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** The address of a host that answers so, for as long as the tests run. */
export async function serve(answer) {
  const server = createServer(answer).on("connection", (socket) => socket.unref());
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
  return `http://127.0.0.1:${server.address().port}/`;
}

const UTF8 = new TextEncoder();
const DTYPES = new Map([
  [Int8Array, "I8"],
  [Uint8Array, "U8"],
  [Uint16Array, "U16"],
  [Uint32Array, "U32"],
  [BigUint64Array, "U64"],
]);

/** tensors: name -> typed array, or [typed array, shape]. */
export function tensorFile(tensors, metadata = {}) {
  const entries = Object.entries(tensors).map(([name, value]) => {
    const [values, shape] = Array.isArray(value) ? value : [value, [value.length]];
    return { name, values, shape };
  });
  entries.sort((a, b) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  const header = { __metadata__: metadata };
  let end = 0;
  for (const { name, values, shape } of entries) {
    const start = end;
    end += values.byteLength;
    header[name] = { dtype: DTYPES.get(values.constructor), shape, data_offsets: [start, end] };
  }
  const text = JSON.stringify(header);
  const length = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + length + end).fill(32, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(UTF8.encode(text), 8);
  for (const { name, values } of entries) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 8 + length + header[name].data_offsets[0]);
  }
  return file;
}

export function strings(name, values) {
  const encoded = values.map((value) => UTF8.encode(value));
  const offsets = new Uint32Array(values.length + 1);
  encoded.forEach((bytes, i) => (offsets[i + 1] = offsets[i] + bytes.length));
  return { [name]: new Uint8Array(encoded.flatMap((bytes) => [...bytes])), [`${name}.offsets`]: offsets };
}

/** documents: {key, sequence, chunks, title, url, metadata, removed}; chunks: {id, vector, scale, headings, anchor, text}. */
export function segmentFile({ documents = [], chunks = [], dimensions = 2, epoch = "e", format = "vademecum.segment.1", metadata = {} }) {
  const of = (rows, field, otherwise = "") => rows.map((row) => row[field] ?? otherwise);
  const vectors = chunks.flatMap((row) => row.vector ?? Array(dimensions).fill(1));
  const bounds = new Uint32Array(documents.length + 1);
  documents.forEach((row, i) => (bounds[i + 1] = bounds[i] + (row.chunks ?? []).length));
  return tensorFile(
    {
      "chunk.id": BigUint64Array.from(of(chunks, "id")),
      "chunk.sequence": Uint32Array.from(of(chunks, "sequence", 1)),
      "chunk.vector": [Int8Array.from(vectors), [chunks.length, dimensions]],
      "chunk.scale": Uint16Array.from(of(chunks, "scale", 1)),
      ...strings("chunk.headings", of(chunks, "headings")),
      ...strings("chunk.anchor", of(chunks, "anchor")),
      ...strings("chunk.text", of(chunks, "text")),
      ...strings("document.key", of(documents, "key")),
      ...strings("document.title", of(documents, "title")),
      ...strings("document.url", of(documents, "url")),
      ...strings("document.metadata", of(documents, "metadata")),
      "document.sequence": Uint32Array.from(of(documents, "sequence", 1)),
      "document.removed": Uint8Array.from(of(documents, "removed", 0)),
      "document.chunks": BigUint64Array.from(documents.flatMap((row) => row.chunks ?? [])),
      "document.chunks.offsets": bounds,
    },
    { epoch, format, ...metadata },
  );
}

/** rows: components from -8 to 7; letters: [code point, to, solo]; goldens: [text, vector]. */
export function encoderFile({ words, rows, weights, letters, goldens = [], dimensions = 2, format = "vademecum.encoder.1", metadata = {} }) {
  return tensorFile(
    {
      ...strings("word", words),
      "word.row": [Uint8Array.from(rows.flatMap(packed)), [words.length, packed(rows[0]).length]],
      "word.weight": Uint16Array.from(weights),
      "alphabet.from": Uint32Array.from(letters.map(([code]) => code)),
      ...strings("alphabet.to", letters.map(([, to]) => to)),
      "alphabet.solo": Uint8Array.from(letters.map(([, , solo]) => solo ?? 0)),
      ...strings("golden.text", goldens.map(([text]) => text)),
      "golden.vector": [Int8Array.from(goldens.flatMap(([, vector]) => vector)), [goldens.length, dimensions]],
    },
    { bits: "4", dimensions: String(dimensions), format, name: "builtin", ...metadata },
  );
}

const packed = (row) =>
  Array.from({ length: Math.ceil(row.length / 2) }, (_, i) => row[2 * i] + 8 + 16 * ((row[2 * i + 1] ?? -8) + 8));

/** a to z, and A to Z folded. */
export const LATIN = [
  ...Array.from({ length: 26 }, (_, i) => [65 + i, String.fromCodePoint(97 + i)]),
  ...Array.from({ length: 26 }, (_, i) => [97 + i, String.fromCodePoint(97 + i)]),
];

/** What the record `head` says of an installed release. */
/** A record with its seal (format.md, section 8). */
export function sealed(value) {
  const text = JSON.stringify(value);
  const digest = createHash("sha256").update(text).digest("hex");
  return UTF8.encode(`{"sha256":"${digest}",${text.slice(1)}`);
}

export const installedRelease = (sequence) => ({
  sequence,
  version: `v${sequence}`,
  documents: 1,
  chunks: 1,
  dimensions: 2,
  built: "2026-11-21T08:00:00Z",
  installed: "2026-11-21T08:05:00Z",
  epoch: "0123456789abcdef",
  digest: "d".repeat(64),
  encoder: "e".repeat(64),
  segments: ["a".repeat(64)],
  places: {},
});
