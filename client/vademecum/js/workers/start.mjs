// @ts-check
/**
 * Starting the workers. Their files stand here literally, as bundlers find them; with a `clientUrl`, or on a page of
 * another origin than this module's, they are started by their address.
 */

import { VademecumError } from "../errors.mjs";
import { folderAbove } from "../net/transport.mjs";

const STARTED_FROM = import.meta.url;
const CLIENT = folderAbove(STARTED_FROM);
/** False in a bundle, where nobody knows the addresses of files: webpack's modules say where their sources were. */
const PUBLISHED = STARTED_FROM.endsWith("/workers/start.mjs") && STARTED_FROM.startsWith("file:") === (globalThis.location?.protocol ?? "file:").startsWith("file:");

/** @type {{createScriptURL: (address: string) => any} | undefined} */ let ADDRESSES;

/** @type {Record<string, () => Worker>} */
const OWN = {
  "query.mjs": () => new Worker(new URL("../query.mjs", import.meta.url), { type: "module", name: "vademecum query.mjs" }),
  "worker.mjs": () => new Worker(new URL("../worker.mjs", import.meta.url), { type: "module", name: "vademecum worker.mjs" }),
};

/** The published `client/`: where an app says that it lies, or the one that this module belongs to.
 * @param {string | URL} [given] relative to `vademecum.mjs`; in a bundle to the page */
export function clientFolder(given) {
  if (given === undefined) return CLIENT;
  const folder = new URL(given, PUBLISHED ? CLIENT : globalThis.location?.href);
  if (!folder.pathname.endsWith("/")) folder.pathname += "/";
  return folder;
}

/** @param {"query.mjs" | "worker.mjs"} file @param {string | null} given `client/`, where the app says so
 * @returns {Worker & {address: string, elsewhere: boolean}} `address`: of its file; empty where nobody knows */
export function startWorker(file, given) {
  const { href, origin, protocol } = new URL(file, given ?? CLIENT);
  const named = given !== null || PUBLISHED;
  const elsewhere = named && protocol.startsWith("http") && origin !== globalThis.location?.origin;
  // If it is known where the files lie, their address is used: Trusted Types refuse one that stands literally, and report it.
  const way = named ? () => new Worker(trusted(elsewhere ? importing(href) : href), { type: "module", name: `vademecum ${file}` }) : OWN[file];
  try {
    return Object.assign(way(), { address: named ? href : "", elsewhere });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const told = "Trusted Types: allow the policy vademecum (for a second copy of this script with 'allow-duplicates'), and say where client/ lies (clientUrl)";
    throw new VademecumError("usage", `${error.message} ${told}`);
  }
}

/** The address as Trusted Types want it, if the page allows a policy of this name. @param {string} address @returns {any} */
function trusted(address) {
  try {
    ADDRESSES ??= /** @type {any} */ (globalThis).trustedTypes?.createPolicy("vademecum", { createScriptURL: String });
  } catch {
    return address; // the page's own policy `default`, or the error that the browser gives, says what becomes of it
  }
  return ADDRESSES?.createScriptURL(address) ?? address;
}

/** A browser starts no worker from another origin, but one of this page's may import it. @param {string} address */
function importing(address) {
  return URL.createObjectURL(new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" }));
}
