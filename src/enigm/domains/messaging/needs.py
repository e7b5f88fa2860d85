"""What delivery needs from others: checking admission, and telling other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from enigm.domains.messaging.model import PlaceName


class Admission(Protocol):
    """Recognises one-use tokens without knowing to whom they were given."""

    def redeem(self, token: bytes) -> bytes:
        """Return the token's input, to be remembered as spent; raises a Refusal."""
        ...


class Fanout(Protocol):
    """Carries notices between the processes of one service; may lose some, and then says so."""

    async def start(
        self, heard: Callable[[PlaceName, bytes], None], uncertain: Callable[[], None]
    ) -> None:
        """Connect; ``uncertain`` is called whenever notices may have been lost."""
        ...

    def tell(self, name: PlaceName, notice: bytes) -> None:
        """Send a notice about a place to every other process; never waits."""
        ...

    async def listen(self, name: PlaceName) -> None:
        """Hear about a place from now on; returns when that is certain."""
        ...

    def ignore(self, name: PlaceName) -> None:
        """Hear no more about a place."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...
