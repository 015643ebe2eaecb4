// The sync worker of the product, which is ended at one operation of IndexedDB.
import "./termination.mjs"; // first: it prepares what the worker uses
import "./client/worker.mjs";
