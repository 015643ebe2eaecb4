// @ts-check
/**
 * The idle check: one small request that tells, without Python, that nothing changed.
 *
 * It only ever answers "as before". Whatever else it finds is for Python to judge.
 */

import { openRecord } from "../store/records.mjs";
import { sha256 } from "../format/sha256.mjs";
import { fetchFirst } from "../net/transport.mjs";

export const TIMESTAMP = "metadata/timestamp.json";
export const MAX_TIMESTAMP = 16_384;
/** Within this age of the last full refresh; config.py has the same. */
export const IDLE_CHECK_AGE_MS = 86_400_000;

/** @typedef {import("../store/store.mjs").IndexedStore} IndexedStore */

/** @typedef {"settled" | "unchanged" | "unknown"} Answer */

/**
 * Compare what the host shows with what was verified here; of several mirrors, what the first shows that answers.
 * The errors are those of `fetchFirst`.
 * @param {IndexedStore} store
 * @param {string[]} urls of the knowledge base and its mirrors
 * @param {string | null} trust the root that the app ships
 * @param {number} now milliseconds
 * @param {string} channel which is followed
 * @returns {Promise<Answer>} settled: the very metadata that were verified not long ago, and Python found nothing to do
 *   about what they name; unchanged: the same metadata, but something is to be done; unknown: Python must look
 */
export async function compare(store, urls, trust, now, channel) {
  const data = await fetchFirst(urls, TIMESTAMP, MAX_TIMESTAMP);
  const names = ["trust/timestamp.json", "trust/pin", "sync", "head"];
  const [timestamp, pin, record, head] = await Promise.all(names.map((name) => store.read(name)));
  const sync = await openRecord(record);
  if (!sameBytes(data, timestamp) || !(await samePin(trust, pin)) || !isFresh(sync, now) || sync.channel !== channel) return "unknown";
  return sync.settled && head ? "settled" : "unchanged"; // a pointer that was lost is nothing installed
}

/** @param {Record<string, any>} sync @param {number} now */
export function isFresh(sync, now) {
  const age = now - Date.parse(sync.checked);
  return age >= 0 && age < IDLE_CHECK_AGE_MS && now < Date.parse(sync.expires);
}

/** A root that the app ships for the first time has to be walked from.
 * @param {string | null} trust
 * @param {Uint8Array | undefined} pin the record: the digest of the root that the app shipped, then that of the stored one */
async function samePin(trust, pin) {
  if (trust === null) return true;
  return (await sha256(new TextEncoder().encode(trust))) === new TextDecoder().decode(pin).split(" ")[0];
}

/** @param {Uint8Array} a @param {Uint8Array | undefined} b */
function sameBytes(a, b) {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Whether Python has not looked yet at the seed that the app ships.
 * @param {IndexedStore} store @param {string | null} seed address of the tree; null: the app ships none
 * @returns {Promise<boolean>} false also where it cannot be read now */
export async function isNewSeed(store, seed) {
  if (!seed) return false;
  try {
    const data = await fetchFirst([seed], TIMESTAMP, MAX_TIMESTAMP);
    return (await sha256(data)) !== (await openRecord(await store.read("seed"))).timestamp;
  } catch {
    return false; // this fails no update: `update` has Python look again, and write down what is wrong
  }
}
