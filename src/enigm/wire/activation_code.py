"""The eSIM activation code that a phone scans: ``LPA:1$address$matching id`` (SGP.22 §4.1)."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Final

import segno

from enigm.foundation.errors import InvalidError

_PREFIX: Final = "LPA:"
_FORMAT: Final = "1"
_NEEDS_CODE: Final = "1"
# SGP.22 §4.1 bounds the whole code; a longer one does not fit the screens that type it.
CODE_CHARACTERS_MAX: Final = 255
_PARTS_MIN, _PARTS_MAX = 3, 5

_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}(?::[0-9]{1,5})?")
_MATCHING_ID: Final = re.compile(r"[A-Za-z0-9-]*")
_OBJECT_ID: Final = re.compile(r"[0-9]+(?:\.[0-9]+)+")


class ActivationCodeError(InvalidError):
    """A text is not an activation code."""

    def __init__(self) -> None:
        """Say so; the text itself is a secret and is not repeated."""
        super().__init__("wire.activation_code", "This is not an eSIM activation code.")


@dataclass(frozen=True, slots=True, repr=False)
class ActivationCode:
    """Where a phone fetches one profile, and under which id. Whoever holds it can install it.

    Args:
        address: the SM-DP+'s host name.
        matching_id: names the order there; may be empty.
        object_id: the SM-DP+'s object identifier, where one is asked for.
        needs_confirmation: a confirmation code, told apart from this one, is asked for too.
    """

    address: str
    matching_id: str
    object_id: str = ""
    needs_confirmation: bool = False

    def __post_init__(self) -> None:
        """Refuse parts that would not come back from the text."""
        is_whole = (
            _ADDRESS.fullmatch(self.address)
            and _MATCHING_ID.fullmatch(self.matching_id)
            and (not self.object_id or _OBJECT_ID.fullmatch(self.object_id))
        )
        if not is_whole or len(self.text) > CODE_CHARACTERS_MAX:
            raise ActivationCodeError

    @property
    def text(self) -> str:
        """The code as it is typed or scanned; an empty object id leaves ``$$1``."""
        parts = [_FORMAT, self.address, self.matching_id]
        if self.object_id or self.needs_confirmation:
            parts.append(self.object_id)
        if self.needs_confirmation:
            parts.append(_NEEDS_CODE)
        return _PREFIX + "$".join(parts)

    @property
    def picture(self) -> str:
        """The code as a QR picture: SVG, black on white whatever stands around it."""
        drawn = io.BytesIO()
        segno.make(self.text, error="m", micro=False).save(
            drawn, kind="svg", border=4, dark="black", light="white", xmldecl=False
        )
        return drawn.getvalue().decode()

    @staticmethod
    def parse(text: str) -> ActivationCode:
        """Read a code.

        Raises:
            ActivationCodeError: another format, another version, or parts that cannot be.
        """
        if not text.startswith(_PREFIX) or len(text) > CODE_CHARACTERS_MAX:
            raise ActivationCodeError
        version, *parts = text.removeprefix(_PREFIX).split("$")
        if version != _FORMAT or not _PARTS_MIN - 1 <= len(parts) <= _PARTS_MAX - 1:
            raise ActivationCodeError
        address, matching_id, object_id, flag = (*parts, "", "")[:4]
        code = ActivationCode(address, matching_id, object_id, flag == _NEEDS_CODE)
        if code.text != text:
            raise ActivationCodeError
        return code
