"""`enigm invite create`: lets people in where the service registers by invite only."""

from __future__ import annotations

from enigm.assembly.exits import Exit, say
from enigm.assembly.places import settings_of_this_machine
from enigm.assembly.service import make_invite
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import InvalidError

# More at once is a slip of the finger: each invite lets a stranger in.
INVITES_MAX = 1000


def create_invites(count: int) -> int:
    """Print new invites, one on a line.

    Raises:
        InvalidError: fewer than one, or more than anyone hands out.
    """
    if not 1 <= count <= INVITES_MAX:
        raise InvalidError("invites.count", f"Ask for 1 to {INVITES_MAX} invites.")
    settings = settings_of_this_machine()
    for _ in range(count):
        say(make_invite(settings, SystemClock(), SystemEntropy()))
    return Exit.DONE
