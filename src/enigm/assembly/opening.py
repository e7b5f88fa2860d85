"""`enigm app`: one person's App on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal

from enigm.app.loopback import daemon
from enigm.app.options import Options
from enigm.assembly.exits import Exit
from enigm.assembly.places import Places
from enigm.faces.cli.local_agent import agent_of
from enigm.foundation.errors import InvalidError

# A profile is a folder's name: nothing that could lead out of the profiles' folder.
_PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def open_profile(profile: str, service: str | None, port: int, *, open_browser: bool) -> int:
    """Serve a profile's page until stopped.

    Raises:
        InvalidError: the profile's name could not be a folder.
    """
    if not _PROFILE_NAME.fullmatch(profile):
        raise InvalidError(
            "app.profile_name",
            "A profile's name is 1 to 32 small letters, digits, - or _, and begins with a letter "
            "or a digit.",
        )
    folder = Places.of(os.environ).profiles
    options = Options(profile, service, folder, agent=agent_of(profile))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_until_stopped(options, port, open_browser=open_browser))
    return Exit.DONE


async def _until_stopped(options: Options, port: int, *, open_browser: bool) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    deed = asyncio.ensure_future(daemon.run(options, open_browser=open_browser, port=port))
    asking = asyncio.ensure_future(asked.wait())
    await asyncio.wait({deed, asking}, return_when=asyncio.FIRST_COMPLETED)
    asking.cancel()
    # Once, however often it is asked for: a second time would cut the clean end short.
    deed.cancel()
    await deed
