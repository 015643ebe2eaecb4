// @ts-check
/**
 * The idle check: one small request that tells, without Python, that nothing changed.
 *
 * It only ever answers "as before". Whatever else it finds is for Python to judge.
 */

import { asError } from "../errors.mjs";
import { decodeHead, decodeRecord } from "../store/records.mjs";
import { telling } from "./mirrors.mjs";
import { sha256 } from "../format/sha256.mjs";
import { fetchBody } from "../net/transport.mjs";

export const TIMESTAMP = "metadata/timestamp.json";
export const MAX_TIMESTAMP = 16_384;
/** Within this age of the last full refresh; config.py has the same. */
export const IDLE_CHECK_AGE_MS = 86_400_000;

/** @typedef {import("../store/store.mjs").IndexedStore} IndexedStore */

/** @typedef {"settled" | "unchanged" | "unknown"} Answer */

/**
 * Compare what the host shows with what was verified here; of several mirrors, what the first shows that answers. The errors are those
 * of `fetchBody`, when no mirror answers.
 * @param {IndexedStore} store
 * @param {string[]} urls of the knowledge base and its mirrors
 * @param {string | null} trust the root that the app ships
 * @param {number} now milliseconds
 * @returns {Promise<Answer>} settled: the very metadata that were verified not long ago, and what they name is
 *   installed, or is not to be; unchanged: the same metadata, but something is to be done; unknown: Python must look
 */
export async function compare(store, urls, trust, now) {
  const data = await ask(urls);
  if (data === null) return "unknown";
  const names = ["trust/timestamp.json", "trust/pin", "head", "sync"];
  const [timestamp, pin, head, record] = await Promise.all(names.map((name) => store.read(name)));
  const sync = decodeRecord(record);
  if (!sameBytes(data, timestamp) || !(await samePin(trust, pin)) || !isFresh(sync, now)) return "unknown";
  return isSettled(decodeHead(head), sync) ? "settled" : "unchanged";
}

/**
 * The timestamp of the first mirror that answers; null where there is none to ask.
 * @param {string[]} urls
 */
async function ask(urls) {
  const errors = [];
  for (const url of urls) {
    try {
      const { data } = await fetchBody(new URL(TIMESTAMP, url).href, { limit: MAX_TIMESTAMP });
      return data;
    } catch (error) {
      errors.push(asError(error));
    }
  }
  if (errors.length === 0) return null;
  throw telling(errors);
}

/**
 * @param {Record<string, any>} sync
 * @param {number} now
 */
export function isFresh(sync, now) {
  const age = now - Date.parse(sync.checked);
  return age >= 0 && age < IDLE_CHECK_AGE_MS && now < Date.parse(sync.expires);
}

/**
 * @param {import("../store/records.mjs").Head} head
 * @param {Record<string, any>} sync
 */
export function isSettled({ current, pinned, refused }, sync) {
  const latest = sync.latest?.sequence;
  if (!current || latest === undefined) return false;
  if (sync.yanked?.includes(latest)) return true;
  return latest <= current.sequence || refused.includes(latest) || (pinned !== null && pinned !== latest);
}

/**
 * A root that the app ships for the first time has to be walked from.
 * @param {string | null} trust
 * @param {Uint8Array | undefined} pin the record: the digest of the root that the app shipped
 */
async function samePin(trust, pin) {
  if (trust === null) return true;
  return (await sha256(new TextEncoder().encode(trust))) === new TextDecoder().decode(pin);
}

/**
 * @param {Uint8Array} a
 * @param {Uint8Array | undefined} b
 */
export function sameBytes(a, b) {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
