"""A JSON server on TLS in a thread, for counterparties that tests run themselves."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


class Lost(Exception):  # noqa: N818 - not an error: the connection shall just end
    """Do not answer: the connection breaks after the work was done."""


class TlsCounterparty:
    """Subclasses answer ``take``; one at a time, as one database would."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._taking = threading.Lock()
        counterparty = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def setup(self) -> None:
                # The handshake happens in the connection's own thread: a bad client holds up none.
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def finish(self) -> None:
                try:
                    super().finish()
                finally:
                    self.request.close()

            def do_POST(self) -> None:
                counterparty._answer(self)

            def do_GET(self) -> None:
                counterparty._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
                """Be quiet."""

        class Server(ThreadingHTTPServer):
            # Closing waits for every connection, so that none outlives its test.
            daemon_threads = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that was refused is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        raise NotImplementedError

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        try:
            with self._taking:
                status, answer = self.take(handler.command, handler.path, headers, body)
        except Lost:
            handler.close_connection = True
            return
        content = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("X-Admin-Protocol", "gsma/rsp/v2.5.0")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)
