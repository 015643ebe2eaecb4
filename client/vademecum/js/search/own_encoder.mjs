// @ts-check
/**
 * What an app's own encoder takes where queries are answered: the release's directions, and passages that tell whether the
 * vectors are of its model. Loaded where an app has one; search/own_encoder.py is the twin.
 */

import { VademecumError } from "../errors.mjs";
import { plainText } from "../format/markup.mjs";
import { splitHeadings } from "../format/segment.mjs";
import { sha256 } from "../format/sha256.mjs";
import { decodeTensors, requireFormat } from "../format/tensors.mjs";
import { shrink } from "./encoder.mjs";

const FORMATS = { directions: "vademecum.directions.1", model: "vademecum.model.1" };
const TRIED = 3;
const ALIKE = 0.6;
const WHOLE = 1e6;

/** @typedef {import("./searcher.mjs").Searcher} Searcher */
/** @typedef {{sequence: number, digest: string, epoch: string, dimensions: number, encoder: string}} Release */
/** @typedef {{vector: Float64Array, trial: Float64Array[], epoch: string}} Own what an app's encoder said */

/** The store, which keeps files beside an encoder, and what opens its records.
 * @typedef {{read(name: string): Promise<Uint8Array | undefined>, words(encoder: string): Promise<Uint8Array | undefined>} | undefined} Store
 * @typedef {(bytes: Uint8Array | undefined) => Promise<any>} OpenRecord */

/** The space of an installed release; null where a sync has to bring its directions, or its model, first.
 * @param {Store} store @param {OpenRecord} openRecord @param {{release: Release, searcher: Searcher}} opened
 * @param {boolean} published whether the release's own model encodes, whose vectors lie along its directions */
export async function openSpace(store, openRecord, { release, searcher }, published) {
  const found = await keptFile(store, openRecord, release, published ? "model" : "directions");
  if (!found) return null;
  return new Space(release, searcher, (!published && found.file?.tensor("direction", "I8", [null, release.dimensions])) || null);
}

/** The release's own model: files of other programs, as Python has verified them.
 * @param {Store} store @param {OpenRecord} openRecord @param {Release} release */
export async function readModel(store, openRecord, release) {
  const file = (await keptFile(store, openRecord, release, "model"))?.file;
  if (!file) throw new VademecumError("content", "the release's model is damaged or gone; update to repair it");
  const [onnx, tokenizer] = ["onnx", "tokenizer"].map((name) => file.tensor(name, "U8", [null]).values.slice());
  return { onnx, tokenizer };
}

/** What a release brings beside its table; null where a sync has to fetch it first. A release of all dimensions has no directions.
 * @param {Store} store @param {OpenRecord} openRecord @param {Release} release @param {"directions" | "model"} name */
async function keptFile(store, openRecord, release, name) {
  const { kept = [] } = await openRecord(await store?.read("manifests"));
  /** @type {{sequence: number, digest: string, encoder: Record<string, {sha256: string}>}[]} */
  const manifests = kept.map((/** @type {{manifest: string}} */ { manifest }) => JSON.parse(manifest));
  const manifest = manifests.find(({ sequence, digest }) => sequence === release.sequence && digest === release.digest);
  const ref = manifest?.encoder[name];
  if (!ref) return manifest && name === "directions" ? { file: null } : null;
  const bytes = await store?.words(release.encoder);
  if (!bytes || (await sha256(bytes)) !== ref.sha256) return null;
  const file = decodeTensors(bytes);
  requireFormat(file, FORMATS[name]);
  return { file };
}

class Space {
  #checked = false;

  /** @param {Release} release @param {Searcher} searcher @param {{shape: number[], values: Int8Array} | null} directions */
  constructor({ epoch, dimensions }, searcher, directions) {
    this.epoch = epoch;
    this.dimensions = dimensions;
    this.searcher = searcher;
    this.directions = directions?.values ?? null;
    this.width = directions?.shape[0] ?? dimensions;
  }

  /** Passages to encode beside the first query. @returns {string[]} */
  get trial() {
    return this.#checked ? [] : this.#tried().map((row) => this.#text(row));
  }

  /** The query as the scan takes it. @param {Own} own @returns {Int8Array} */
  vector({ vector, trial }) {
    if (!this.#checked) this.#check(trial);
    this.#checked = true;
    return this.#integers(vector);
  }

  /** @param {Float64Array[]} vectors */
  #check(vectors) {
    const { meaning, room } = this.searcher;
    const cosines = this.#tried().map((row, i) => {
      meaning.turnTo(this.#integers(vectors[i]), 0, room.picked);
      return meaning.scores[row] / meaning.unit;
    });
    const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length;
    if (mean >= ALIKE || cosines.length === 0) return;
    const where = `passages lie at a cosine of ${mean.toFixed(2)} from where they should. Use that model, with its pooling`;
    throw new VademecumError("usage", `encoder: its vectors are not those of ${this.#name}, which made this release's: ${where}`);
  }

  /** @param {Float64Array} vector of the model */
  #integers(vector) {
    const fits = vector?.length === this.width;
    if (!fits || !vector.every(Number.isFinite)) {
      const told = `${this.width} finite numbers, as ${this.#name} does that made this release's vectors`;
      const given = fits ? "not all of them are finite" : `not ${vector?.length}`;
      throw new VademecumError("usage", `encoder: it has to return ${told}: ${given}`);
    }
    const length = Math.hypot(...vector) || 1;
    const turned = this.directions ? new Float64Array(this.dimensions) : vector;
    this.directions?.forEach((direction, at) => (turned[at % this.dimensions] += direction * vector[Math.floor(at / this.dimensions)]));
    return shrink(turned.map((value) => Math.round((value / length) * WHOLE)));
  }

  get #name() {
    return this.searcher.encoder.name;
  }

  #tried() {
    const { owners } = this.searcher.generation;
    const live = [...owners.keys()].filter((row) => owners[row] >= 0);
    const count = Math.min(TRIED, live.length);
    return Array.from({ length: count }, (_, i) => live[Math.floor((i * (live.length - 1)) / Math.max(1, count - 1))]);
  }

  /** What the builder's encoder read of a passage (format.md, section 4.6). @param {number} row */
  #text(row) {
    const { generation } = this.searcher;
    const { segment, row: at } = generation.place(row);
    const owner = generation.documents[generation.owners[row]];
    const parts = [owner.segment.titles.at(owner.row), ...splitHeadings(segment.headings.at(at)), plainText(segment.texts.at(at))];
    return parts.filter(Boolean).join("\n");
  }
}
