// @ts-check
/**
 * The query worker: opens what is installed and answers from memory. No network, no Python.
 *
 * Commands: open {url}, reopen, preview {release, objects}, fallback {documents}, search {query, limit, offset, mode, group,
 * filters, prefer, facets, own}, space {query, published}, model {} (for `own` and these two: search/own_encoder.mjs),
 * similar {id, limit}, document {key}. A generation that fails its self-test is never used; the one before it goes on
 * answering. A reader has its generation in memory, so that collecting garbage in the store does not disturb it.
 */

import { serve } from "./workers/serve.mjs";
import { decodeEncoder } from "./search/encoder.mjs";
import { VademecumError } from "./errors.mjs";
import { openGeneration } from "./search/generation.mjs";
import { loadWords } from "./search/kept_words.mjs";
import { decodeHead, openHead, openRecord } from "./store/records.mjs";
import { Places } from "./search/places.mjs";
import { checkCount, checkQuestion, checkText, chunkOf } from "./search/question.mjs";
import { Searcher } from "./search/searcher.mjs";
import { sha256 } from "./format/sha256.mjs";
import { ReadStore } from "./store/reading.mjs";

/** @typedef {import("./store/records.mjs").InstalledRelease} InstalledRelease */
/** @typedef {{release: InstalledRelease, generation: import("./search/generation.mjs").Generation, searcher: Searcher, space?: any}} Opened */

/** @type {ReadStore | undefined} */ let store;
/** @type {Opened | null} */ let opened = null;
/** @type {Opened | null} what the app has of its own, while there is no release */ let local = null;
/** @type {Promise<unknown>} the last turn to the pointer: an older snapshot never comes after a newer one */
let turning = Promise.resolve();

/** @param {{url: string}} args */
function openStore({ url }) {
  store = new ReadStore(url);
  return reopen();
}

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
function inTurn(work) {
  const turn = turning.then(work);
  turning = turn.catch(() => undefined);
  return turn;
}

/** Turn to what the pointer names now. @returns {Promise<InstalledRelease | null>} */
const reopen = () => inTurn(async () => {
  if (!store) throw new VademecumError("usage", "open first");
  const { head, objects } = await store.snapshot((bytes) => neededObjects(decodeHead(bytes)));
  const pointer = await openHead(head);
  const shelf = shelfOf(pointer.current?.segments ?? []);
  // Hashing has threads of its own. What is opened meanwhile counts, or fails, only if every object is sound.
  const sound = requireSound(neededObjects(pointer), objects);
  const opening = Promise.resolve().then(() => pointer.current && openRelease(pointer.current, objects, shelf));
  await Promise.allSettled([sound, opening]);
  await sound;
  opened = (await opening) ?? local;
  opened?.searcher.rehearse().catch(() => undefined); // read the words now; a question that comes meanwhile need not wait for all of them
  return pointer.current;
});

/** Where the words of segments are kept. Those of `ahead` are on their way while their segments are opened.
 * @param {string[]} ahead @returns {import("./search/kept_words.mjs").Shelf} */
function shelfOf(ahead) {
  const kept = /** @type {ReadStore} */ (store);
  const coming = new Map(ahead.map((digest) => [digest, kept.words(digest).catch(() => undefined)]));
  const words = (/** @type {string} */ digest) => {
    const found = coming.get(digest) ?? kept.words(digest);
    coming.delete(digest);
    return found;
  };
  return { words, keepWords: (digest, words) => kept.keepWords(digest, words) };
}

/** Answer from objects that nobody has verified (page/preview.mjs), till there is a release.
 * @param {{release: InstalledRelease, objects: Uint8Array[]}} args */
function preview({ release, objects }) {
  return inTurn(async () => {
    if (opened === local) opened = await openRelease(release, objects, shelfOf([]));
  });
}

/** Answer from the words of documents that the app has, till there is a release. @param {{documents: import("./vademecum.d.mts").LocalDocument[]}} args */
function fallback({ documents }) {
  return inTurn(async () => {
    const { openLocal } = await import("./search/local.mjs"); // few apps need it
    local = /** @type {any} */ (await openLocal(documents));
    opened ??= local;
    return local?.release;
  });
}

/** A disk may have changed an object since it was verified: no byte is shown that is not what its name says.
 * @param {string[]} digests @param {Uint8Array[]} objects */
async function requireSound(digests, objects) {
  const names = await Promise.all(objects.map(sha256));
  const damaged = digests.find((digest, i) => names[i] !== digest);
  if (damaged) throw new VademecumError("content", `the stored object ${damaged} is damaged; update to repair it`);
}

/** @param {import("./store/records.mjs").Head} head */
const neededObjects = ({ current }) => (current ? [current.encoder, ...current.segments] : []);

/** @param {InstalledRelease} release @param {Uint8Array[]} objects @param {import("./search/kept_words.mjs").Shelf} shelf @returns {Promise<Opened>} */
async function openRelease(release, [encoderFile, ...segmentFiles], shelf) {
  const encoder = decodeEncoder(encoderFile);
  encoder.checkGolden();
  const generation = await openGeneration(segmentFiles, release);
  const counts = [encoder.dimensions, generation.documents.length, generation.chunkCount];
  const expected = [release.dimensions, release.documents, release.chunks];
  if (counts.join() !== expected.join()) {
    throw new VademecumError("self-test", `release ${release.sequence} has ${counts} dimensions, documents and chunks, not ${expected}`);
  }
  const load = () => loadWords(generation.segments, release.segments, shelf);
  return { release, generation, searcher: new Searcher(generation, new Places(generation, release.places), encoder, load) };
}

/** @returns {Opened} */
function current() {
  if (!opened) throw new VademecumError("empty", "nothing is installed yet: update() first, or wait for `ready`");
  return opened;
}

/** @param {Partial<import("./search/question.mjs").Question> & {query: string, limit: number, own?: import("./search/own_encoder.mjs").Own}} args */
async function search({ query, limit, offset = 0, mode = "hybrid", group = true, filters = {}, prefer = {}, facets, own }) {
  const question = { query, limit, offset, mode, group, filters, prefer, facets };
  checkQuestion(question);
  const { searcher, space } = current();
  if (!own) return searcher.search(question);
  const vector = space?.epoch === own.epoch ? space.vector(own) : undefined; // another release may answer by now
  return { ...(await searcher.search(question, vector)), encoder: vector ? "own" : "table" };
}

/** What an app's own encoder is to encode for a query, or the `published` one; null while the release's table answers.
 * @param {{query: string, published?: boolean}} args */
async function space({ query, published = false }) {
  const now = current();
  now.space ??= await (await ownEncoder()).openSpace(store, openRecord, now, published);
  return now.space && { meant: await now.searcher.meant(query), trial: now.space.trial, epoch: now.space.epoch };
}

/** The files of the release's own model. */
async function model() {
  return (await ownEncoder()).readModel(store, openRecord, current().release);
}

const ownEncoder = () => import("./search/own_encoder.mjs"); // few apps need it

/** @param {{id: string, limit: number}} args */
function similar({ id, limit }) {
  checkCount("limit", limit, 1);
  return current().searcher.similar(chunkOf(id), limit);
}

/** @param {{key: string}} args */
function readDocument({ key }) {
  checkText("key", key);
  return current().generation.document(key);
}

serve(self, { open: openStore, reopen, preview, fallback, search, space, model, similar, document: readDocument });
