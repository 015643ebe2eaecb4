// @ts-check
/** The search page: `<vademecum-search>` does the searching; here are the questions to try, and the service worker. */

import { say } from "./language.mjs"; // first: the search speaks the language of its page
import "../client/vademecum-search.mjs";

/** @typedef {import("../client/vademecum.mjs").KnowledgeBase} KnowledgeBase */

/** The longest wait for the first download, in milliseconds, before the page is kept for the time without a network. */
const PATIENCE_MS = 30_000;
/** The most bytes of a tree that is shown on the start page. */
const MAX_TREE = 300_000;
const base = new URL(".", document.baseURI);
const search = /** @type {import("../client/vademecum-search.mjs").VademecumSearch} */ (document.querySelector("vademecum-search"));

async function offerExamples() {
  const list = document.querySelector("#examples ul");
  /** @type {string[]} */
  const examples = await fetch(new URL("assets/examples.json", base)).then((answer) => answer.json()).catch(() => []);
  for (const example of examples) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: example, dir: "auto" });
    button.addEventListener("click", () => {
      search.query = example;
      search.open();
    });
    const item = document.createElement("li");
    item.append(button);
    list?.append(item);
  }
  document.querySelector("#examples")?.toggleAttribute("hidden", examples.length === 0);
}

/** The tree of documents, out of the page that has it for those without scripts; a very large one stays there. */
async function showDocuments() {
  const answer = await fetch(new URL("documents.html", base)).catch(() => null);
  if (!answer?.ok || Number(answer.headers.get("content-length")) > MAX_TREE) return;
  const tree = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".tree");
  const place = document.getElementById("documents");
  if (tree && place) place.append(document.importNode(tree, true));
  place?.toggleAttribute("hidden", !tree?.querySelector("a"));
}

/** Keeps the page for the time without a network. Browsers offer it on https and localhost only. */
async function registerWorker() {
  const registration = await navigator.serviceWorker.register(new URL("sw.js", base), { scope: base.pathname }).catch(() => null);
  if (!registration) return; // a privacy setting: the page works, but only with a network
  const offerReload = () => {
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    search.tell(say("A newer version of this page is here."), { label: say("Reload"), act: () => reload(registration), stay: true });
  };
  offerReload();
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next?.addEventListener("statechange", () => next.state === "installed" && offerReload());
  });
}

/** The worker asks for every file of the page anew: on a first visit, what is searched goes first. @param {{detail: KnowledgeBase}} event */
async function started({ detail: kb }) {
  kb.on("updateCompleted", async () => (await navigator.serviceWorker.ready).active?.postMessage("keep-runtime"));
  const first = ["preview", "updateCompleted", "updateFailed"].map((/** @type {any} */ event) => new Promise((resolve) => kb.on(event, resolve)));
  const { installed, mode } = await kb.getStatus();
  if (!installed && mode === "automatic") await Promise.race([...first, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  await Promise.all([showDocuments(), "serviceWorker" in navigator && registerWorker()]);
}

/** @param {ServiceWorkerRegistration} registration */
function reload(registration) {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  registration.waiting?.postMessage("activate");
}

offerExamples();
search.addEventListener("vademecum-start", started, { once: true });
