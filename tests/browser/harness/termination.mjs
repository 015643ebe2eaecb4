// The worker's name says where it ends, how, and what time it is: {at, fault, now}.
import { begin, onTermination } from "./store_faults.mjs";

const MAKING = ["createObjectStore", "createIndex"];
const { at, fault, now } = JSON.parse(self.name);
Date.now = () => now + performance.now(); // it goes on: Python believes folders by their times

/** The page ends this worker. While a database is made nothing else can keep that open: the whole thread waits. */
function call(name, number) {
  self.postMessage({ event: "struck", detail: { name, number } });
  if (MAKING.includes(name)) block();
}

/** Chromium ends a thread that waits like this after two seconds. */
function block() {
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  Atomics.wait(new Int32Array(buffer), 0, 0);
}

onTermination(call);
begin(at, fault);
