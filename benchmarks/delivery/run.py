"""Measure the delivery service with the peers' kit; the report is docs/benchmarks-delivery.md.

Run ``python benchmarks/delivery/run.py`` for Enigm alone, or name peers to run beside it:
``--peers enigm,prosody,ejabberd --reps 3``. Everything else goes to the kit's ``bench.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KIT = Path(os.environ.get("ENIGM_PEERS_KIT", ROOT.parent / "shared" / "peers"))


def main(arguments: list[str]) -> int:
    """Call the kit with our plug-ins."""
    if not (KIT / "bench.py").exists():
        print("The benchmark kit is not here: set ENIGM_PEERS_KIT to the folder that holds it.")
        return 0
    if "--peers" not in arguments:
        arguments = ["--peers", "enigm", "--reps", "1", "--quick", *arguments]
    # The kit's own environment holds what its clients for other peers need.
    python = os.environ.get("ENIGM_BENCH_PYTHON", sys.executable)
    plugins = [f"--plugin={HERE / name}" for name in ("enigm_peer.py", "nats_durable_peer.py")]
    command = [python, str(KIT / "bench.py"), *plugins, *arguments]
    return subprocess.run(command, check=False, cwd=KIT).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
