"""`vade keys`."""

from __future__ import annotations

import os
from argparse import Namespace

from vademecum_builder.cli.environment import time_of_build
from vademecum_builder.cli.wording import Shown
from vademecum_builder.signing.keys import (
    KEY_VARIABLE,
    RELEASE_KEY,
    ROOT_FILE,
    ROOT_KEY,
    new_keys,
    renew_root,
)


def run(options: Namespace) -> Shown:
    """Make keys, or sign the root anew."""
    now = time_of_build(os.environ)
    if options.action == "new":
        new_keys(options.out, now)
        return {"keys": str(options.out)}, [
            f"Made {options.out / ROOT_FILE} (public: ship it with your app),",
            f"  {options.out / ROOT_KEY} (keep it offline: it can replace every other key),",
            f"  {options.out / RELEASE_KEY} (signs releases; in CI put it into {KEY_VARIABLE}).",
        ]
    version = renew_root(
        options.keys, now, rotate=options.rotate, overlap=options.overlap, retire=options.retire
    )
    return {"version": version}, [f"Signed root version {version}; the next `vade build` publishes it."]
