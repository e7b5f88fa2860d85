"""NATS JetStream with a forced write before each acknowledgement, as a `Peer` of the kit.

As installed it forces every two minutes: it is quick, and loses what the power takes. This is the
same broker at the durability that Enigm has. It needs nats-server 2.10 or newer, which
``PEERS_NATS_SERVER`` names; Debian 12 has an older one.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

import peers as kit

PROGRAM = os.environ.get("PEERS_NATS_SERVER", "nats-server")


class NatsForced(kit.Nats):
    """One broker, ``sync_interval: always``."""

    name = "nats-jetstream-forced"
    port = 14322

    def version(self) -> str:
        return subprocess.run(
            [PROGRAM, "--version"], check=True, capture_output=True, text=True
        ).stdout

    def spawn(self) -> None:
        settings = self.base / "server.conf"
        self.base.mkdir(parents=True, exist_ok=True)
        settings.write_text(
            f'listen: "{kit.HOST}:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.data}", sync_interval: always }}\n'
        )
        kit.wait_port(self.port, self.run([PROGRAM, "-c", str(settings)], cwd="/"))

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "sync": "sync_interval: always"}
