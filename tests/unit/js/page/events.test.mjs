import assert from "node:assert/strict";
import { test } from "node:test";

import { Listeners } from "../../../../client/vademecum/js/page/events.mjs";

test("a listener that throws changes nothing for the others, and is reported", (context) => {
  const reported = context.mock.method(console, "error", () => {});
  const listeners = new Listeners(["a"]);
  const heard = [];
  listeners.of("a").add(() => {
    throw new Error("mine");
  });
  listeners.of("a").add((detail) => heard.push(detail));
  listeners.emit("a", { n: 1 });
  assert.deepEqual(heard, [{ n: 1 }]);
  assert.equal(reported.mock.calls[0].arguments[0].message, "mine");
});

test("a listener that was removed, even by another one, is not called", () => {
  const listeners = new Listeners(["a", "b"]);
  const heard = [];
  const second = () => heard.push("second");
  listeners.of("a").add(() => heard.push("first"));
  listeners.of("b").add(second);
  listeners.of("b").delete(second);
  listeners.emit("a", {});
  listeners.emit("b", {});
  assert.deepEqual(heard, ["first"]);
});

test("a listener that is added by another one hears the next event, not this one", () => {
  const listeners = new Listeners(["a"]);
  const heard = [];
  listeners.of("a").add(() => listeners.of("a").add((detail) => heard.push(detail)));
  listeners.emit("a", { n: 1 });
  assert.deepEqual(heard, []);
  listeners.emit("a", { n: 2 });
  assert.deepEqual(heard, [{ n: 2 }]);
});

test("an event that there is not is a mistake of the app", () => {
  const listeners = new Listeners(["a"]);
  assert.throws(() => listeners.of("A").add(() => {}), { code: "usage", message: /there are a/ });
});
