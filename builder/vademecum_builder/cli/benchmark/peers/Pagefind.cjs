// Pagefind over whole pages: its index of records, and its own search, which expects a browser around it.
const { readFileSync, mkdtempSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", async () => {
  const { documents, queries } = JSON.parse(Buffer.concat(chunks).toString());
  const library = join(process.env.NODE_PATH, "pagefind/lib/index.js");
  const pagefind = await import(pathToFileURL(library).href);
  const { index } = await pagefind.createIndex();
  for (const [key, text] of Object.entries(documents)) {
    const title = text.split("\n", 1)[0].replace(/^#+ */, "");
    await index.addCustomRecord({ url: key, content: text, language: "en", meta: { title, key } });
  }
  const folder = mkdtempSync(join(tmpdir(), "pagefind-"));
  await index.writeFiles({ outputPath: folder });
  await pagefind.close();
  globalThis.document = { querySelector: () => ({ getAttribute: () => "en" }) };
  globalThis.window = globalThis;
  globalThis.location = { href: "http://127.0.0.1/", origin: "http://127.0.0.1" };
  globalThis.fetch = async (address) => new Response(readFileSync(address.split("?")[0]));
  const reader = await import(pathToFileURL(join(folder, "pagefind.js")).href);
  await reader.options({ basePath: `${folder}/` });
  const rankings = [];
  for (const query of queries) {
    const { results } = await reader.search(query);
    const found = await Promise.all(results.slice(0, 100).map((result) => result.data()));
    rankings.push(found.map(({ meta }) => meta.key));
  }
  console.log(JSON.stringify(rankings));
  process.exit(0);
});
