"""What Node.js is told before any module of the client runs in it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from vademecum_builder.pages.stemmers import stemmers

HOOK = """
import {{ register }} from "node:module";
const hook = `export const resolve = (name, context, next) =>
  next(name.startsWith("./stemmers/") ? "{folder}/" + name.slice(11) : name, context);`;
register(`data:text/javascript,${{encodeURIComponent(hook)}}`);
"""


@pytest.fixture(scope="module", autouse=True)
def made_stemmers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Snowball's stemmers are no files of the repository: what asks for them is given those that a build makes."""
    folder = tmp_path_factory.mktemp("stemmers")
    for name, content in stemmers().items():
        (folder / name).write_bytes(content)
    (folder / "package.json").write_text('{"type": "module"}')
    with pytest.MonkeyPatch.context() as patch:
        hook = HOOK.format(folder=folder.as_uri())
        patch.setenv("NODE_OPTIONS", f"--import=data:text/javascript,{quote(hook)}")
        yield
