// @ts-check
/**
 * The preview: on a first visit, what the host shows answers while Python verifies it (site/content/threat-model.md).
 * In memory only, and only if these scripts belong to the tree that they show, on the page's own origin: whoever can change
 * that index could change this very line as well. Elsewhere an app's page would show what nobody has vouched for.
 */

import { TRANSIENT, VademecumError } from "../errors.mjs";
import { parseObject } from "../format/json.mjs";
import { sha256 } from "../format/sha256.mjs";
import { fetchBody, fileAddress, pieces, TIMEOUTS } from "../net/transport.mjs";
import { checkRelease } from "../store/records.mjs";
import { MAX_TIMESTAMP, TIMESTAMP } from "../update/idle_check.mjs";

/** The most bytes of the other metadata, and of the objects together: beyond these, Python alone looks. */
const MAX_METADATA = 4_000_000;
const MAX_OBJECTS = 60_000_000;
/** Python's own files wait for the first hits, but no longer than this, in milliseconds. */
const IDLE_MS = 1_000;

/** @typedef {import("../net/transport.mjs").Body} Body */
/** @typedef {import("../store/records.mjs").InstalledRelease} InstalledRelease */
/** @typedef {{sha256: string, size: number, uncompressed: number}} ObjectRef */

/** Whether a page may preview: its scripts belong to the published tree, on its own origin, and no other page frames it.
 * @param {string} tree @param {URL} client the folder of the scripts */
function mayPreview(tree, client) {
  const { location, self, top } = globalThis;
  return location?.origin === new URL(tree).origin && client.href === new URL("client/", tree).href && top === self;
}

/**
 * @typedef {object} Dependencies
 * @property {string} url of the tree
 * @property {boolean} alone no other host has it
 * @property {URL} client the folder of the scripts
 * @property {string} channel
 * @property {import("./reader.mjs").Reader} reader
 * @property {(name: string, detail: object | null) => void} emit
 */

export class Preview {
  /** What the host showed, by its path, for Python to take up. @type {Map<string, Body>} */
  bodies = new Map();
  #seen = () => {};
  /** One did not verify: the next try, which may be of the same bytes, is looked at by Python alone. */
  #refused = false;

  /** @param {Dependencies} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /** Show what the host has, if nothing is installed; ends when somebody has seen hits, or has not asked for a while. What
   * goes wrong here, Python finds and reports as well; only where the single host was silent, it need not wait once more.
   * @throws {VademecumError} `network`, in that case alone */
  async show() {
    const { url, alone, client, reader, emit } = this.deps;
    if (this.#refused || !mayPreview(url, client) || reader.release || reader.preview) return;
    const began = Date.now();
    await this.#fetch().then(({ release, objects }) => reader.show(release, objects)).catch((error) => {
      if (alone && error.code === "network" && Date.now() - began >= TIMEOUTS.idle) throw error;
    });
    if (!reader.preview) return;
    const { sequence, version } = reader.preview;
    await new Promise((resolve) => {
      this.#seen = () => resolve(undefined);
      setTimeout(resolve, IDLE_MS);
      emit("preview", { sequence, version });
    });
  }

  /** Hits of the preview were shown. */
  seen() {
    this.#seen();
  }

  /** Take it away if what it showed did not verify, or is not for this reader; it stays if the host could not be asked. @param {string} code of the error @returns {Promise<boolean>} whether it was taken away */
  async failed(code) {
    const { reader } = this.deps;
    if (!reader.preview || TRANSIENT.includes(code)) return false;
    this.#refused = true;
    await reader.withdraw();
    return true;
  }

  /** The bodies, once. */
  take() {
    const taken = this.bodies;
    this.bodies = new Map();
    return taken;
  }

  async #fetch() {
    const { meta } = (await this.#json(TIMESTAMP, MAX_TIMESTAMP)).signed;
    const { channel } = this.deps;
    const snapshot = (await this.#json(`metadata/${Number(meta["snapshot.json"].version)}.snapshot.json`)).signed;
    const { release: path, sha256: digest } = snapshot.vademecum.channels[channel];
    const [manifest, targets] = await Promise.all([
      this.#json(`releases/${digest}.${path.split("/").at(-1)}`),
      this.#json(`metadata/${Number(snapshot.meta["targets.json"].version)}.targets.json`),
    ]);
    const { encoder, segments, sequence } = manifest;
    if (targets.signed.vademecum.channels[channel].yanked?.includes(sequence)) throw new VademecumError("empty", "taken back");
    /** @type {ObjectRef[]} */ const refs = [encoder.object, ...segments.map((/** @type {any} */ segment) => segment.object)];
    const total = refs.reduce((sum, ref) => sum + ref.size, 0);
    if (!(refs.reduce((sum, ref) => sum + ref.uncompressed, total) <= MAX_OBJECTS)) throw new VademecumError("budget", "too large");
    const received = refs.map(() => 0);
    const objects = await Promise.all(refs.map((ref, i) => this.#object(ref, (bytes) => {
      received[i] = Math.min(bytes, ref.size);
      const sum = received.reduce((all, count) => all + count, 0);
      const percentage = Math.floor((100 * sum) / total);
      this.deps.emit("updateProgress", { plan: "full", stage: "downloading", percentage, bytes: sum, totalBytes: total });
    })));
    const [encoderDigest, ...segmentDigests] = refs.map((ref) => ref.sha256);
    const release = checkRelease(
      { ...manifest, dimensions: encoder.dimensions, encoder: encoderDigest, segments: segmentDigests, installed: manifest.built },
      "the previewed release",
    );
    return { release, objects };
  }

  /** What the host has under this name: it says what to fetch, and decides nothing. @param {string} path @param {number} [limit] */
  async #json(path, limit = MAX_METADATA) {
    return /** @type {any} */ (parseObject((await this.#get(path, limit)).data, path));
  }

  /** @param {ObjectRef} ref @param {(bytes: number) => void} progress */
  async #object({ sha256: digest, size, uncompressed }, progress) {
    const { data } = await this.#get(`objects/${digest}.gz`, size, progress);
    const content = await inflate(data, uncompressed);
    if ((await sha256(content)) !== digest) throw new VademecumError("content", `${digest} is something else`);
    return content;
  }

  /** @param {string} path @param {number} limit @param {(bytes: number) => void} [progress] */
  async #get(path, limit, progress) {
    const body = await fetchBody(fileAddress(path, this.deps.url), { limit, progress });
    this.bodies.set(path, body);
    return body;
  }
}

/** @param {Uint8Array} data a gzip file @param {number} size that it has to make, and no byte more */
async function inflate(data, size) {
  const content = new Uint8Array(size);
  let at = 0;
  const stream = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (data)]).stream().pipeThrough(new DecompressionStream("gzip"));
  for await (const piece of pieces(stream)) {
    if (at + piece.length > size) throw new VademecumError("content", "larger than its manifest says");
    content.set(piece, at);
    at += piece.length;
  }
  return content;
}
