"""HTTP → devices. A protected request needs a living session and a trusted device's signature.

Carries:    the owner that the session's account is, and the signed request.
Withholds:  the session, the account's id, the device's address.
Dies:       with the answer; a nonce's hash stays until the request is stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.domains.devices.errors import DeviceNotTrustedError
from enigm.domains.devices.model import SignedCall
from enigm.foundation.errors import Refusal
from enigm.wire.request_signature import read_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.crossings.account_has_owner_name import OwnerNames
    from enigm.domains.accounts.model import AccountId, Caller
    from enigm.domains.accounts.needs import DeviceVoucher
    from enigm.domains.devices.actions.trust import TrustCheck
    from enigm.domains.devices.model import DeviceId, OwnerRef
    from enigm.wire.request_signature import SignedRequest


class ProtectedRequestAsksDeviceTrust:
    """Joins two states that neither domain could judge alone: session and device trust."""

    def __init__(self, trust: TrustCheck, names: OwnerNames) -> None:
        """Keep both sides."""
        self._trust = trust
        self._names = names

    def owner_of(self, caller: Caller) -> OwnerRef:
        """Return the owner that the session's account is."""
        return self._names.owner_of(caller.account_id)

    def check(self, caller: Caller, request: SignedRequest, headers: Mapping[str, str]) -> DeviceId:
        """Return which trusted device asks; raises the refusals of devices."""
        try:
            signature = read_signature(headers)
        except Refusal as error:
            raise DeviceNotTrustedError(error.trace) from error
        return self._trust.check_call(self.owner_of(caller), SignedCall(request, signature))

    def vouched_by(self, account_id: AccountId, voucher: DeviceVoucher) -> bytes | None:
        """Provide ``accounts.needs.DeviceVouching``: None where no trusted device signed."""
        call = SignedCall(voucher.request, voucher.signature)
        try:
            return self._trust.check_call(self._names.owner_of(account_id), call)
        except Refusal:
            return None
