// @ts-check
/** What an app says of a published tree: where it lies, and the root that it trusts. */

import { VademecumError } from "../errors.mjs";

/** @param {string | URL | (string | URL)[]} url */
export function treeUrls(url) {
  const urls = Array.from(new Set([url].flat().map(treeUrl)));
  if (urls.length === 0) throw new VademecumError("usage", "no address: url is an empty list");
  return urls;
}

/** The address of the tree as it is written, with a slash at the end of its path, which may be that of its page; a query goes along with every request.
 * @param {string | URL} url */
export function treeUrl(url) {
  const tree = new URL(url, globalThis.location?.href);
  tree.hash = "";
  tree.pathname = tree.pathname.replace(/(\/index\.html|\/)?$/, "/"); // as in Python
  return tree.href;
}

/** @param {object | string | null | undefined} trust */
export function trustText(trust) {
  if (trust === undefined || trust === null) return null;
  return typeof trust === "string" ? trust : JSON.stringify(trust);
}
