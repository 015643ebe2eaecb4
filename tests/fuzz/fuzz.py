"""Coverage-guided fuzzing of every decoder, with atheris (the extra `fuzz`): `make fuzz SECONDS=600`.

Each decoder runs in a process of its own, which ends at the first finding: libFuzzer writes the input to
`FOLDER/crash-...` and the trace to its log. `--replay FILE` reads one such input again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

MEGABYTES, ONE_INPUT = 2048, 20
"""What one process may hold, and the seconds that one input may take."""


def main() -> int:
    options = _options()
    if options.inside:  # before anything of ours is imported: atheris instruments what it sees imported
        return _inside(options)
    from fuzz.decoders import DECODERS

    if options.replay:
        decoder = next(decoder for decoder in DECODERS if decoder.name == options.decoders[0])
        _read(decoder.read, options.replay.read_bytes())
        return 0
    names = options.decoders or [decoder.name for decoder in DECODERS]
    options.folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(options.parallel) as pool:
        found = list(pool.map(lambda name: _outside(name, options), names))
    return 1 if any(found) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("decoders", nargs="*", help="names in decoders.py; all of them by default")
    parser.add_argument("--seconds", type=int, default=20, help="for each decoder")
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("test-artifacts/fuzz"), help="corpus, logs, findings")
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _outside(name: str, options: argparse.Namespace) -> bool:
    """Fuzz one decoder in a process; return whether something was found."""
    command = [
        sys.executable,
        "-m",
        "fuzz.fuzz",
        name,
        "--inside",
        f"--seconds={options.seconds}",
        f"--folder={options.folder}",
    ]
    log = options.folder / f"{name}.log"
    with log.open("wb") as stream:
        code = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
    lines = log.read_text(errors="replace").splitlines()
    runs = next((line for line in reversed(lines) if line.startswith("Done ")), "no end: see the log")
    print(f"{name:18} {'FOUND, see ' + str(log) if code else runs}", flush=True)
    return code != 0


def _inside(options: argparse.Namespace) -> int:
    import atheris

    with atheris.instrument_imports(include=["vademecum", "vademecum_builder", "tuf"]):
        from fuzz import decoders
    decoder = next(decoder for decoder in decoders.DECODERS if decoder.name == options.decoders[0])
    corpus = options.folder / f"corpus-{decoder.name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(decoder.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        damaged: bytes = atheris.Mutate(data, longest) if random.random() < 0.2 else decoder.mutate(data, random)
        return damaged[:longest]

    arguments = [
        *("fuzz", f"-max_total_time={options.seconds}", f"-rss_limit_mb={MEGABYTES}", f"-timeout={ONE_INPUT}"),
        *("-max_len=200000", f"-artifact_prefix={options.folder}/{decoder.name}-", str(corpus)),
    ]
    atheris.Setup(arguments, lambda data: _read(decoder.read, data), custom_mutator=mutate)
    atheris.Fuzz()
    return 0


def _read(read: object, data: bytes) -> None:
    from vademecum.errors import VademecumError

    assert callable(read)
    try:
        read(data)
    except VademecumError:
        return


if __name__ == "__main__":
    sys.exit(main())
