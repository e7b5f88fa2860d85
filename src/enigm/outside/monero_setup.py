"""Looks at a Monero wallet before it is used: can it spend, is it ours, on which network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enigm.foundation.errors import SetupError
from enigm.outside import monero_rpc as rpc
from enigm.outside.wallet_errors import WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from enigm.foundation.payment_settings import MoneroSettings

# What the node calls a regtest chain.
_NODE_NAMES = {"regtest": "fakechain"}


def address_network(network: str) -> str:
    """Return whose addresses a network has: a regtest chain has the real network's."""
    return "mainnet" if network == "regtest" else network


def verify_wallet(
    wallet: rpc.MoneroRpc, node: rpc.MoneroRpc, settings: MoneroSettings, accounts: Iterable[int]
) -> None:
    """Refuse what would be dangerous, then make the accounts that the settings name.

    Raises:
        SetupError: it says what to change.
    """
    try:
        _refuse_spending(wallet)
        _refuse_another(wallet, settings.primary_address)
        _refuse_network(wallet, node, settings)
        _make_accounts(wallet, max(accounts))
    except WalletUnavailableError as error:
        raise SetupError(
            f"The Monero wallet or node cannot be used ({error.trace}): start both, and correct "
            "payments.monero."
        ) from error
    except rpc.RpcRefusedError as error:
        raise SetupError(f"The Monero wallet refused a question ({error}): open one.") from error


def _refuse_spending(wallet: rpc.MoneroRpc) -> None:
    """Ask for the spending key: only one way of saying no will do."""
    try:
        # What would be answered is not read: the decoder takes no field of it.
        wallet.ask("query_key", rpc.Anything, {"key_type": "spend_key"})
    except rpc.RpcRefusedError as error:
        if error.code == rpc.WATCH_ONLY:
            return
        raise
    raise SetupError(
        "The Monero wallet holds a spending key. Take it off this machine, consider the key "
        "known to others, and make a view-only wallet as docs/payments.md says."
    )


def _refuse_another(wallet: rpc.MoneroRpc, expected: str) -> None:
    if wallet.ask("get_address", rpc.PrimaryAddress, {"account_index": 0}).address != expected:
        raise SetupError(
            "The Monero wallet is not that of payments.monero.primary_address: somebody's "
            "payments would go elsewhere. Open the right wallet, or correct the setting."
        )


def _refuse_network(wallet: rpc.MoneroRpc, node: rpc.MoneroRpc, settings: MoneroSettings) -> None:
    question = {"address": settings.primary_address, "any_net_type": True}
    known = wallet.ask("validate_address", rpc.Validity, question)
    found = node.ask("get_info", rpc.NodeState).nettype
    wanted = settings.network
    if found != _NODE_NAMES.get(wanted, wanted) or known.nettype != address_network(wanted):
        raise SetupError(
            f"payments.monero.network says {wanted}; the node or the wallet's address is on "
            "another network. Correct the setting, or start the right programs."
        )


def _make_accounts(wallet: rpc.MoneroRpc, highest: int) -> None:
    known = len(wallet.ask("get_accounts", rpc.Accounts).subaddress_accounts)
    for _ in range(known, highest + 1):
        wallet.ask("create_account", rpc.Anything)
