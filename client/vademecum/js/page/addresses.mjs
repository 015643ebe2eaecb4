// @ts-check
/** What an app says of a published tree: where it lies, and the root that it trusts; and by no other names. */

import { VademecumError } from "../errors.mjs";

const HOST = /^(?:[a-z\d-]+\.)+[a-z]{2,}(?::\d+)?\//i; // as in Python

/** @param {string | URL | (string | URL)[]} url */
export function treeUrls(url) {
  const urls = Array.from(new Set([url].flat().map(treeUrl)));
  if (urls.length === 0) throw new VademecumError("usage", "no address: url is an empty list");
  return urls;
}

/** The address of the tree as it is written, with a slash at the end of its path, which may be that of its page; a query goes along with every request.
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

/** @param {object | string} trust */
export function trustText(trust) {
  const text = typeof trust === "string" ? trust : `${JSON.stringify(trust)}`;
  if (/^\s*\{[^]*"signed"/.test(text)) return text;
  throw new VademecumError("usage", `trust must be root.json, its text or JSON, not ${text.slice(0, 50)}: fetch an address first`);
}

/** A misspelt option is no option: without its `trust` an app would believe the first root that is shown, in silence.
 * @param {object} others what is none @param {string} call @param {string} names of those that there are */
export function requireNone(others, call, names) {
  for (const name of Object.keys(others)) throw new VademecumError("usage", `${call}: there is no option ${name}, but ${names}`);
}
