// @ts-check
/**
 * The database of a knowledge base: its parts, and how it is opened (site/content/format.md, section 8).
 *
 * IndexedDB adds a part at a higher version only. So all versions below NEWER_FORMAT are of this format: a database is
 * made at the first, and each mending of one that lacks a part, as half an eviction or another program may leave it,
 * takes the next. That is one transaction: whatever ends it or holds it up, what the database holds stays.
 */

import { asError, VademecumError } from "../errors.mjs";

export const NEWER_FORMAT = 1_000_000;
export const RECORDS = "records";
export const OBJECTS = "objects";
export const WORDS = "words";

/** Open a database, made or mended where there is need. Takes as long as others hold on to it: see `inTime`.
 * @param {string} name @returns {Promise<IDBDatabase>} */
export async function openWhole(name) {
  const database = await requested(name);
  let whole = false;
  try {
    whole = isWhole(database);
  } finally {
    if (!whole) database.close(); // a connection that nobody has would hold up whoever deletes the database
  }
  return whole ? database : requested(name, database.version + 1);
}

/** @param {string} name @param {number} [version] none: as it is, or the first @returns {Promise<IDBDatabase>} */
async function requested(name, version) {
  const request = indexedDB.open(name, version);
  /** @type {IDBTransaction | null} */ let making = null;
  request.onupgradeneeded = () => {
    making = request.transaction;
    if (making) complete(making);
  };
  const database = await done(request).catch((error) => {
    // The request only says that the making was undone; why, its transaction knows: no room, say.
    throw /** @type {IDBTransaction | null} */ (making)?.error ?? error;
  });
  if (database.version < NEWER_FORMAT) return database;
  database.close();
  throw newerFormat(name);
}

/** @param {IDBDatabase} database */
function isWhole(database) {
  const { objectStoreNames: parts } = database;
  if (![RECORDS, OBJECTS, WORDS].every((part) => parts.contains(part))) return false;
  return database.transaction(OBJECTS).objectStore(OBJECTS).indexNames.contains("size");
}

/** Add what is missing. @param {IDBTransaction} tx of an upgrade */
function complete(tx) {
  const { objectStoreNames: parts } = tx.db;
  for (const part of [RECORDS, WORDS]) if (!parts.contains(part)) tx.db.createObjectStore(part);
  const objects = parts.contains(OBJECTS) ? tx.objectStore(OBJECTS) : tx.db.createObjectStore(OBJECTS);
  if (!objects.indexNames.contains("size")) objects.createIndex("size", "size");
}

/** Wait for an opening, but not for ever on pages that do not let go: `busy`. What was begun goes on.
 * IndexedDB tells a request of such pages (`blocked`), but not those that wait behind it. @template T @param {Promise<T>} opening
 * @param {string} name @param {number} patience milliseconds @returns {Promise<T>} */
export function inTime(opening, name, patience) {
  return new Promise((resolve, reject) => {
    const why = `${name}: another page has kept the store for ${patience / 1000} s; close it, or try again later`;
    const late = setTimeout(() => reject(new VademecumError("busy", why)), patience);
    opening.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {unknown} error @param {string} name @returns {VademecumError} */
export function storageError(error, name) {
  if (error instanceof VademecumError) return error;
  const { name: kind, message } = /** @type {DOMException} */ (Object(error));
  if (kind === "QuotaExceededError") {
    const why = message && ` (${message})`;
    return new VademecumError("quota", `${name}: the browser's storage is full; free some space${why}`);
  }
  if (kind === "VersionError") return newerFormat(name); // since it was looked at, a newer app has changed it
  return new VademecumError("storage", `${name}: ${kind ?? "Error"}: ${message ?? asError(error).message}`);
}

/** @param {string} name */
function newerFormat(name) {
  return new VademecumError("newer-format", `${name}: written by a newer version of this app; reload or update it`);
}
