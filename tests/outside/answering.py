"""A web server on loopback that answers whatever a test wants, to whoever asks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass
class Answering:
    """What is answered next, and what was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b"{}"
    asked: list[bytes] = field(default_factory=list)


@contextmanager
def answering() -> Generator[Answering]:
    """Start a server and stop it afterwards."""
    told = Answering()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            told.asked.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            self._answer()

        def do_GET(self) -> None:
            told.asked.append(self.path.encode())
            self._answer()

        def _answer(self) -> None:
            try:
                self.send_response(told.status)
                self.send_header("content-length", str(len(told.body)))
                self.end_headers()
                self.wfile.write(told.body)
            except OSError:
                # The one who asked has had enough of a long answer.
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        yield told
        server.shutdown()
