# SPDX-License-Identifier: AGPL-3.0-or-later
"""Glue, run in Osmocom's Python: starts their software phone, whose SM-DP+ is on this machine.

Their certificates name a host of the standard's; here it means a port of this machine.
"""

from __future__ import annotations

import runpy  # noqa: TID251 - it starts a program of theirs, in their Python
import socket
import sys

HOST = "testsmdpplus1.example.com"

if __name__ == "__main__":
    port, program, *arguments = sys.argv[1:]
    look_up = socket.getaddrinfo

    def on_this_machine(host, asked_port, *rest, **named):
        """Answer for the one name as for a port of this machine."""
        if host == HOST:
            return look_up("127.0.0.1", int(port), *rest, **named)
        return look_up(host, asked_port, *rest, **named)

    socket.getaddrinfo = on_this_machine
    sys.argv = [program, *arguments]
    runpy.run_path(program, run_name="__main__")
