// @ts-check
/**
 * The store in the browser: one IndexedDB database a knowledge base (site/content/format.md, section 8).
 *
 * It keeps records, objects and the writer's lock, and decides nothing about them. The query worker, the page
 * and, through runtime/browser.py, the engine use it. A connection that the browser or another page closes is
 * opened again at the next use.
 */

import { done, inTime, OBJECTS, openWhole, RECORDS, storageError, WORDS } from "./database.mjs";
import { VademecumError } from "../errors.mjs";

/** The longest wait for other pages to let go of the database, in milliseconds. A slow disk needs some of it. */
const PATIENCE = 15_000;
const MOST_RECENT = 3;

/** @typedef {{data: Uint8Array, size: number}} StoredObject the index `size` lists sizes without reading data */
/** @typedef {{head: Uint8Array | undefined, objects: Uint8Array[]}} Snapshot */

export class IndexedStore {
  /** @type {Promise<IDBDatabase> | null} the one that is open, or on its way */
  #connection = null;
  #closed = false;
  /** @type {Map<string, Uint8Array>} what `parts` read last: IndexedDB gives whole values only, and slowly */
  #recent = new Map();

  /** @param {string} url of the knowledge base, as it is in the database's name @param {{patience?: number}} [options] */
  constructor(url, { patience = PATIENCE } = {}) {
    this.name = storeName(url);
    this.patience = patience;
  }

  /** @param {string} name @returns {Promise<Uint8Array | undefined>} */
  read(name) {
    return this.#transact("readonly", [RECORDS], (tx) => done(tx.objectStore(RECORDS).get(name)));
  }

  /** Set (bytes) or delete (nothing) all of these records, atomically and durably.
   * @param {Iterable<[string, Uint8Array | null | undefined]>} entries @returns {Promise<void>} */
  write(entries) {
    return this.#transact("readwrite", [RECORDS], async (tx) => {
      const records = tx.objectStore(RECORDS);
      for (const [name, value] of entries) {
        if (value) records.put(compact(value), name);
        else records.delete(name);
      }
    });
  }

  /** The digests of all objects with their sizes in bytes. @returns {Promise<[string, number][]>} */
  objects() {
    return this.#transact("readonly", [OBJECTS], async (tx) => {
      /** @type {[string, number][]} */ const sizes = [];
      const request = tx.objectStore(OBJECTS).index("size").openKeyCursor();
      for (let cursor = await done(request); cursor; cursor = await done(request)) {
        sizes.push([String(cursor.primaryKey), Number(cursor.key)]);
        cursor.continue();
      }
      return sizes;
    });
  }

  /** @param {string} digest @returns {Promise<Uint8Array | undefined>} */
  get(digest) {
    return this.#transact("readonly", [OBJECTS], (tx) => getObject(tx, digest));
  }

  /** These spans of an object, one after another; nothing when it is not stored.
   * @param {string} digest @param {[number, number][]} spans offset and length
   * @returns {Promise<Uint8Array | undefined>} */
  async parts(digest, spans) {
    const data = this.#recent.get(digest) ?? (await this.get(digest));
    if (!data) return undefined;
    this.#requireOpen();
    this.#recent.delete(digest);
    this.#recent.set(digest, data);
    if (this.#recent.size > MOST_RECENT) this.#recent.delete(this.#recent.keys().next().value ?? "");
    return joined(data, digest, spans);
  }

  /** @param {string} digest @param {Uint8Array} data @returns {Promise<void>} */
  put(digest, data) {
    this.#recent.delete(digest);
    return this.#transact("readwrite", [OBJECTS], async (tx) => {
      tx.objectStore(OBJECTS).put({ data: compact(data), size: data.length }, digest);
    });
  }

  /** Delete these objects and their words, all or none of them. @param {Iterable<string>} digests @returns {Promise<void>} */
  discard(digests) {
    this.#recent.clear();
    return this.#transact("readwrite", [OBJECTS, WORDS], async (tx) => {
      for (const digest of digests) for (const part of [OBJECTS, WORDS]) tx.objectStore(part).delete(digest);
    });
  }

  /** What was kept as the words of an object. @param {string} digest @returns {Promise<Uint8Array | undefined>} */
  words(digest) {
    return this.#transact("readonly", [WORDS], (tx) => done(tx.objectStore(WORDS).get(digest)));
  }

  /** Keep the words of an object; of one that is not stored nothing is kept.
   * @param {string} digest @param {Uint8Array} words @returns {Promise<void>} */
  keepWords(digest, words) {
    return this.#transact("readwrite", [OBJECTS, WORDS], async (tx) => {
      if (await done(tx.objectStore(OBJECTS).count(digest))) tx.objectStore(WORDS).put(compact(words), digest);
    });
  }

  /** The pointer and the objects that it names, as they are at one moment.
   * @param {(head: Uint8Array) => string[]} name digests that the head needs @returns {Promise<Snapshot>} */
  snapshot(name) {
    return this.#transact("readonly", [RECORDS, OBJECTS], async (tx) => {
      /** @type {Uint8Array | undefined} */ const head = await done(tx.objectStore(RECORDS).get("head"));
      const objects = await Promise.all((head ? name(head) : []).map((digest) => requireObject(tx, digest)));
      return { head, objects };
    });
  }

  /** Forget everything but these records, in one transaction. @param {string[]} keep @returns {Promise<void>} */
  clear(keep) {
    this.#recent.clear();
    return this.#transact("readwrite", [RECORDS, OBJECTS, WORDS], async (tx) => {
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
    this.#requireOpen();
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

  /** Closing twice is fine. A connection that is on its way is closed when it comes: another page may hold it up. */
  async close() {
    this.#closed = true;
    this.#recent.clear();
    this.#connection?.then((database) => database.close(), () => undefined);
    this.#connection = null;
  }

  /**
   * Run one transaction; what `body` returns counts only once it has been committed.
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {string[]} names
   * @param {(tx: IDBTransaction) => Promise<T>} body
   * @returns {Promise<T>}
   */
  async #transact(mode, names, body) {
    const tx = await this.#begin(mode, names);
    const committed = new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error ?? new VademecumError("storage", `${this.name}: the transaction was undone`));
    });
    try {
      const [result] = await Promise.all([abortOnError(tx, body), committed]);
      return result;
    } catch (error) {
      throw storageError(error, this.name);
    }
  }

  /** @param {IDBTransactionMode} mode @param {string[]} names @returns {Promise<IDBTransaction>} */
  async #begin(mode, names) {
    const start = async () => (await this.#open()).transaction(names, mode, { durability: "strict" });
    const again = (/** @type {unknown} */ error) => {
      if (!(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
      this.#connection = null; // the browser closed it before it could say so
      return start();
    };
    try {
      return await start().catch(again);
    } catch (error) {
      throw storageError(error, this.name);
    }
  }

  /** Throws `busy` where another page does not let go; what is on its way is waited for again at the next use.
   * @returns {Promise<IDBDatabase>} */
  async #open() {
    this.#requireOpen();
    this.#connection ??= this.#connect();
    return inTime(this.#connection, this.name, this.patience);
  }

  #requireOpen() {
    if (this.#closed) throw new VademecumError("storage", `${this.name}: this store is closed; open it again`);
  }

  async #connect() {
    try {
      const database = await openWhole(this.name);
      database.onclose = () => this.#forget();
      database.onversionchange = () => {
        this.#forget();
        database.close();
      };
      return database;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget() {
    this.#connection = null;
  }
}

/** The name of the database, of its lock, and of the channel between pages. A query may be a key that expires: it is left out.
 * @param {string} url */
export function storeName(url) {
  return `vademecum:${url.split("?")[0]}`;
}

/** @param {IDBTransaction} tx @param {string} digest @returns {Promise<Uint8Array | undefined>} */
async function getObject(tx, digest) {
  /** @type {StoredObject | undefined} */ const found = await done(tx.objectStore(OBJECTS).get(digest));
  return found?.data;
}

/** @param {IDBTransaction} tx @param {string} digest */
async function requireObject(tx, digest) {
  const data = await getObject(tx, digest);
  if (!data) throw new VademecumError("content", `the installed release lacks its object ${digest}; update to repair it`);
  return data;
}

/**
 * @template T
 * @param {IDBTransaction} tx
 * @param {(tx: IDBTransaction) => Promise<T>} body
 */
async function abortOnError(tx, body) {
  try {
    return await body(tx);
  } catch (error) {
    try {
      tx.abort();
    } catch {
      // It has ended by itself, and why is what gets reported.
    }
    throw tx.error ?? error;
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

/** A view of a part would store the whole buffer behind it (for bytes from Python: all of its memory).
 * @param {Uint8Array} data */
function compact(data) {
  return data.byteLength === data.buffer.byteLength ? data : data.slice();
}
