// @ts-check
/** Whether Python has looked at the seed that the app ships. Nothing of it is judged here. */

import { openRecord } from "../store/records.mjs";
import { MAX_TIMESTAMP, TIMESTAMP } from "./idle_check.mjs";
import { sha256 } from "../format/sha256.mjs";
import { fetchFirst } from "../net/transport.mjs";

/** @typedef {import("../store/store.mjs").IndexedStore} IndexedStore */

/** @param {IndexedStore} store @param {string | null} seed address of the tree; null: the app ships none
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
