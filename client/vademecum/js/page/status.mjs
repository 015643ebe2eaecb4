// @ts-check
/** What is known of a knowledge base, from its store and from this page: the keys of `Engine.status` in engine.py, and `state`, `mode`, `offer`, `preview`. */

import { TRANSIENT } from "../errors.mjs";
import { parseObject } from "../format/json.mjs";
import { openHead, openRecord } from "../store/records.mjs";

/** @typedef {import("../vademecum.d.mts").Status} Status */
/** @typedef {import("../store/store.mjs").IndexedStore} IndexedStore */

/** @param {import("../store/records.mjs").InstalledRelease | null} release
 * @returns {import("../vademecum.d.mts").LocalVersion | null} */
export function versionOf(release) {
  if (!release) return null;
  const { encoder, segments, ...version } = release;
  return version;
}

/** @param {IndexedStore} store @param {import("../update/updates.mjs").Updates} updates of this page
 * @param {Status["policy"]} policy @param {Pick<import("./reader.mjs").Reader, "preview" | "local">} reader
 * @returns {Promise<Status>} */
export async function readStatus(store, { state, error, judged: offer, contacted }, policy, { preview, local }) {
  const records = Promise.all(["head", "sync", "seed", "trust/pin", "trust/targets.json"].map((name) => store.read(name)));
  const [[headBytes, syncBytes, seedBytes, pin, targets], objects] = await Promise.all([records, store.objects()]);
  const head = await openHead(headBytes);
  const [sync, seed] = await Promise.all([openRecord(syncBytes), openRecord(seedBytes)]);
  const last = error ?? (Date.parse(sync.error?.time) > contacted ? sync.error : null);
  return {
    state,
    mode: policy.mode,
    policy,
    channels: channelsOf(targets),
    installed: versionOf(head.current),
    preview: versionOf(preview),
    local: local && { documents: local.documents, chunks: local.chunks },
    previous: versionOf(head.previous),
    pinned: head.pinned,
    refused: head.refused,
    reasons: Object.fromEntries(head.reasons),
    latest: sync.latest ?? null,
    yanked: sync.yanked ?? [],
    reason: sync.reason ?? null,
    offer,
    checked: sync.checked ?? null,
    contacted: Date.parse(sync.contacted) > contacted ? sync.contacted : contacted ? new Date(contacted).toISOString() : null,
    expires: sync.expires ?? null,
    expired: Date.parse(sync.expires) <= Date.now(),
    staleSince: sync.staleSince ?? null,
    seed: seed.code ? { code: seed.code, message: seed.message } : null,
    lastError: last && { code: last.code, message: last.message, at: last.time, transient: TRANSIENT.includes(last.code) },
    firstUse: new TextDecoder().decode(pin).split(" ")[0] === "first-use",
    bytes: objects.reduce((total, [, size]) => total + size, 0),
    objects: objects.length,
  };
}

/** The channels that verified targets name; none of what cannot be read. @param {Uint8Array | undefined} targets the record */
function channelsOf(targets) {
  try {
    return targets ? Object.keys(/** @type {any} */ (parseObject(targets, "targets")).signed.vademecum.channels).sort() : [];
  } catch {
    return [];
  }
}

/** The answer to a check that found the host to show what it showed before.
 * @param {IndexedStore} store @returns {Promise<import("../vademecum.d.mts").Check>} */
export async function nothingNew(store) {
  const [head, record] = await Promise.all([store.read("head"), store.read("sync")]);
  const { latest, reason = null } = await openRecord(record);
  const installed = (await openHead(head)).current?.sequence ?? null;
  return { available: false, ...latest, plan: "none", bytes: 0, installed, reason, cost: 0, documents: null, critical: false, decision: "wait" };
}
