"""Where this package was installed from, for messages that say how to install a missing extra."""

from __future__ import annotations


def pip_install(*extras: str) -> str:
    """Return the command that adds extras to what is installed here, from where that came.

    It names a clone, a wheel or a commit where that is known (`direct_url.json` of the packaging specification
    "Recording the Direct URL Origin"), for no package index may have it; else the package.
    """
    # Imported where it is asked for: browsers load this module, and install nothing.
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from pathlib import Path
    from urllib.request import url2pathname

    named = f"vademecum[{','.join(extras)}]"
    try:
        told = json.loads(distribution("vademecum").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        told = {}
    url, version_control = told.get("url", ""), told.get("vcs_info")
    place = Path(url2pathname(url.removeprefix("file://")))
    if version_control:
        named = f"{named} @ {version_control['vcs']}+{url}@{version_control['commit_id']}"
    elif url.startswith("file://") and place.exists():
        editable = "-e " if told.get("dir_info", {}).get("editable") else ""
        return f"pip install {editable}'{place}{named.removeprefix('vademecum')}'"
    elif url.startswith("https://"):
        named = f"{named} @ {url}"
    return f"pip install '{named}'"
