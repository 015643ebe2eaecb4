"""Other weights of words than an encoder says, tried on a collection: `retrieval.py WEIGHT[,WEIGHT ...] DIR [options]`.

The options are those of `vade bench retrieval`, which is what measures; peers are left out. With `--cache FILE` a
transformer's embeddings are kept between runs.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.embeddings import cached_embeddings
from vademecum.search import searcher
from vademecum.search.ranking import fuse as fuse_as_released
from vademecum_builder.cli.main import main


def weighed(weight: int) -> Any:
    """Let words weigh so many thousandths, whatever the encoder says."""

    def fuse(*arguments: Any, **options: Any) -> Any:
        return fuse_as_released(*arguments, **options | {"weight": weight / 1000})

    return patch.object(searcher, "fuse", fuse)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("weights")
    parser.add_argument("--cache", type=Path)
    options, rest = parser.parse_known_args()
    with cached_embeddings(options.cache) if options.cache else nullcontext():
        for weight in map(int, options.weights.split(",")):
            print(f"words weigh {weight}", flush=True)
            with weighed(weight):
                if main(["bench", "retrieval", *rest, "--no-peers"]):
                    sys.exit(1)
