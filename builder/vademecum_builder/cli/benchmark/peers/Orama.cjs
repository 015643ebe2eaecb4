// Orama over whole pages: its defaults, and titles twice.
const { create, insertMultiple, search } = require("@orama/orama");

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", async () => {
  const { documents, queries } = JSON.parse(Buffer.concat(chunks).toString());
  const index = create({ schema: { id: "string", title: "string", text: "string" } });
  const pages = Object.entries(documents).map(([id, text]) => ({ id, title: text.split("\n", 1)[0], text }));
  await insertMultiple(index, pages);
  const properties = ["title", "text"];
  const rankings = [];
  for (const term of queries) {
    const { hits } = await search(index, { term, properties, boost: { title: 2 }, limit: 100 });
    rankings.push(hits.map(({ id }) => id));
  }
  console.log(JSON.stringify(rankings));
});
