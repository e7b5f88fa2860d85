"""A thief with the right user name and password, but no trusted device, speaks to the service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from enigm.app.identity.keys import fresh_device_keys
from enigm.app.service import opaque
from enigm.app.service.accounts import AccountPath, SignIn
from enigm.app.service.pins import PinPath
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import Refusal
from enigm.wire import user_name

if TYPE_CHECKING:
    from collections.abc import Awaitable


def steal(service: str, name: str, password: str) -> dict[str, str]:
    """Sign in and try what counts; return for each try the code it was refused with, or nothing."""
    return asyncio.run(_steal(service, name, password))


async def _steal(service: str, name: str, password: str) -> dict[str, str]:
    entropy = SystemEntropy()
    path = AccountPath(service, SystemClock(), entropy)
    lookup_id = user_name.name_keys(user_name.normalise(name)).lookup_id
    device = fresh_device_keys(entropy)
    path.use(SignIn(lookup_id, opaque.sign_in_secret(password)), device)
    try:
        return {
            "sign in": await _refusal(path.session()),
            "take tokens": await _refusal(path.evaluate([bytes(32)])),
            "trust its own device": await _refusal(path.append_entry(bytes(64))),
            "leave key packages": await _refusal(path.publish_key_packages([], b"")),
            "change the password": await _refusal(path.change_password("mine", b"", "")),
            "set a PIN": await _refusal(PinPath(path).set(b"", b"")),
            "delete the account": await _refusal(path.delete_account("")),
        }
    finally:
        await path.close()


async def _refusal(deed: Awaitable[Any]) -> str:
    try:
        await deed
    except Refusal as refusal:
        return refusal.code
    return ""
