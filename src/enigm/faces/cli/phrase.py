"""How commands take the 24 words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from enigm.faces.cli.printing import complain
from enigm.foundation.errors import InvalidError

if TYPE_CHECKING:
    from pathlib import Path


def typed_phrase(phrase_file: Path | None) -> list[str]:
    """Return the words from a file, or from a line on standard input."""
    if phrase_file is not None:
        try:
            return phrase_file.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidError("chat.phrase_file", "The phrase's file cannot be read.") from error
    if sys.stdin.isatty():
        complain("Type the 24 words:")
    return sys.stdin.readline().split()
