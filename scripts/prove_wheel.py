"""Starts an installed `enigm up` without Node on its path and asks its page for an answer."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)/#token=")
SECONDS_MAX = 60


def main(enigm: Path) -> int:
    """Return 0 when the page came from the installed package and both parts stopped cleanly."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        # Only the environment's own programs: whatever Node this machine has is out of reach.
        environment = {"PATH": str(enigm.parent), "HOME": folder, "ENIGM_DATA": folder}
        process = subprocess.Popen(
            [enigm.absolute(), "up", "--no-browser", f"--port={port}"],
            stdout=subprocess.PIPE,
            env=environment,
            cwd=folder,
        )
        signal.alarm(SECONDS_MAX)
        try:
            page = _page(process)
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait()
    print(f"wheel: the page answered with {len(page)} bytes; stopped with {code}")
    return 0 if b"<html" in page and code == 0 else 1


def _page(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    for line in process.stdout:
        if found := ADDRESS.search(line):
            page_port = int(found.group(1))
            os.environ["no_proxy"] = "*"
            with urlopen(f"http://127.0.0.1:{page_port}/") as answer:
                return answer.read()
    return b""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
