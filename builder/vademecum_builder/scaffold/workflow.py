"""The one workflow: first run to last, by push, by schedule and by hand. Its text is written by `vade init`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from string import Template

WORKFLOW_FILE = ".github/workflows/knowledge-base.yml"
ENVIRONMENT = "github-pages"
"""Holds the secret: no workflow on another branch can read it."""


_SPECIAL, _ESCAPED = re.compile(r"([*?+!\[\]\\])"), r"\\\1"


class _Text(Template):
    delimiter = "@@"


_WORKFLOW = _Text("""\
# Made by `vade init`. What is built, and for where, stands in vademecum.toml.
name: knowledge base
on:
  push:
    branches: [@@branch]
    paths: [@@paths]
  schedule: [{cron: "17 4 * * 1"}]     # signs anew long before the timestamp's 30 days are over
  workflow_dispatch:
concurrency: {group: knowledge-base}   # two builds at once would publish two trees
permissions: {contents: read}
defaults: {run: {shell: bash}}         # with pipefail: a build that fails is a job that fails
jobs:
  build:                               # has the signing key, and no token that could deploy
    runs-on: ubuntu-latest
    environment: @@environment
    outputs: {signed: "${{ steps.build.outputs.signed }}"}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683               # v4.2.2
        with: {persist-credentials: false}
      - uses: actions/setup-python@0b93645e9fea7318ecaed2b359559ac225c90a2b           # v5.3.0
        with: {python-version: "3.12"}
      - uses: actions/setup-node@39370e3970a6d050c480ffad4ff0ed4d3fdee5af             # v4.1.0
        with: {node-version: "20"}
      - run: pip install 'vademecum[build]==@@version'
      - id: build
        env:
          VADEMECUM_SIGNING_KEY: ${{ secrets.VADEMECUM_SIGNING_KEY }}
        run: |
          vade build --json > build.json
          cat build.json
          echo "signed=$(jq .signed build.json)" >> "$GITHUB_OUTPUT"
      - if: steps.build.outputs.signed == 'true'
        uses: actions/upload-pages-artifact@56afc609e74202658d3ffba0e8f6dda462b719fa  # v3.0.1
        with: {path: @@out}
  deploy:                              # has the token, and neither the key nor anything from a package index
    needs: build
    if: needs.build.outputs.signed == 'true'
    runs-on: ubuntu-latest
    permissions: {pages: write, id-token: write}
    environment: {name: @@environment, url: "${{ steps.deploy.outputs.page_url }}"}
    steps:
      - id: deploy
        uses: actions/deploy-pages@d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e           # v4.0.5
""")


def workflow(*, branch: str, sources: Sequence[str], out: str, version: str) -> str:
    """Return the workflow's text.

    Args:
        branch: Pushes to it are published.
        sources: Folders whose changes are built, relative to the repository's top; `.` is all of it.
        out: Folder of the published tree.
        version: Of vademecum.
    """
    watched = [f"{_SPECIAL.sub(_ESCAPED, path)}/**" if path != "." else "**" for path in sources]
    paths = [*watched, *([] if "**" in watched else ["vademecum.toml", "root.json", WORKFLOW_FILE])]
    return _WORKFLOW.substitute(
        branch=json.dumps(branch, ensure_ascii=False),
        paths=", ".join(json.dumps(path, ensure_ascii=False) for path in paths),
        environment=ENVIRONMENT,
        out=json.dumps(out, ensure_ascii=False),
        version=version,
    )
