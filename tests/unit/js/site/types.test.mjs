// @ts-check
// The page's modules against the client's public types, in the places in which they are published.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const OPTIONS = {
  allowJs: true, checkJs: true, noEmit: true, strict: true, noUnusedLocals: true, noUnusedParameters: true,
  target: "es2023", module: "nodenext", lib: ["es2023", "dom", "dom.iterable"], types: [],
};

test("the page's modules have no type errors", (context) => {
  const tree = mkdtempSync(join(tmpdir(), "vademecum-site-"));
  context.after(() => rmSync(tree, { recursive: true }));
  cpSync(fileURLToPath(new URL("../../../../site/static", import.meta.url)), join(tree, "assets"), { recursive: true });
  cpSync(fileURLToPath(new URL("../../../../client/vademecum/js", import.meta.url)), join(tree, "client"), { recursive: true });
  writeFileSync(join(tree, "tsconfig.json"), JSON.stringify({ compilerOptions: OPTIONS, include: ["assets/*.mjs"] }));
  const compiler = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
  const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", tree], { encoding: "utf8" });
  assert.equal(stdout, "");
  assert.equal(status, 0);
});
