"""`vade keys`."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from vademecum.errors import UsageError
from vademecum_builder.cli.environment import time_of_build
from vademecum_builder.cli.wording import Shown
from vademecum_builder.signing.keys import KEY_VARIABLE, RELEASE_KEY, ROOT_FILE, ROOT_KEY, set_secret
from vademecum_builder.signing.root import new_keys, renew_root

_REVOKED = (
    "  what the old key has signed is believed no more: everybody fetches the next release whole (a change that is "
    "planned: --overlap)"
)


def run(options: Namespace) -> Shown:
    """Make keys, or sign the root again."""
    now = time_of_build(os.environ)
    if options.action == "new":
        new_keys(options.out, now, root_keys=options.root_keys, threshold=options.threshold)
        roots, kept = ROOT_KEY, "it offline: it can"
        if options.root_keys > 1:
            roots, kept = f"root-1.pem to root-{options.root_keys}.pem", "them offline, each apart: they can"
        return {"keys": str(options.out)}, [
            f"Made {options.out / ROOT_FILE} (public: ship it with your app),",
            f"  {options.out / roots} (keep {kept} replace every other key),",
            f"  {options.out / RELEASE_KEY} (signs releases; in CI put it into {KEY_VARIABLE}).",
        ]
    rotating = options.action == "rotate"
    overlap, retire = rotating and options.overlap, rotating and options.retire
    if overlap and retire:
        raise UsageError("--overlap names a new key, --retire gives up the old ones, some weeks later: name one")
    rotate = rotating and not (overlap or retire)
    version = renew_root(options.keys, now, rotate=rotate, overlap=overlap, retire=retire)
    made, there = options.keys / ROOT_FILE, Path(ROOT_FILE)
    told = f"  hand over the new release key, as the secret {KEY_VARIABLE} of what builds; on GitHub:"
    elsewhere = there.is_file() and not there.samefile(made)
    return {"version": version}, [
        f"Signed root version {version}: {made}",
        f"  cp {made} {there}: builds in this repository read that one; commit it"
        if elsewhere
        else "  commit it where builds read it: as a rule root.json, at the top of the repository",
        *([_REVOKED] if rotate else []),
        *([told, f"    {set_secret(options.keys)}"] if rotate or overlap else []),
        "  the next `vade build` publishes it",
    ]
