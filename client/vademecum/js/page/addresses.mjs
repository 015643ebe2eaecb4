// @ts-check
/** The options by which an app names a published tree: its address, and the root that it trusts. */

import { VademecumError } from "../errors.mjs";

const HOST = /^(?:[a-z\d-]+\.)+[a-z]{2,}(?::\d+)?\//i; // as in Python

/** @param {string | URL | (string | URL)[]} url */
export function treeUrls(url) {
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
export function trustSource(trust) {
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
