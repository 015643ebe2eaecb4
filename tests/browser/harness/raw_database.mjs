// A whole database, read and written past the store of the product.
const STORES = ["records", "objects"];

/** Make the database hold exactly this, in hex; nothing: there is none. */
export async function fill(name, content) {
  if (!content) return void (await remove(name));
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => create(opening.result);
  const database = await done(opening);
  const tx = database.transaction(STORES, "readwrite", { durability: "relaxed" });
  for (const store of STORES) tx.objectStore(store).clear();
  for (const [key, hex] of Object.entries(content.records)) tx.objectStore("records").put(bytes(hex), key);
  for (const [key, hex] of Object.entries(content.objects)) {
    const data = bytes(hex);
    tx.objectStore("objects").put({ data, size: data.length }, key);
  }
  await ended(tx);
  database.close();
}

/** All that the database holds, in hex; of one that is not there, or has nothing in it yet: nothing. */
export async function dump(name) {
  const there = (await indexedDB.databases()).some((database) => database.name === name);
  if (!there) return { records: {}, objects: {} };
  const database = await done(indexedDB.open(name));
  const tx = database.transaction(STORES, "readonly");
  const [records, objects] = await Promise.all(STORES.map((store) => entries(tx.objectStore(store))));
  database.close();
  if (objects.some(([, { data, size }]) => data.length !== size)) throw new Error("an object with a wrong size");
  return {
    records: Object.fromEntries(records.map(([key, data]) => [key, hex(data)])),
    objects: Object.fromEntries(objects.map(([key, { data }]) => [key, hex(data)])),
  };
}

/** The records alone, in hex, of a database that may lack its other parts; nothing where it lacks them. */
export async function readRecords(name) {
  const database = await done(indexedDB.open(name));
  const there = database.objectStoreNames.contains("records");
  const found = there ? await entries(database.transaction("records").objectStore("records")) : [];
  database.close();
  return Object.fromEntries(found.map(([key, data]) => [key, hex(data)]));
}

/** A connection that is not let go is a mistake of what is tested: it is not waited for. */
function remove(name) {
  const request = indexedDB.deleteDatabase(name);
  return new Promise((resolve, reject) => {
    request.onsuccess = resolve;
    request.onerror = request.onblocked = () => reject(new Error(`${name} is still open, or cannot be deleted`));
  });
}

function create(database) {
  for (const store of ["records", "words"]) database.createObjectStore(store);
  database.createObjectStore("objects").createIndex("size", "size");
}

async function entries(store) {
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  return keys.map((key, i) => [key, values[i]]);
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function ended(tx) {
  return new Promise((resolve, reject) => Object.assign(tx, { oncomplete: resolve, onabort: () => reject(tx.error) }));
}

function bytes(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function hex(data) {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
