import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { EVENTS, KnowledgeBase, MODES, VademecumError } from "../../../client/vademecum/js/vademecum.mjs";

const folder = new URL("../../../client/vademecum/js/", import.meta.url);
const declarations = readFileSync(new URL("vademecum.d.mts", folder), "utf8");

/** The names of the members of one declared class or interface. */
function declared(kind, name) {
  const body = declarations.split(`${kind} ${name} `)[1].split("\n}")[0];
  return [...body.matchAll(/^ {2}(?:readonly |get )?(\w+)[<(?:]/gm)].map(([, member]) => member).sort();
}

test("the class has the methods that are declared, and no others", () => {
  const members = [...Object.getOwnPropertyNames(KnowledgeBase.prototype), ...Object.keys(new KnowledgeBase({ url: "http://127.0.0.1/" }))];
  assert.deepEqual(members.sort(), declared("declare class", "KnowledgeBase"));
});

test("events, modes and codes are those that are declared", () => {
  assert.deepEqual([...EVENTS].sort(), declared("interface", "Events"));
  assert.deepEqual(`${declarations.match(/type Mode = (.*);/)[1]}`.split(" | ").map((mode) => JSON.parse(mode)), [...MODES]);
});

test("the options that an error names are those that are declared", () => {
  const { message } = thrown(() => new KnowledgeBase({ url: "https://example.org/", turst: "{}" }));
  const body = declarations.split("interface KnowledgeBaseOptions ")[1].split("\n}")[0];
  const names = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
  assert.deepEqual(message.split(", but ")[1].split(", ").sort(), names.sort());
});

function thrown(call) {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

test("every code that JavaScript gives an error is declared", () => {
  const codes = declarations.match(/type ErrorCode =([^;]*);/)[1].match(/[\w-]+/g);
  for (const name of readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".mjs"))) {
    const text = readFileSync(new URL(name, folder), "utf8");
    for (const [, code] of text.matchAll(/VademecumError\("([\w-]+)"/g)) assert.ok(codes.includes(code), `${name}: ${code}`);
  }
});

test("the address of the tree is kept as it is written, and its path ends with a slash", () => {
  const url = (text) => new KnowledgeBase({ url: text }).url;
  assert.equal(url("https://example.org/kb"), "https://example.org/kb/");
  assert.equal(url("https://example.org/k%2Fb/?a=%23#b"), "https://example.org/k%2Fb/?a=%23");
  assert.equal(url(new URL("https://example.org")), "https://example.org/");
});

test("mistakes of the app are said before anything is started", async () => {
  const kb = new KnowledgeBase({ url: "https://example.org/", autoUpdate: false });
  assert.equal(kb.mode, "manual");
  assert.throws(() => kb.on("updated", () => {}), { code: "usage" });
  await assert.rejects(kb.setMode("sometimes"), { code: "usage" });
});

test("an option that there is not is an error: a misspelt trust would be none", async () => {
  const url = "https://example.org/";
  const refused = (options, message) => assert.throws(() => new KnowledgeBase({ url, ...options }), { code: "usage", message });
  refused({ turst: "{}" }, /^new KnowledgeBase: there is no option turst, but url, trust, /);
  for (const checkIntervalMs of [0, -1, NaN, "often"]) refused({ checkIntervalMs }, `checkIntervalMs must be a number above 0, not ${checkIntervalMs}`);
  const kb = new KnowledgeBase({ url });
  const misspelt = { search: () => kb.search("x", { filter: {} }), similar: () => kb.similar("0".repeat(16), { filter: 1 }), doctor: () => kb.doctor({ filter: 1 }) };
  for (const [name, call] of Object.entries(misspelt)) await assert.rejects(call, { code: "usage", message: new RegExp(`^${name}: there is no option filter, but `) });
});

test("a server that renders pages can import the element, which begins in the browser", async () => {
  assert.equal(globalThis.HTMLElement, undefined);
  const { addTexts, VademecumSearch } = await import("../../../client/vademecum/js/vademecum-search.mjs");
  assert.deepEqual([typeof addTexts, typeof VademecumSearch], ["function", "function"]);
});

test("a closed knowledge base says so", async () => {
  const kb = new KnowledgeBase({ url: "https://example.org/" });
  await kb.close();
  await kb.close();
  const calls = [() => kb.search("x"), () => kb.getStatus(), () => kb.checkForUpdates(), () => kb.setMode("off")];
  for (const call of calls) await assert.rejects(call, (error) => error instanceof VademecumError && error.code === "cancelled", String(call));
});
