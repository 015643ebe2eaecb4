// @ts-check
/** An app's own encoder, asked on the page's thread, in place of the release's table. Loaded where an app has one. */

import { VademecumError } from "../errors.mjs";

/** @typedef {import("../vademecum.d.mts").Encode} Encode */

/** Ask the reader with the vector that the app's model has for the query; where it cannot take one yet, with the query alone.
 * Which of them the answer is of, it says: `encoder`, `own` or `table`.
 * @param {Encode} encode @param {import("./reader.mjs").Reader} reader @param {{query: string, mode?: string}} question */
export async function askWith(encode, reader, question) {
  const { query, mode } = question;
  const told = typeof query !== "string" || mode === "lexical" ? null : await reader.ask("space", { query });
  if (!told) return { ...(await reader.ask("search", question)), ...(mode !== "lexical" && { encoder: "table" }) };
  const [vector, ...trial] = await Promise.all([told.meant, ...told.trial].map(async (text) => numbers(await encode(text))));
  return reader.ask("search", { ...question, own: { vector, trial, epoch: told.epoch } });
}

/** @param {unknown} vector */
function numbers(vector) {
  if (Object(vector) !== vector) throw new VademecumError("usage", `encoder: it has to return numbers, not ${vector}`);
  return Float64Array.from(/** @type {ArrayLike<number>} */ (vector));
}
