"""A server of ASGI applications that leaves signals to whoever runs it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Generator


class SignallessServer(uvicorn.Server):
    """Uvicorn without its own signal handlers, which would end the process by the signal."""

    def stop(self) -> None:
        """Finish what is being answered, then return from ``serve``."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals to whoever runs this."""
        yield
