// An app as a developer would write it; it compiles against the public types or the types test fails.
import { KnowledgeBase, VademecumError } from "../../../client/vademecum/js/vademecum.mjs";
import type { Events, Hit, KnowledgeDocument, LocalVersion, Mode, Outcome, PublishedVersion, Status } from "../../../client/vademecum/js/vademecum.mjs";

const kb = new KnowledgeBase({
  url: ["https://example.org/kb/", new URL("https://mirror.example.net/kb/")],
  maxUpdateBytes: 5_000_000,
  trust: { signed: {}, signatures: [] },
  autoUpdate: true,
  checkIntervalMs: 3_600_000,
  debug: false,
  policy: ({ saveData, effectiveType }) => !saveData && effectiveType === "4g",
});

export async function start(toast: (text: string) => void): Promise<LocalVersion> {
  await kb.initialize();
  const stop = kb.on("updateCompleted", ({ version, elsewhere }) => toast(elsewhere ? version : `now ${version}`));
  const failed = ({ code, willRetry }: Events["updateFailed"]): void => toast(`${code} ${willRetry}`);
  kb.on("updateFailed", failed);
  kb.off("updateFailed", failed);
  kb.on("updateProgress", ({ stage, percentage, bytes, totalBytes }) => toast(`${stage} ${percentage} ${bytes}/${totalBytes}`));
  stop();
  return kb.ready;
}

export async function find(query: string): Promise<Hit[]> {
  try {
    return await kb.search(query, { limit: 5 });
  } catch (error) {
    if (error instanceof VademecumError && error.code === "empty") return [];
    throw error;
  }
}

export async function everything(): Promise<unknown[]> {
  const mode: Mode = kb.mode;
  const status: Status = await kb.getStatus();
  const outcome: Outcome = await kb.update();
  const published: PublishedVersion = await kb.fetchPublishedVersion();
  const page: KnowledgeDocument | null = await kb.document("guide/keys.md");
  const { available, reason } = await kb.checkForUpdates();
  await kb.setMode("manual");
  await kb.pin(12);
  await kb.pin(null);
  await kb.forceUpdate();
  await kb.rollback();
  await kb.clearVersion();
  await kb.clear();
  await kb.close();
  return [mode, status.state, status.lastError?.code, outcome.from, published.sequence, page?.chunks[0]?.headings, available, reason];
}

// @ts-expect-error there is no such event
kb.on("updated", () => {});
// @ts-expect-error there is no such mode
void kb.setMode("sometimes");
// @ts-expect-error the address is needed
void new KnowledgeBase({});
