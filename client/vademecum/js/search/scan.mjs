// @ts-check
/** Where vectors are scanned, and by whom: the exact scores of all rows (site/content/format.md, section 4.2), from their vectors as they lie. */

import { VademecumError } from "../errors.mjs";
import { decodeTensors } from "../format/tensors.mjs";
import { Kernel } from "./kernel.mjs";

/** @typedef {import("./passes.mjs").Passes} Passes */

/** The files of segments where they are scanned fastest. Where WebAssembly, its SIMD or memory for it are missing, or the
 * policy of the page forbids it, that is where they are.
 * @param {Uint8Array[]} files @returns {{files: Uint8Array[], kernel: Passes | null}} */
export function place(files) {
  try {
    const tensors = files.map(decodeTensors);
    const count = (/** @type {string} */ name, /** @type {"U64" | "U32"} */ type) => tensors.reduce((sum, file) => sum + file.tensor(name, type, [null]).values.length, 0);
    const dimensions = Math.max(0, ...tensors.map((file) => file.tensor("chunk.vector", "I8", [null, null]).shape[1]));
    const kernel = new Kernel(files, count("chunk.id", "U64"), count("document.sequence", "U32"), dimensions);
    return { files: kernel.files, kernel: /** @type {any} */ (kernel) };
  } catch {
    return { files, kernel: null };
  }
}

/** What stands in for the kernel: few browsers need it. @returns {Promise<Passes>} */
export async function plainPasses() {
  const { Passes } = await import("./passes.mjs").catch(({ message }) => {
    throw new VademecumError("server", message); // it names the module that did not come
  });
  return new Passes();
}
