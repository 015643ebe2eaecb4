// MiniSearch over whole pages, as VitePress sets it: titles four times, prefixes, edit distance of a fifth of a word.
const MiniSearch = require("minisearch");

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
  const { documents, queries } = JSON.parse(Buffer.concat(chunks).toString());
  const searchOptions = { fuzzy: 0.2, prefix: true, boost: { title: 4 } };
  const index = new MiniSearch({ fields: ["title", "text"], searchOptions });
  index.addAll(Object.entries(documents).map(([id, text]) => ({ id, title: text.split("\n", 1)[0], text })));
  console.log(JSON.stringify(queries.map((query) => index.search(query).slice(0, 100).map(({ id }) => id))));
});
