// Another TUF client reads a published tree: `node read.mjs URL ROOT FOLDER`. Trusts the file ROOT, keeps metadata and
// targets in FOLDER, and prints what it read as one JSON object. A refusal is `{"refused": name, "message": text}`.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Updater } from "tuf-js";

const [, , url, root, folder] = process.argv;
const metadataDir = join(folder, "metadata");
const targetDir = join(folder, "targets");
for (const directory of [metadataDir, targetDir]) mkdirSync(directory, { recursive: true });
copyFileSync(root, join(metadataDir, "root.json"));

const options = { metadataDir, metadataBaseUrl: `${url}metadata`, targetDir, targetBaseUrl: url };
const updater = new Updater({ ...options, config: { fetchRetries: 0 } });

/** The verified bytes of a target. */
async function target(path) {
  const info = await updater.getTargetInfo(path);
  if (info === undefined) throw new Error(`${path} is not signed`);
  return readFileSync(await updater.downloadTarget(info, join(targetDir, encodeURIComponent(path))));
}

/** The content of an object that a manifest names: gzipped, and named by the digest of what is inside. */
async function object({ sha256, size }) {
  const body = Buffer.from(await (await fetch(`${url}objects/${sha256}.gz`)).arrayBuffer());
  const content = gunzipSync(body);
  const digest = createHash("sha256").update(content).digest("hex");
  if (body.length !== size || digest !== sha256) throw new Error(`objects/${sha256}.gz: not the bytes that were signed`);
  return content;
}

const base64 = (files) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString("base64")]));

async function read() {
  await updater.refresh();
  const signed = JSON.parse(readFileSync(join(metadataDir, "targets.json"), "utf8")).signed;
  const targets = {};
  for (const path of Object.keys(signed.targets)) targets[path] = await target(path);
  const path = signed.vademecum.channels.stable.release;
  const { encoder, segments } = JSON.parse(targets[path].toString());
  const objects = {};
  for (const ref of [encoder.object, ...segments.map((segment) => segment.object)]) {
    objects[ref.sha256] = await object(ref);
  }
  return { release: path, targets: base64(targets), objects: base64(objects) };
}

try {
  console.log(JSON.stringify(await read()));
} catch (error) {
  console.log(JSON.stringify({ refused: error.constructor.name, message: error.message }));
}
