import assert from "node:assert/strict";
import { test } from "node:test";

import { fileAddress } from "../../../../client/vademecum/js/net/transport.mjs";
import { treeUrl } from "../../../../client/vademecum/js/page/options.mjs";

test("an address is kept as it is written, and leads to the folder of its page", () => {
  for (const [written, asked] of [
    ["https://h/group%2Fproject/1", "https://h/group%2Fproject/1/x.json"],
    ["http://h/a%3Fb/%23/100%25/%5B/", "http://h/a%3Fb/%23/100%25/%5B/x.json"],
    ["http://h/kb/index.html", "http://h/kb/x.json"],
    ["http://h/index.html?token=a%26b#top", "http://h/x.json?token=a%26b"],
    ["http://h/my-index.html", "http://h/my-index.html/x.json"],
  ]) {
    assert.equal(fileAddress("x.json", treeUrl(written)), asked);
  }
});
