// @ts-check
// The service worker: the page works offline after the first visit.
//
// - SHELL (the search page and the modules that answer queries) is kept as one set, under a name made from its
//   digests: a page never runs with files of two versions. A new set waits until the page asks for it.
// - RUNTIME (Pyodide and the Python code) is kept file by file when it is first used.
// - PER_RELEASE pages come from the network, and from here when it has none of ours.
// - Metadata, manifests and objects are never touched: the client verifies and keeps these itself.
//
// What is kept has the digest that is listed here, or looks like one of our pages, whole; an error page, a login or a
// half-deployed file never gets in.

/** @type {Record<string, string>} */
const SHELL = {}; // filled in by render.py
/** @type {Record<string, string>} */
const RUNTIME = {}; // filled in by render.py
/** @type {string[]} */
const PER_RELEASE = []; // filled in by render.py

const worker = /** @type {any} */ (self);
const SCOPE = worker.registration.scope;
// One origin may host many knowledge bases (user.github.io/a/, /b/), and they share its caches.
const OURS = `vademecum ${SCOPE} `;
const PAGES = `${OURS}pages`;
const FILES = `${OURS}runtime`;
/** One of our pages to its end, or the examples: whoever wants a login may answer any address, with status 200. */
const WHOLE = /manifest\.webmanifest[^]*<\/html>\s*$|^\[[^]*\]\s*$/;
/** The longest wait for a newer page where one is kept, in milliseconds. */
const PATIENCE_MS = 5000;
const LEFT_ALONE = /^(metadata|releases|objects)\/|^version\.json$|\.site\.json$/;

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => {
  if (event.data === "activate") event.waitUntil(worker.skipWaiting());
  if (event.data === "keep-runtime") event.waitUntil(keepRuntime());
});
worker.addEventListener("fetch", (event) => {
  const answer = route(event);
  if (answer) event.respondWith(answer);
});

/** @returns {Promise<Response> | undefined} undefined leaves the request to the browser */
function route(event) {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(SCOPE)) return undefined;
  const path = new URL(request.url).pathname.slice(new URL(SCOPE).pathname.length) || "index.html";
  if (Object.hasOwn(SHELL, path)) return fromShell(path, request);
  if (Object.hasOwn(RUNTIME, path)) return fromRuntime(path, request, event);
  if (PER_RELEASE.includes(path)) return newest(path);
  if (request.mode === "navigate" && !LEFT_ALONE.test(path)) return pageOrHome(request);
  return undefined;
}

async function fromShell(path, request) {
  const cache = await caches.open(await shellName());
  return (await cache.match(address(path))) ?? fetch(request);
}

async function fromRuntime(path, request, event) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(address(path, RUNTIME[path]));
  if (kept) return kept;
  const response = await fetch(request);
  event.waitUntil(take(cache, path, RUNTIME[path], response.clone(), true));
  return response;
}

async function newest(path) {
  const kept = await (await caches.open(PAGES)).match(address(path));
  try {
    const [response, ours] = await fetchPage(path, kept && AbortSignal.timeout(PATIENCE_MS));
    if (!ours && kept) return kept;
    return response.redirected ? Response.redirect(response.url) : response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** Fetch a page of the release, and keep it if it is ours. @param {AbortSignal} [signal] @returns {Promise<[Response, boolean]>} */
async function fetchPage(path, signal) {
  const response = await fetch(address(path), { cache: "no-cache", signal });
  // A host may serve `page.html` as `page`. What was redirected is no answer to somebody who goes to a page: a copy is.
  const here = [address(path), address(path.replace(/\.html$/, ""))].includes(response.url);
  if (response.status !== 200 || !here || !WHOLE.test(await response.clone().text())) return [response, false];
  const page = new Response(response.body, response);
  await (await caches.open(PAGES)).put(address(path), page.clone());
  return [page, true];
}

async function pageOrHome(request) {
  try {
    return await fetch(request);
  } catch {
    // A redirect, since the page's own addresses are relative to where it lies.
    return Response.redirect(address("index.html"), 302);
  }
}

async function install() {
  const cache = await caches.open(await shellName());
  await Promise.all(Object.entries(SHELL).map(([path, digest]) => takeIn(cache, path, digest)));
  await Promise.all(PER_RELEASE.map((path) => fetchPage(path)));
}

/** Bring one file of the shell in: from the shell before if it has not changed, else from the network. */
async function takeIn(cache, path, digest) {
  for (const name of await shells()) {
    const kept = await (await caches.open(name)).match(address(path));
    if (kept && (await keep(cache, path, digest, kept))) return;
  }
  const response = await fetch(address(path), { cache: "no-cache" });
  if (!(await take(cache, path, digest, response))) {
    throw new Error(`${path}: HTTP ${response.status}, or not the file that this worker was published with`);
  }
}

/** Keep what was fetched, or else what the host gives past the browser's cache: that may have half a file, and goes on
 * with it as long as the host calls it by the same ETag. */
async function take(cache, path, digest, response, digestInName = false) {
  if (await keep(cache, path, digest, response, digestInName)) return true;
  return keep(cache, path, digest, await fetch(address(path), { cache: "reload" }), digestInName);
}

/** Keep the response if its bytes are what they should be: no error page is. Its headers stay behind, but for the type. */
async function keep(cache, path, digest, response, digestInName = false) {
  const body = await response.arrayBuffer();
  if ((await sha256(body)) !== digest) return false;
  const headers = { "Content-Type": response.headers.get("Content-Type") ?? "application/octet-stream" };
  await cache.put(address(path, digestInName ? digest : ""), new Response(body, { headers }));
  return true;
}

/** The first install may run before this worker is in charge: fetch what it fetched, mostly from the HTTP cache. */
async function keepRuntime() {
  const cache = await caches.open(FILES);
  for (const [path, digest] of Object.entries(RUNTIME)) {
    if (await cache.match(address(path, digest))) continue;
    await take(cache, path, digest, await fetch(address(path)), true);
  }
}

async function activate() {
  const current = await shellName();
  for (const name of await shells()) if (name !== current) await caches.delete(name);
  const files = await caches.open(FILES);
  const wanted = new Set(Object.entries(RUNTIME).map(([path, digest]) => address(path, digest)));
  for (const request of await files.keys()) if (!wanted.has(request.url)) await files.delete(request);
  await worker.clients.claim();
}

async function shells() {
  return (await caches.keys()).filter((name) => name.startsWith(`${OURS}shell `));
}

/** @type {Promise<string> | undefined} */
let named;
function shellName() {
  named ??= sha256(new TextEncoder().encode(JSON.stringify(Object.entries(SHELL).sort())))
    .then((digest) => `${OURS}shell ${digest.slice(0, 16)}`);
  return named;
}

function address(path, digest = "") {
  return new URL(path, SCOPE).href + (digest && `?sha256=${digest}`);
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
