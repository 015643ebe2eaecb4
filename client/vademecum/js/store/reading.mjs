// @ts-check
/**
 * The store in the browser: one IndexedDB database a knowledge base (site/content/format.md, section 8).
 *
 * It keeps records, objects and the writer's lock, and decides nothing about them. The query worker reads, and keeps the
 * words of what it read; writers use store.mjs. A connection that the browser or another page closes is opened again
 * at the next use.
 */

import { done, inTime, OBJECTS, openWhole, RECORDS, storageError, WORDS } from "./database.mjs";
import { VademecumError } from "../errors.mjs";

/** The longest wait for other pages to let go of the database, in milliseconds. A slow disk needs some of it. */
const STORE_PATIENCE = 15_000;

/** @typedef {{data: Uint8Array, size: number}} StoredObject the index `size` lists sizes without reading data */
/** @typedef {{head: Uint8Array | undefined, objects: Uint8Array[]}} Snapshot */

export class ReadStore {
  /** @type {Promise<IDBDatabase> | null} the one that is open, or on its way */
  #connection = null;
  #closed = false;

  /** @param {string} url of the knowledge base, as it is in the database's name @param {{patience?: number}} [options] */
  constructor(url, { patience = STORE_PATIENCE } = {}) {
    this.name = storeName(url);
    this.patience = patience;
  }

  /** @param {string} name @returns {Promise<Uint8Array | undefined>} */
  read(name) {
    return this.transact("readonly", [RECORDS], (tx) => done(tx.objectStore(RECORDS).get(name)));
  }

  /** @param {string} digest @returns {Promise<Uint8Array | undefined>} */
  get(digest) {
    return this.transact("readonly", [OBJECTS], (tx) => getObject(tx, digest));
  }

  /** What was kept as the words of an object. @param {string} digest @returns {Promise<Uint8Array | undefined>} */
  words(digest) {
    return this.transact("readonly", [WORDS], (tx) => done(tx.objectStore(WORDS).get(digest)));
  }

  /** Keep the words of an object; of one that is not stored nothing is kept.
   * @param {string} digest @param {Uint8Array} words @returns {Promise<void>} */
  keepWords(digest, words) {
    return this.transact("readwrite", [OBJECTS, WORDS], async (tx) => {
      if (await done(tx.objectStore(OBJECTS).count(digest))) tx.objectStore(WORDS).put(compact(words), digest);
      tx.commit();
    });
  }

  /** The pointer and the objects that it names, as they are at one moment.
   * @param {(head: Uint8Array) => string[]} name digests that the head needs @returns {Promise<Snapshot>} */
  snapshot(name) {
    return this.transact("readonly", [RECORDS, OBJECTS], async (tx) => {
      /** @type {Uint8Array | undefined} */ const head = await done(tx.objectStore(RECORDS).get("head"));
      const objects = await Promise.all((head ? name(head) : []).map((digest) => requireObject(tx, digest)));
      return { head, objects };
    });
  }

  /** Closing twice is fine. A connection that is on its way is closed when it comes: another page may hold it up. */
  async close() {
    this.#closed = true;
    this.#connection?.then((database) => database.close(), () => undefined);
    this.#connection = null;
  }

  /** Run one transaction; what `body` returns counts only once it has been committed. @template T @param {IDBTransactionMode} mode
   * @param {string[]} names @param {(tx: IDBTransaction) => Promise<T>} body @returns {Promise<T>} @protected */
  async transact(mode, names, body) {
    const tx = await this.#begin(mode, names);
    const committed = new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error ?? new VademecumError("storage", `${this.name}: the transaction was undone`));
    });
    try {
      const [result] = await Promise.all([abortOnError(tx, () => this.#inTurn(tx, names[0]).then(() => body(tx))), committed]);
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

  /** Wait until those before it have let go, but not for ever: `busy`. In WebKit a transaction of a worker that was ended in
   * the middle may hold up all others. @param {IDBTransaction} tx @param {string} name of one of its parts */
  #inTurn(tx, name) {
    return inTime(done(tx.objectStore(name).count("")), this.name, this.patience);
  }

  /** Throws `busy` where another page does not let go; what is on its way is waited for again at the next use.
   * @returns {Promise<IDBDatabase>} */
  async #open() {
    this.requireOpen();
    this.#connection ??= this.#connect();
    return inTime(this.#connection, this.name, this.patience);
  }

  /** @protected */
  requireOpen() {
    if (this.#closed) throw new VademecumError("storage", `${this.name}: this store is closed; open it again`);
  }

  async #connect() {
    try {
      const database = await openWhole(this.name);
      database.onclose = () => (this.#connection = null);
      database.onversionchange = () => {
        this.#connection = null;
        database.close();
      };
      return database;
    } catch (error) {
      this.#connection = null;
      throw error;
    }
  }
}

/** The name of the database, of its lock, and of the channel between pages; without the query, which may be a key that
 * expires.
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

/** @template T @param {IDBTransaction} tx @param {(tx: IDBTransaction) => Promise<T>} body */
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

/** A view of a part would store the whole buffer behind it (for bytes from Python: all of its memory).
 * @param {Uint8Array} data */
export function compact(data) {
  return data.byteLength === data.buffer.byteLength ? data : data.slice();
}
