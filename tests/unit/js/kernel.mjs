// Builds the scan's kernel: `npm run kernel` writes it where the client reads it.

import { readFileSync, writeFileSync } from "node:fs";
import wabt from "wabt";

const FOLDER = new URL("../../../client/vademecum/js/search/", import.meta.url);

/** kernel.wat in WebAssembly, in hexadecimal. */
export async function build() {
  const module = (await wabt()).parseWat("kernel.wat", readFileSync(new URL("kernel.wat", FOLDER)), { simd: true });
  module.validate();
  return Buffer.from(module.toBinary({}).buffer).toString("hex");
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const file = new URL("kernel.mjs", FOLDER);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/(BINARY =\s+)".*";/, `$1"${await build()}";`));
}
