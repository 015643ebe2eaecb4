// @ts-check
/** An app's own encoder, asked on the page's thread, in place of the release's table. Loaded where an app has one. */

import { VademecumError } from "../errors.mjs";

/** @typedef {import("../vademecum.d.mts").Encode} Encode */
/** @typedef {import("../vademecum.d.mts").OfModel} OfModel */
/** @typedef {import("./reader.mjs").Reader} Reader */

/** What an app makes of the release's own model, once an epoch. @type {WeakMap<Reader, {epoch: string, encode?: Encode, error?: unknown}>} */
const MADE = new WeakMap();

/** Ask the reader with the vector that the app's model has for the query; if it cannot take one yet, with the query alone.
 * The answer says which: `encoder` is `own` or `table`.
 * @param {Encode | OfModel} encoder @param {Reader} reader @param {{query: string, mode?: string}} question */
export async function askWith(encoder, reader, question) {
  const { query, mode } = question;
  const published = typeof encoder !== "function";
  const told = typeof query !== "string" || mode === "lexical" ? null : await reader.ask("space", { query, published });
  const encode = told && (published ? madeOf(reader, told.epoch) : encoder);
  if (!encode) {
    const answer = await reader.ask("search", question);
    if (told && published && MADE.get(reader)?.epoch !== told.epoch) void make(encoder, reader, told.epoch); // it is large: behind the first hits
    return { ...answer, ...(mode !== "lexical" && { encoder: "table" }) };
  }
  const [vector, ...trial] = await Promise.all([told.meant, ...told.trial].map(async (text) => numbers(await encode(text))));
  return reader.ask("search", { ...question, own: { vector, trial, epoch: told.epoch } });
}

/** @param {OfModel} encoder @param {Reader} reader @param {string} epoch */
async function make(encoder, reader, epoch) {
  const made = { epoch };
  MADE.set(reader, made);
  await reader.ask("model", {}).then((files) => encoder.model(files)).then((encode) => Object.assign(made, { encode }), (error) => Object.assign(made, { error }));
}

/** What has been made for this epoch, or nothing yet. Why it failed is told once, then it is tried anew. @param {Reader} reader @param {string} epoch */
function madeOf(reader, epoch) {
  const made = MADE.get(reader);
  if (made?.epoch !== epoch) return undefined;
  if (!("error" in made)) return made.encode;
  MADE.delete(reader);
  throw made.error;
}

/** @param {unknown} vector */
function numbers(vector) {
  if (Object(vector) !== vector) throw new VademecumError("usage", `encoder: it has to return numbers, not ${vector}`);
  return Float64Array.from(/** @type {ArrayLike<number>} */ (vector));
}
