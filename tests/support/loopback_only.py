"""No test reaches beyond this machine: a connection elsewhere is refused and named."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any


class BeyondLoopbackError(RuntimeError):
    """A test tried to speak to another machine."""


def refuse_elsewhere(address: Any) -> None:
    """Raise where the address is neither loopback nor a local socket file."""
    if not isinstance(address, tuple) or not address:
        return
    host = str(address[0])
    if host in {"", "localhost"}:
        return
    try:
        local = ipaddress.ip_address(host.split("%", maxsplit=1)[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        message = f"a test tried to reach {host}: tests speak to this machine only"
        raise BeyondLoopbackError(message)


def pytest_configure() -> None:
    """Stand between every Python socket and the network, in each worker."""
    plain_connect, plain_connect_ex = socket.socket.connect, socket.socket.connect_ex

    def connect(self: socket.socket, address: Any) -> None:
        refuse_elsewhere(address)
        plain_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        refuse_elsewhere(address)
        return plain_connect_ex(self, address)

    socket.socket.connect = connect
    socket.socket.connect_ex = connect_ex
