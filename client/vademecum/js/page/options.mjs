// @ts-check
/** What an app says when it opens a knowledge base, looked at: the published tree's address, the root that it trusts, the policy. */

import { VademecumError } from "../errors.mjs";
import { checkChoices, goodChoices, POLICY } from "../update/policy.mjs";
import { clientFolder } from "../workers/start.mjs";

/** @typedef {import("../vademecum.d.mts").Policy} Policy */

const OPTIONS = "url, trust, seed, autoUpdate, checkIntervalMs, channel, policy, maxUpdateBytes, clientUrl, preview, fallback, encoder, debug";
const HOST = /^(?:[a-z\d-]+\.)+[a-z]{2,}(?::\d+)?\//i; // as in Python

/** @param {import("../vademecum.d.mts").KnowledgeBaseOptions} options */
export function readOptions(options) {
  if (Object(options) !== options) throw new VademecumError("usage", "new KnowledgeBase({ url: ... }): the address of the published tree is needed");
  const { autoUpdate = true, checkIntervalMs = 3_600_000, channel = "stable", maxUpdateBytes = null, policy = {}, ...named } = options;
  const { url, trust = null, seed = null, clientUrl, fallback, encoder, preview, debug, ...others } = named;
  requireNone(others, "new KnowledgeBase", OPTIONS);
  if (!(checkIntervalMs > 0)) throw new VademecumError("usage", `checkIntervalMs must be a number above 0, not ${checkIntervalMs}`);
  const own = /** @type {any} */ (encoder);
  if (typeof (own?.model ?? own ?? Object) !== "function") throw new VademecumError("usage", "encoder must be a function, or { model }");
  const rule = typeof policy === "function" ? policy : null;
  const choices = { mode: autoUpdate ? "automatic" : "manual", channel, maxUpdateBytes, ...(rule ? { connection: "any" } : policy) };
  checkChoices(choices);
  return {
    /** The tree and its mirrors, the preferred one first. */
    urls: treeUrls(url),
    /** The folder `client/` of a published tree; null: the one that the scripts belong to. */
    client: clientUrl === undefined ? null : clientFolder(clientUrl).href,
    /** Brings the text of the root that the app trusts. */
    trust: trustSource(trust),
    seed: seed === null ? null : treeUrl(seed),
    /** @type {Policy} of the app, where the user has chosen nothing */ defaults: { ...POLICY, ...goodChoices(choices) },
    ...{ rule, checkIntervalMs, fallback, encoder: own, preview: preview === true, log: debug ? debugLog() : () => {} },
  };
}

/** @returns {(...what: unknown[]) => void} */
function debugLog() {
  const started = performance.now();
  return (...what) => console.debug("[vademecum]", `${((performance.now() - started) / 1000).toFixed(3)} s`, ...what);
}

/** @param {string | URL | (string | URL)[]} url */
function treeUrls(url) {
  const urls = Array.from(new Set([url].flat().map(treeUrl)));
  if (urls.length === 0) throw new VademecumError("usage", "no address: url is an empty list");
  return urls;
}

/** The address of the tree as it is written, a slash at the end of its path, which may be that of its page. Its query is part
 * of every request.
 * @param {string | URL} url */
export function treeUrl(url) {
  const given = url instanceof URL || (typeof url === "string" && url !== "");
  const told = given && HOST.test(String(url)) ? `; did you mean https://${url} (or the folder ./${url})?` : "";
  const page = globalThis.location?.href;
  if (!given || told || !URL.canParse(url, page)) throw new VademecumError("usage", `url must be the address of a published tree, not ${JSON.stringify(url)}${told}`);
  const tree = new URL(url, page);
  tree.hash = "";
  tree.pathname = tree.pathname.replace(/(\/index\.html|\/)?$/, "/"); // as in Python
  return tree.href;
}

/** What brings the text of the root that the app trusts; null: it names none. What it names is checked at once, and what its
 * function returns each time: if that fails, so does what asks for it.
 * @param {object | string | null | (() => Promise<object | string> | object | string)} trust @returns {() => Promise<string | null>} */
function trustSource(trust) {
  if (typeof trust === "function") return async () => trustText(await trust());
  const text = trust === null ? null : trustText(trust);
  return async () => text;
}

/** @param {object | string} trust */
function trustText(trust) {
  const text = typeof trust === "string" ? trust : `${JSON.stringify(trust)}`;
  if (/^\s*\{[^]*"signed"/.test(text)) return text;
  throw new VademecumError("usage", `trust must be root.json, its text or JSON, not ${text.slice(0, 50)}: fetch an address first`);
}

/** Refuse unknown options: an app that misspells `trust` would silently believe the first root that it is shown.
 * @param {object} others the unknown ones @param {string} call @param {string} names of the known ones */
export function requireNone(others, call, names) {
  for (const name of Object.keys(others)) throw new VademecumError("usage", `${call}: there is no option ${name}, but ${names}`);
}
