// Numbers all that this worker asks of IndexedDB, and lets something happen at one number.
//
// Every opening, transaction, request, made object store or index, and commit is an operation. What is asked is
// real; where it "fails", the browser's own sequence of events is kept: `error` at the request, then `abort` at its
// transaction. Import this before anything that uses IndexedDB.

const opened = new Set();
const live = new Map(); // transactions that have not ended: the requests that each waits for
const real = {
  open: IDBFactory.prototype.open,
  transaction: IDBDatabase.prototype.transaction,
  createObjectStore: IDBDatabase.prototype.createObjectStore,
  createIndex: IDBObjectStore.prototype.createIndex,
  continue: IDBCursor.prototype.continue,
  get: IDBObjectStore.prototype.get,
  abort: IDBTransaction.prototype.abort,
};
const READS = ["get", "openKeyCursor", "continue"];

let plan = { at: -1, fault: "none" };
let operations = [];
let dead = false;
let kept = null;
let strike = () => {};

/** Begin to count anew. `at`: the operation where `fault` happens. */
export function begin(at, fault) {
  plan = { at, fault };
  operations = [];
  dead = false;
}

/** The operations so far: names, in order. */
export function asked() {
  return [...operations];
}

/** At the fault "terminate" somebody is called who ends this worker from outside, and may block till then. */
export function onTermination(call) {
  strike = call;
}

/** Nothing more is asked for, and the transaction in hand stays open, until the worker is ended. */
function waitForTheEnd(name, number, tx) {
  dead = true;
  if (tx) keepOpen(tx);
  strike(name, number);
  throw ended();
}

/** A transaction that has nothing to do would be committed. */
function keepOpen(tx) {
  kept = tx;
  real.get.call(tx.objectStore(tx.objectStoreNames[0]), "").onsuccess = () => keepOpen(tx);
}

IDBTransaction.prototype.abort = function () {
  if (this !== kept) real.abort.call(this); // that one is undone by the end of the worker alone
};

/** Cut all that is going on, as the end of a worker does: nothing uncommitted stays. */
function cut() {
  dead = true;
  for (const tx of live.keys()) abort(tx);
  for (const database of opened) database.close();
  opened.clear();
}

/** The browser closes the connections, and says so. */
function closeByForce() {
  for (const tx of live.keys()) abort(tx);
  for (const database of opened) {
    database.close();
    database.dispatchEvent(new Event("close"));
  }
  opened.clear();
}

function abort(tx) {
  try {
    tx.abort();
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error; // it has ended
  }
}

function ended() {
  return new DOMException("this worker has ended", "AbortError");
}

/** The same where an exception would be nobody's: what ends there is undone from outside. */
function meetQuietly(name, writes, tx) {
  try {
    return meet(name, writes, tx);
  } catch (end) {
    return end;
  }
}

/** Count an operation. The error that it is to fail with, if it is; throws where the worker has ended. */
function meet(name, writes = false, tx = null) {
  if (dead) throw ended();
  const number = operations.push(name) - 1;
  const { at, fault } = plan;
  const here = number === at;
  if (here && fault === "terminate") waitForTheEnd(name, number, tx);
  if (here && fault === "crash") {
    cut();
    throw ended();
  }
  if (here && fault === "closed") closeByForce();
  if (here && fault === "aborted") return new DOMException("the transaction was aborted", "AbortError");
  if (fault === "full" && at >= 0 && number >= at && writes) return new DOMException("no room", "QuotaExceededError");
  const fails = at >= 0 && (fault === "forever" ? number >= at : fault === "once" && here);
  return fails ? new DOMException(`operation ${number}, ${name}`, "UnknownError") : undefined;
}

/** A failure as the browser tells it: the request's error, then the transaction's end. */
function failAtSuccess(request, tx, error) {
  const instead = (event) => {
    event.stopImmediatePropagation();
    Object.defineProperty(request, "error", { value: error, configurable: true });
    Object.defineProperty(tx, "error", { value: error, configurable: true });
    request.dispatchEvent(new Event("error"));
    abort(tx);
  };
  request.addEventListener("success", instead, { capture: true, once: true });
}

/** Count the commit where nothing more was asked for when the last answer had been dealt with. */
function watch(request, tx, first) {
  const waiting = live.get(tx);
  waiting.add(request);
  if (!first) return;
  request.addEventListener("success", () => waiting.delete(request), { capture: true });
  queueMicrotask(() => request.addEventListener("success", () => waiting.size || commit(tx)));
}

function commit(tx) {
  if (plan.fault === "terminate in commit" && operations.length === plan.at) {
    dead = true;
    tx.commit();
    strike("commit", operations.length);
  }
  const error = meetQuietly("commit", tx.writes, tx);
  if (!error || dead) return;
  Object.defineProperty(tx, "error", { value: error, configurable: true });
  abort(tx);
}

function follow(tx) {
  live.set(tx, new Set());
  for (const end of ["complete", "abort"]) tx.addEventListener(end, () => live.delete(tx), { capture: true });
}

function request(name, tx, writes, ask) {
  const error = meet(name, writes, tx);
  const asked = ask();
  if (writes) tx.writes = true;
  watch(asked, tx, name !== "continue");
  if (error) failAtSuccess(asked, tx, error);
  return asked;
}

function wrap(prototype, name) {
  const original = prototype[name];
  prototype[name] = function (...args) {
    const tx = this.transaction ?? this.objectStore.transaction;
    return request(name, tx, !READS.includes(name), () => original.apply(this, args));
  };
}

for (const name of ["get", "put", "delete", "clear"]) wrap(IDBObjectStore.prototype, name);
wrap(IDBIndex.prototype, "openKeyCursor");

IDBCursor.prototype.continue = function (...args) {
  const { transaction } = this.source.objectStore ?? this.source;
  request("continue", transaction, false, () => {
    real.continue.apply(this, args);
    return this.request;
  });
};

IDBDatabase.prototype.transaction = function (...args) {
  const error = meet("transaction");
  if (error) throw new DOMException(error.message, "InvalidStateError");
  const tx = real.transaction.apply(this, args);
  follow(tx);
  return tx;
};

/** Making the database is one transaction. */
function making(name, original) {
  return function (...args) {
    const tx = this.transaction instanceof IDBTransaction ? this.transaction : this.upgrade;
    const error = meetQuietly(name, true);
    if (error) Object.defineProperty(tx, "error", { value: error, configurable: true });
    if (error) queueMicrotask(() => abort(tx));
    return original.apply(this, args);
  };
}
IDBDatabase.prototype.createObjectStore = making("createObjectStore", real.createObjectStore);
IDBObjectStore.prototype.createIndex = making("createIndex", real.createIndex);

IDBFactory.prototype.open = function (...args) {
  const error = meet("open");
  if (error) {
    const failed = { error };
    queueMicrotask(() => failed.onerror(new Event("error")));
    return failed;
  }
  const opening = real.open.apply(this, args);
  opening.addEventListener("upgradeneeded", () => (opening.result.upgrade = opening.transaction), { capture: true });
  opening.addEventListener("success", () => opened.add(opening.result), { capture: true });
  return opening;
};
