// @ts-check
/** Segments (site/content/format.md, section 4): columns as they lie in the file. n chunks, m documents. */

import { decodeTensors, requireFormat } from "./tensors.mjs";

export const SEGMENT_FORMAT = "vademecum.segment.1";
export const HEADING_SEPARATOR = "\x1f";

/** @typedef {ReturnType<typeof decodeSegment>} Segment */

/** @param {Uint8Array} bytes */
export function decodeSegment(bytes) {
  const file = decodeTensors(bytes);
  requireFormat(file, SEGMENT_FORMAT);
  const ids = file.tensor("chunk.id", "U64", [null]).values;
  const documentSequences = file.tensor("document.sequence", "U32", [null]).values;
  const n = ids.length;
  const m = documentSequences.length;
  const { shape: [, dimensions], values: vectors } = file.tensor("chunk.vector", "I8", [n, null]);
  const chunks = file.tensor("document.chunks", "U64", [null]).values;
  file.tensor("chunk.sequence", "U32", [n]); // for updates alone, and there all the same
  return {
    epoch: file.metadata.epoch ?? "",
    dimensions,
    ids,
    vectors, // [n, D]
    scales: file.tensor("chunk.scale", "U16", [n]).values,
    headings: file.strings("chunk.headings", n),
    anchors: file.strings("chunk.anchor", n),
    texts: file.strings("chunk.text", n),
    keys: file.strings("document.key", m),
    titles: file.strings("document.title", m),
    urls: file.strings("document.url", m),
    metadata: file.strings("document.metadata", m),
    documentSequences,
    removed: file.tensor("document.removed", "U8", [m]).values,
    /** document i has `chunks[bounds[i]]` to `chunks[bounds[i + 1] - 1]` */
    chunks,
    bounds: file.offsets("document.chunks", chunks.length, m),
  };
}

/** A chunk id as people and programs see it. @param {bigint} id */
export function hexId(id) {
  return id.toString(16).padStart(16, "0");
}

/** @param {string} joined as the `chunk.headings` column holds it @returns {string[]} */
export function splitHeadings(joined) {
  return joined.split(HEADING_SEPARATOR).filter((heading) => heading !== "");
}
