// @ts-check
/** The store as the page and, through runtime/browser.py, the engine use it: what reading.mjs reads, and the writing of it. */

import { done, OBJECTS, RECORDS, storageError, WORDS } from "./database.mjs";
import { VademecumError } from "../errors.mjs";
import { compact, ReadStore } from "./reading.mjs";

const MOST_RECENT = 3;

export class IndexedStore extends ReadStore {
  /** @type {Map<string, Uint8Array>} what `parts` read last: IndexedDB gives whole values only, and slowly */
  #recent = new Map();

  /** Set (bytes) or delete (nothing) all of these records, atomically and durably.
   * @param {Iterable<[string, Uint8Array | null | undefined]>} entries @returns {Promise<void>} */
  write(entries) {
    return this.transact("readwrite", [RECORDS], async (tx) => {
      const records = tx.objectStore(RECORDS);
      for (const [name, value] of entries) {
        if (value) records.put(compact(value), name);
        else records.delete(name);
      }
    });
  }

  /** The digests of all objects with their sizes in bytes. @returns {Promise<[string, number][]>} */
  objects() {
    return this.transact("readonly", [OBJECTS], async (tx) => {
      /** @type {[string, number][]} */ const sizes = [];
      const request = tx.objectStore(OBJECTS).index("size").openKeyCursor();
      for (let cursor = await done(request); cursor; cursor = await done(request)) {
        sizes.push([String(cursor.primaryKey), Number(cursor.key)]);
        cursor.continue();
      }
      return sizes;
    });
  }

  /** These spans of an object, one after another; nothing when it is not stored.
   * @param {string} digest @param {[number, number][]} spans offset and length
   * @returns {Promise<Uint8Array | undefined>} */
  async parts(digest, spans) {
    const data = this.#recent.get(digest) ?? (await this.get(digest));
    if (!data) return undefined;
    this.requireOpen();
    this.#recent.delete(digest);
    this.#recent.set(digest, data);
    if (this.#recent.size > MOST_RECENT) this.#recent.delete(this.#recent.keys().next().value ?? "");
    return joined(data, digest, spans);
  }

  /** @param {string} digest @param {Uint8Array} data @returns {Promise<void>} */
  put(digest, data) {
    this.#recent.delete(digest);
    return this.transact("readwrite", [OBJECTS], async (tx) => {
      tx.objectStore(OBJECTS).put({ data: compact(data), size: data.length }, digest);
    });
  }

  /** Delete these objects and their words, all or none of them. @param {Iterable<string>} digests @returns {Promise<void>} */
  discard(digests) {
    this.#recent.clear();
    return this.transact("readwrite", [OBJECTS, WORDS], async (tx) => {
      for (const digest of digests) for (const part of [OBJECTS, WORDS]) tx.objectStore(part).delete(digest);
    });
  }

  /** Forget everything but these records, in one transaction. @param {string[]} keep @returns {Promise<void>} */
  clear(keep) {
    this.#recent.clear();
    return this.transact("readwrite", [RECORDS, OBJECTS, WORDS], async (tx) => {
      const records = tx.objectStore(RECORDS);
      const kept = await Promise.all(keep.map((name) => done(records.get(name))));
      for (const part of [RECORDS, OBJECTS, WORDS]) tx.objectStore(part).clear();
      keep.forEach((name, i) => kept[i] !== undefined && records.put(kept[i], name));
    });
  }

  /** Become the one writer, across pages and workers: a function that lets go, or undefined when another holds it.
   * The browser lets go for a page or worker that ends.
   * @returns {Promise<(() => Promise<void>) | undefined>} */
  async lock() {
    this.requireOpen();
    return new Promise((resolve, reject) => {
      const ended = navigator.locks.request(this.name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise((letGo) => {
          resolve(async () => {
            letGo(undefined);
            await ended;
          });
        });
      });
      ended.catch((error) => reject(storageError(error, this.name)));
    });
  }
}

/** @param {Uint8Array} data @param {string} digest @param {[number, number][]} spans */
function joined(data, digest, spans) {
  const wrong = spans.find(([at, length]) => at < 0 || length < 0 || at + length > data.length);
  if (wrong) throw new VademecumError("storage", `object ${digest} has ${data.length} bytes, asked for ${wrong[1]} at ${wrong[0]}`);
  const parts = new Uint8Array(spans.reduce((total, [, length]) => total + length, 0));
  let end = 0;
  for (const [at, length] of spans) {
    parts.set(data.subarray(at, at + length), end);
    end += length;
  }
  return parts;
}
