// Reads a record through the store of the product, and may be ended at one operation of IndexedDB.
import "./termination.mjs"; // first: it prepares what the worker uses
import { IndexedStore } from "./client/store/store.mjs";

const { url, patience } = JSON.parse(self.name);
const tell = (detail) => self.postMessage({ event: "ended", detail });
const store = new IndexedStore(url, { patience });
store.read("trust/timestamp.json").then((data) => tell(data?.length ?? 0), ({ code, message }) => tell(code ?? message));
