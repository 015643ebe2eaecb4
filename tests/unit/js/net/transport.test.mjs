import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { fetchBody, fetchFirst, fileAddress, retryAfter, readerAddress } from "../../../../client/vademecum/js/net/transport.mjs";
import { serve } from "../files.mjs";

const answers = {
  "/whole": (response) => response.end("0123456789"),
  "/empty": (response) => response.end(),
  "/gzip": (response) => {
    const body = gzipSync("x".repeat(1000));
    response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length }).end(body);
  },
  "/missing": (response) => response.writeHead(404).end("<h1>not here"),
  "/login": (response) => response.end("\ufeff\n<!doctype html><h1>Log in"),
  "/part": (response) => response.writeHead(206).end("part"),
  "/busy": (response) => response.writeHead(503, { "retry-after": "120" }).end(),
  "/short": (response) => {
    response.writeHead(200, { "content-length": 100 }).write("part");
    setTimeout(() => response.destroy(), 20);
  },
  "/stalled": (response) => response.writeHead(200, { "content-length": 100 }).write("part"),
  "/silent": () => {},
  "/endless": (response) => drip(response, "."),
  "/poured": (response) => drip(response, ".".repeat(200)),
};

function drip(response, text) {
  const timer = setInterval(() => response.write(text), 5);
  response.on("close", () => clearInterval(timer));
}

const here = await serve((request, response) => answers[request.url](response));

const get = (path, options = {}) => fetchBody(new URL(path, here).href, { limit: 1000, ...options });
const bytes = (body) => new TextDecoder().decode(body.data);

test("a body comes whole, with its progress", async () => {
  const seen = [];
  const body = await get("/whole", { progress: (count) => seen.push(count) });
  assert.equal(bytes(body), "0123456789");
  assert.equal(body.transferred, 10);
  assert.equal(seen.at(-1), 10);
  assert.equal((await get("/empty")).data.length, 0);
});

test("a body that the host encoded is decoded, and counted as sent", async () => {
  const body = await get("/gzip");
  assert.equal(body.data.length, 1000);
  assert.ok(body.transferred < 100);
});

test("a Content-Length counts only where it is a number of bytes", async (t) => {
  const said = ["abc", "5, 5", "9".repeat(400), "9".repeat(16), "-5", "+5", "5.0", "0x5", "1e3", "", " "];
  const fetched = t.mock.method(globalThis, "fetch");
  const transferred = async (length) => {
    fetched.mock.mockImplementation(async () => new Response("hello", { headers: { "content-length": length } }));
    return (await fetchBody("http://127.0.0.1/", { limit: 100 })).transferred;
  };
  for (const length of said) assert.equal(await transferred(length), 5, length);
  assert.equal(await transferred("3"), 3, "of a body that was packed on the wire");
  assert.equal(await transferred("0003"), 3);
});

test("a body of the limit passes, one byte more is refused while it streams", async () => {
  assert.equal((await get("/whole", { limit: 10 })).data.length, 10);
  await assert.rejects(get("/whole", { limit: 9 }), { code: "content" });
  await assert.rejects(get("/endless", { limit: 50 }), { code: "content" });
});

test("another status is the host's failure", async () => {
  await assert.rejects(get("/missing"), { code: "server", status: 404, retryAfter: null });
  await assert.rejects(get("/part"), { code: "server", status: 206 });
  await assert.rejects(get("/busy"), { code: "server", status: 503, retryAfter: 120, transient: true });
});

test("the first host that answers counts; where none does, the error is of the one to be asked again soonest", async () => {
  const dead = "http://127.0.0.1:1/";
  assert.equal(new TextDecoder().decode(await fetchFirst([dead, here], "whole", 10)), "0123456789");
  await assert.rejects(fetchFirst([here], "busy", 10), { code: "server", retryAfter: 120 });
  await assert.rejects(fetchFirst([here, dead], "busy", 10), { code: "network" });
  await assert.rejects(fetchFirst([here, dead], "missing", 10), { code: "server" });
});

test("a page in place of a file is no file: the next host is asked, and where there is none, that is what is told", async () => {
  const portal = await serve((request, response) => answers["/login"](response));
  assert.equal(new TextDecoder().decode(await fetchFirst([portal, here], "whole", 100)), "0123456789");
  await assert.rejects(fetchFirst([portal], "whole", 100), { code: "content", message: /a page of HTML/ });
});

test("no answer, a break, a stall and a drip are the network's", async () => {
  const timeouts = { idle: 60, total: 5000 };
  await assert.rejects(get("/short"), { code: "network" });
  await assert.rejects(get("/silent", { timeouts }), { code: "network", message: /no answer/ });
  await assert.rejects(get("/stalled", { timeouts }), { code: "network", message: /stalled/ });
  await assert.rejects(get("/endless", { timeouts }), { code: "network", message: /stalled/ });
  await assert.rejects(get("/endless", { timeouts: { idle: 5000, total: 60 } }), { code: "network", message: /not complete/ });
  await assert.rejects(fetchBody("http://127.0.0.1:1/", { limit: 1 }), { code: "network" });
});

test("a body that keeps coming is not stalled, however long it takes", async () => {
  const timeouts = { idle: 400, total: 60_000 };
  await assert.rejects(get("/poured", { limit: 24_000, timeouts }), { code: "content" });
});

test("Retry-After is read as seconds or as a date", () => {
  const now = Date.parse("Sat, 21 Nov 2026 08:00:00 GMT");
  assert.equal(retryAfter("30", now), 30);
  assert.equal(retryAfter("Sat, 21 Nov 2026 08:01:00 GMT", now), 60);
  assert.equal(retryAfter("Sat, 21 Nov 2026 07:00:00 GMT", now), 0);
  assert.equal(retryAfter("soon", now), null);
  assert.equal(retryAfter("9".repeat(400), now), 1e9);
  assert.equal(retryAfter(null, now), null);
});

test("a tree's address keeps its escapes and its query in every file's", () => {
  assert.equal(fileAddress("metadata/a%2Fb.json", "https://h/a%2Fb/%23/?sig=%2B&x"), "https://h/a%2Fb/%23/metadata/a%2Fb.json?sig=%2B&x");
  assert.equal(fileAddress("metadata/1.root.json", "https://h/kb/"), "https://h/kb/metadata/1.root.json");
});

test("what has no page of its own is shown by the tree's search page", () => {
  assert.equal(readerAddress("guide/keys (1).md", "https://h/kb/"), "https://h/kb/?doc=guide%2Fkeys%20(1).md");
  assert.equal(readerAddress("ä&b", new URL("https://h/kb/?sig=1")), "https://h/kb/?sig=1&doc=%C3%A4%26b");
});

test("an answer that another origin may not read is no lost network, and may be a 404", async (t) => {
  globalThis.location = new URL("https://app.example/");
  t.after(() => delete globalThis.location);
  t.mock.method(globalThis, "fetch", async (_, { mode }) => {
    if (mode === "no-cors") return Response.error();
    throw new TypeError("Failed to fetch");
  });
  await assert.rejects(fetchBody("https://h/2.root.json", { limit: 9 }), { code: "server", status: 404, message: /CORS/ });
  await assert.rejects(fetchBody("https://app.example/2.root.json", { limit: 9 }), { code: "network" }, "no origin hides its own");
  globalThis.fetch.mock.mockImplementation(() => Promise.reject(new TypeError("Failed to fetch")));
  await assert.rejects(fetchBody("https://h/2.root.json", { limit: 9 }), { code: "network" });
});
