"""The numbers that the `enigm` command ends with, and how it says what went wrong."""

from __future__ import annotations

import errno
import shutil
import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from enigm.foundation.errors import Category, Refusal, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable


# What the machine refuses and its owner can mend; any other is a fault of ours.
_MENDED: Final = {
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST),
        "Choose a place that you may write; ENIGM_DATA names the folder of all that is kept.",
    ),
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Make room on the disk and try again."),
    errno.EADDRINUSE: "Choose another port, or leave --port out to take a free one.",
}


class Exit(IntEnum):
    """Stable: scripts match on them. A number is never given another meaning."""

    DONE = 0
    # Something ran and did not hold: a claim of the demo, a vector, a process that ended.
    FAILED = 1
    # The command line itself is wrong.
    USAGE = 2
    # Something on this machine must change before Enigm can start.
    SETUP = 3
    # The service or the App said no: 10 and the place of the reason among the nine categories.
    REFUSED = 10


def say(text: str) -> None:
    """Print a line for people, now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print what went wrong, on the error stream."""
    sys.stderr.write(f"enigm: {text}\n")
    sys.stderr.flush()


def program() -> str:
    """Return what a person has to type here: from a checkout, `enigm` is on no path."""
    called = Path(sys.argv[0])
    return "enigm" if called.name != "enigm" or shutil.which("enigm") else str(called)


def plainly(deed: Callable[[], int]) -> int:
    """Run a command; turn what a person can mend into one sentence and a stable number."""
    try:
        return deed()
    except SetupError as error:
        complain(str(error))
        return Exit.SETUP
    except Refusal as refusal:
        complain(f"{refusal.detail} ({refusal.code})")
        return Exit.REFUSED + list(Category).index(refusal.category)
    except BrokenPipeError:
        # The reader of our output went away: `enigm inventory | head`.
        sys.stderr.close()
        return Exit.DONE
    except OSError as error:
        if error.errno not in _MENDED:
            raise
        place = f" ({error.filename})" if error.filename else ""
        complain(f"{error.strerror}{place}. {_MENDED[error.errno]}")
        return Exit.SETUP
    except KeyboardInterrupt:
        return Exit.DONE
