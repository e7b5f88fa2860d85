"""Starts electrumx for tests: it answers at once instead of filling packets for a second."""

from __future__ import annotations

from electrumx.cli.electrumx_server import main
from electrumx.server.transport import PaddedRSTransport

if __name__ == "__main__":
    # The wait hides from listeners what is asked; on loopback there are none.
    PaddedRSTransport.WAIT_FOR_BUFFER_GROWTH_SECONDS = 0.0
    main()
