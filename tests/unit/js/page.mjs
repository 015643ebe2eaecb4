// A page for the public class: a store in a Map, a query worker that opens what the pointer names, other pages that
// only send, and events of the window and of the connection. Import it before vademecum.mjs; one to a test file.

import { IndexedStore } from "../../../client/vademecum/js/store/store.mjs";
import { installedRelease, sealed, serve } from "./files.mjs";

export const records = new Map();
export const requests = [];
/** Delays of the page's timers, the schedule's among them. */
export const timers = [];
/** What the sync worker does: command -> (args, emit) => result. */
export const python = {};
/** What the query worker does before it reads the pointer. */
export const reading = { before: async () => {} };
/** Who waits for a lock that another page has: its name, and what the browser calls when it is free. */
export const waiting = [];
const locks = { request: async (name, granted) => void waiting.push({ name, granted }) };
export const connection = Object.assign(new EventTarget(), { saveData: false });
/** The user begins to save data, or ends it. */
export function saveData(saveData) {
  Object.assign(connection, { saveData });
  connection.dispatchEvent(new Event("change"));
}
const events = new EventTarget();
const channels = new Set();
const { setTimeout: begin } = globalThis;

/** Put a release into the store, as another page would. */
export function install(sequence, { pinned = null, ...changes } = {}) {
  const current = { ...installedRelease(sequence), ...changes };
  records.set("head", sealed({ format: 1, current, previous: null, pinned, refused: [] }));
}

export const online = () => events.dispatchEvent(new Event("online"));
export const seen = () => events.dispatchEvent(new Event("visibilitychange"));
/** The page is left, and kept to go back to; then somebody does. */
export const left = () => events.dispatchEvent(new Event("pagehide"));
export const shown = (persisted) => events.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));
export const announce = (data) => channels.forEach((channel) => channel.onmessage?.({ data }));

/** What this page told the others. */
export const announced = [];

/** Poll until something holds; there is no other clock in these tests. */
export async function eventually(holds) {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still false: ${holds}`);
    await new Promise((done) => begin(done, 5));
  }
}

class Channel {
  constructor() {
    channels.add(this);
  }
  postMessage(data) {
    announced.push(data);
  }
  close() {
    channels.delete(this);
  }
}

class FakeWorker {
  constructor(url) {
    this.isReader = String(url).includes("query");
  }
  async postMessage({ id, command, args }) {
    try {
      this.onmessage({ data: { id, result: await (this.isReader ? this.read() : this.run(command, args)) } });
    } catch ({ code, message }) {
      this.onmessage({ data: { id, error: { code, message } } });
    }
  }
  async read() {
    await reading.before();
    const head = records.get("head");
    return head ? JSON.parse(new TextDecoder().decode(head)).current : null;
  }
  run(command, args) {
    return command === "open" ? undefined : python[command](args, (event, detail) => this.onmessage({ data: { event, detail } }));
  }
  terminate() {}
}

/** What the host answers: status, headers, body. */
export const host = { status: 200, headers: {}, body: "timestamp" };
export const url = await serve((request, response) => {
  requests.push(request.url);
  response.writeHead(host.status, host.headers);
  response.end(host.body);
});

Object.assign(globalThis, {
  setTimeout: (work, delay, ...args) => {
    timers.push(delay);
    return begin(work, delay, ...args);
  },
  Worker: FakeWorker,
  BroadcastChannel: Channel,
  addEventListener: (...args) => events.addEventListener(...args),
  removeEventListener: (...args) => events.removeEventListener(...args),
  reportError: (error) => {
    throw error;
  },
});
Object.defineProperty(globalThis, "navigator", { value: { connection, locks }, configurable: true });
Object.assign(IndexedStore.prototype, {
  read: async (name) => records.get(name),
  write: async (entries) => entries.forEach(([name, value]) => (value ? records.set(name, value) : records.delete(name))),
  objects: async () => [["a", 3]],
  close: async () => {},
});
