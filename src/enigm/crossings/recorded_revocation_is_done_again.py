"""Audit → devices, handles. What a restored backup would trust again is refused again.

Carries:    handles that the audit log has, matched with those of the devices that came back.
Withholds:  who revoked what, when and why.
Dies:       a refusal with the device's row, a revoked handle with its epoch's key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from enigm.domains.handles.model import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.crossings.decision_is_audited_by_handle import SubjectHandles
    from enigm.domains.devices.actions.chains import Chains
    from enigm.domains.devices.model import DeviceId, OwnerRef
    from enigm.domains.handles.actions.naming import HandleAuthority

# An administrator revokes what a device shows; the record has the handle and not its purpose.
_SHOWN_UNDER = (Purpose.POSTURE, Purpose.ATTESTATION)


class RestoredDevice(NamedTuple):
    """A device as it stands in a store that came back."""

    owner: OwnerRef
    device_id: DeviceId
    is_revoked: bool


class Redone(NamedTuple):
    """How many devices are refused again, and how many records name none that came back."""

    devices: int
    unmatched: int


class RecordedRevocationIsDoneAgain:
    """Does again what the log says was done, to devices and handles that came back without it."""

    def __init__(self, chains: Chains, handles: SubjectHandles, authority: HandleAuthority) -> None:
        """Keep every side."""
        self._chains = chains
        self._handles = handles
        self._authority = authority

    def redo(
        self, restored: Iterable[RestoredDevice], revoked: frozenset[str], shown: frozenset[str]
    ) -> Redone:
        """Refuse each device that was revoked, and revoke its handles.

        Args:
            restored: every device there is.
            revoked: handles, in hex digits, under which the log has revoked devices.
            shown: handles of what devices show, that administrators revoked.
        """
        count, matched = 0, set[str]()
        for device in restored:
            known_as = {
                each.hex() for each in self._handles.live_handles(device.device_id, Purpose.AUDIT)
            }
            matched |= known_as & revoked
            if known_as & revoked and not device.is_revoked:
                count += 1
                self._chains.refuse(device.owner, device.device_id)
            if known_as & revoked or device.is_revoked:
                self._handles.revoke(device.device_id)
            for purpose in _SHOWN_UNDER if shown else ():
                handle = self._handles.handle(device.device_id, purpose)
                if handle.hex() in shown:
                    self._authority.revoke_handle(purpose, handle)
        return Redone(count, len(revoked - matched))
