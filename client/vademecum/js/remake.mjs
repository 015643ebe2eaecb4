// @ts-check
/**
 * A database of the right name with the wrong inside, as an eviction or another program may leave it.
 *
 * IndexedDB adds a missing object store at a new version only, and the version is the format's: so the database is
 * deleted and made anew, with the records that there were.
 */

/** @typedef {[IDBValidKey, unknown][]} Entries */

/**
 * @param {IDBDatabase} database
 * @param {[string, string]} names of the records and of the objects, which have an index `size`
 */
export function isWhole(database, [records, objects]) {
  const { objectStoreNames } = database;
  if (!objectStoreNames.contains(records) || !objectStoreNames.contains(objects)) return false;
  return database.transaction(objects).objectStore(objects).indexNames.contains("size");
}

/**
 * @param {IDBDatabase} database
 * @param {string} name
 * @returns {Promise<Entries>}
 */
export async function readRecords(database, name) {
  if (!database.objectStoreNames.contains(name)) return [];
  const tx = database.transaction(name);
  const [keys, values] = [tx.objectStore(name).getAllKeys(), tx.objectStore(name).getAll()];
  await ended(tx);
  return keys.result.map((key, i) => [key, values.result[i]]);
}

/**
 * @param {IDBDatabase} database
 * @param {string} name
 * @param {Entries} entries
 */
export async function writeRecords(database, name, entries) {
  const tx = database.transaction(name, "readwrite", { durability: "strict" });
  for (const [key, value] of entries) tx.objectStore(name).put(value, key);
  await ended(tx);
}

/** @param {IDBTransaction} tx */
function ended(tx) {
  return new Promise((resolve, reject) => {
    tx.oncomplete = resolve;
    tx.onabort = () => reject(tx.error);
  });
}
