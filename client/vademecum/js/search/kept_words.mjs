// @ts-check
/**
 * The words of segments, kept in the store beside them (site/content/format.md, section 5.2); search/kept_words.py is the
 * twin, and writes the same bytes. A store that has none, or cannot keep any, costs time alone.
 */

import { sha256 } from "../format/sha256.mjs";
import { decodeText } from "../format/json.mjs";
import { decodeTensors, encodeTensors } from "../format/tensors.mjs";
import { readingWords, SegmentWords } from "./segment_words.mjs";

/** @typedef {import("../format/segment.mjs").Segment} Segment */
/** @typedef {import("./segment_words.mjs").Postings} Postings */
/** @typedef {{words(digest: string): Promise<Uint8Array | undefined>, keepWords(digest: string, words: Uint8Array): Promise<void>}} Shelf */

export const WORDS_FORMAT = "vademecum.words.4";
const SEAL = 32;
/** The longest turn of reading, in milliseconds: a question that comes meanwhile is answered in between. Many short ones would let more questions wait. */
const TURN = 20;

/** The words of each segment: as they are kept, or read now, and kept for the next time.
 * @param {Segment[]} segments @param {string[]} digests theirs @param {Shelf} store @returns {Promise<SegmentWords[]>} */
export async function loadWords(segments, digests, store) {
  const known = await Promise.all(digests.map((digest) => kept(digest, store)));
  const found = [];
  for (const [i, segment] of segments.entries()) found.push(known[i] ?? (await readKept(segment, digests[i], store)));
  return found;
}

/** @param {string} digest @param {Shelf} store @returns {Promise<SegmentWords | null>} */
async function kept(digest, store) {
  try {
    const bytes = await store.words(digest);
    return bytes ? await decodeWords(bytes, digest) : null;
  } catch {
    return null; // they can be read again from the segment
  }
}

/** @param {Segment} segment @param {string} digest @param {Shelf} store */
async function readKept(segment, digest, store) {
  const words = await inTurns(readingWords(segment));
  void encodeWords(words, digest).then((bytes) => store.keepWords(digest, bytes)).catch(() => undefined);
  return words;
}

/** What small steps come to, taken in turns.
 * @template T @param {Generator<unknown, T>} steps @param {() => Promise<unknown>} [between] the turns @returns {Promise<T>} */
export async function inTurns(steps, between = () => new Promise((done) => setTimeout(done))) {
  for (let until = performance.now() + TURN; ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < until) continue;
    await between();
    until = performance.now() + TURN;
  }
}

/** @param {SegmentWords} found @param {string} digest of the segment @returns {Promise<Uint8Array>} the digest of the rest, and a file of tensors */
export async function encodeWords(found, digest) {
  /** @type {Record<string, import("../format/tensors.mjs").Values>} */ const tensors = { word: new TextEncoder().encode(found.words.join("\n")) };
  for (const name of /** @type {const} */ (["chunk", "title"])) {
    const { starts, codes, rows, counts, lengths } = found[`${name}s`];
    Object.assign(tensors, { [`${name}.start`]: starts, [`${name}.code`]: codes, [`${name}.row`]: rows, [`${name}.count`]: counts, [`${name}.length`]: lengths });
  }
  const content = encodeTensors(tensors, { format: WORDS_FORMAT, segment: digest });
  const sealed = new Uint8Array(SEAL + content.length);
  sealed.set(await digestOf(content));
  sealed.set(content, SEAL);
  return sealed;
}

/** What `encodeWords` had; null where it is not whole, of another segment, or of another version.
 * @param {Uint8Array} bytes @param {string} digest of the segment @returns {Promise<SegmentWords | null>} */
export async function decodeWords(bytes, digest) {
  const content = bytes.subarray(SEAL);
  const seal = await digestOf(content);
  if (bytes.length < SEAL || seal.some((byte, i) => byte !== bytes[i])) return null;
  const file = decodeTensors(content);
  if (file.metadata.format !== WORDS_FORMAT || file.metadata.segment !== digest) return null;
  const text = decodeText(file.tensor("word", "U8", [null]).values);
  const [chunks, titles] = ["chunk", "title"].map((name) => postings(file, name));
  return new SegmentWords(text ? text.split("\n") : [], chunks, titles);
}

/** @param {import("../format/tensors.mjs").TensorFile} file @param {string} name @returns {Postings} */
function postings(file, name) {
  const [starts, codes, rows, lengths] = ["start", "code", "row", "length"].map((column) => file.tensor(`${name}.${column}`, "U32", [null]).values);
  return { starts, codes, rows, counts: file.tensor(`${name}.count`, "U8", [null]).values, lengths };
}

/** @param {Uint8Array} bytes */
async function digestOf(bytes) {
  return Uint8Array.from(/** @type {string[]} */ ((await sha256(bytes)).match(/../g)), (pair) => parseInt(pair, 16));
}
