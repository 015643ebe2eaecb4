// @ts-check
/** One request, one body: with a limit while it streams, and with time limits. Retries are the engine's business. */

import { asError, VademecumError } from "../errors.mjs";

/** The longest wait for an answer or the next kilobyte of a body, and for a whole one, in milliseconds. */
export const TIMEOUTS = { idle: 30_000, total: 900_000 };
/** Bytes: a host that takes longer than `idle` for so many is no better than one that is silent. runtime/http.py has the same. */
export const LEAST = 1000;
/** The longest wait to learn whether a host answers at all, in milliseconds. */
const PROBE_MS = 10_000;

/** Seconds that count of a Retry-After header: JSON has no infinity. runtime/http.py cuts at the same. */
const LONGEST_ASKED = 1e9;

/**
 * @typedef {object} FetchOptions
 * @property {number} limit the most bytes that the body may have
 * @property {(bytes: number) => void} [progress] called with the bytes received so far
 * @property {{idle: number, total: number}} [timeouts]
 * @property {RequestCache} [cache] of files that are no data of a release
 * @property {typeof fetch} [ask] in place of the worker's own `fetch`
 */
/** @typedef {{data: Uint8Array, transferred: number, date: string}} Body `date`: the header, or nothing */

/**
 * Fetch past the browser's cache: what is worth keeping goes to the store, and a damaged file must not be
 * served again from a cache when it is asked for once more.
 *
 * Throws `network` (no answer, broken off, timed out), `server` (a status other than 200) or `content`
 * (more than `limit` bytes).
 * @param {string} url
 * @param {FetchOptions} options
 * @returns {Promise<Body>}
 */
export async function fetchBody(url, { limit, progress = () => {}, timeouts = TIMEOUTS, cache = "no-store", ask = (...args) => fetch(...args) }) {
  const aborter = new AbortController();
  const stop = (/** @type {string} */ why) => aborter.abort(new VademecumError("network", `${url}: ${why}`));
  const total = setTimeout(stop, timeouts.total, `not complete within ${timeouts.total / 1000} s`);
  let idle = setTimeout(stop, timeouts.idle, `no answer for ${timeouts.idle / 1000} s`);
  const alive = () => {
    clearTimeout(idle);
    idle = setTimeout(stop, timeouts.idle, `stalled for ${timeouts.idle / 1000} s`);
  };
  let answered = false;
  try {
    const response = await ask(url, { cache, signal: aborter.signal });
    answered = true;
    requireSuccess(url, response);
    const taken = [];
    let received = 0;
    let counted = 0;
    alive();
    for await (const piece of pieces(response.body)) {
      received += piece.length;
      if (received - counted >= LEAST) {
        counted = received;
        alive();
      }
      if (received > limit) throw new VademecumError("content", `${url}: more than the ${limit} bytes allowed`);
      taken.push(piece);
      progress(received);
    }
    return { data: join(taken, received), transferred: wireSize(response, received), date: response.headers.get("date") ?? "" };
  } catch (error) {
    aborter.abort();
    throw await networkError(url, error, answered);
  } finally {
    clearTimeout(total);
    clearTimeout(idle);
  }
}

/** The address of a file in a tree, with the tree's own query. @param {string} path @param {string} tree */
export function fileAddress(path, tree) {
  const address = new URL(path, tree);
  address.search = new URL(tree).search;
  return address.href;
}

/** The folder above that of a module. It stands apart from `import.meta.url`, beside which webpack and Turbopack take ".."
 * for one of their modules. @param {string} module its address */
export function folderAbove(module) {
  return new URL("..", module);
}

/** Where the search page of a tree shows a document. @param {string} key @param {string | URL} tree */
export function readerAddress(key, tree) {
  const address = new URL(tree);
  return `${address.href}${address.search ? "&" : "?"}doc=${encodeURIComponent(key)}`;
}

/** Fetch a file from the first host that has it. A page of HTML does not count: a network that wants a login answers with
 * one. If all hosts fail, the error is that of the one that may be asked again soonest; of several, the first one's.
 * @param {string[]} urls of one tree, the preferred host first @param {string} path @param {number} limit */
export async function fetchFirst(urls, path, limit) {
  const errors = [];
  for (const url of urls) {
    try {
      const { data } = await fetchBody(fileAddress(path, url), { limit });
      if (!/^\s*</u.test(new TextDecoder().decode(data))) return data;
      throw new VademecumError("content", `${fileAddress(path, url)}: a page of HTML (a login?)`);
    } catch (error) {
      errors.push(asError(error));
    }
  }
  throw errors.sort((a, b) => (a.retryAfter ?? 0) - (b.retryAfter ?? 0))[0];
}

/** Safari iterates over no stream itself. @param {ReadableStream<Uint8Array> | null} stream @returns {AsyncGenerator<Uint8Array>} */
export async function* pieces(stream) {
  const reader = stream?.getReader();
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) yield piece.value;
}

/** @param {string} url @param {Response} response */
function requireSuccess(url, response) {
  if (response.status === 200) return;
  const detail = { status: response.status, retryAfter: retryAfter(response.headers.get("retry-after"), Date.now()) };
  throw new VademecumError("server", `${url}: the host answered ${response.status}`, detail);
}

/** Seconds from a Retry-After header (RFC 9110, section 10.2.3), or null.
 * @param {string | null} value @param {number} now milliseconds */
export function retryAfter(value, now) {
  if (value === null) return null;
  if (/^\s*\d+\s*$/.test(value)) return Math.min(Number(value), LONGEST_ASKED);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}

/** The size before any encoding of the host was undone, where it says so as RFC 9110, section 8.6, has it: a browser
 * lets other headers pass, and two that agree come as one list.
 * @param {Response} response @param {number} received */
function wireSize(response, received) {
  const length = response.headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) ? Number(length) : received;
}

/** @param {Uint8Array[]} pieces @param {number} size */
function join(pieces, size) {
  const data = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return data;
}

/** `fetch` throws a TypeError for every failure of a network, and for an answer that lacks the CORS headers without which
 * another origin's page may not read it. Hosts that set these headers often omit them from a 404, so an answer that cannot
 * be read counts as a 404.
 * @param {string} url @param {unknown} error @param {boolean} answered the answer came; its body failed */
async function networkError(url, error, answered) {
  if (error instanceof VademecumError) return error;
  const elsewhere = globalThis.location && new URL(url).origin !== globalThis.location.origin;
  if (elsewhere && !answered && (await doesAnswer(url))) {
    const told = `${url}: the host answers, but lets no page of another origin read it (CORS): there may be no such file (404)`;
    return new VademecumError("server", told, { status: 404 });
  }
  return new VademecumError("network", `${url}: ${asError(error).message}`);
}

/** @param {string} url */
async function doesAnswer(url) {
  const asked = fetch(url, { mode: "no-cors", cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) });
  return asked.then(() => true, () => false);
}
