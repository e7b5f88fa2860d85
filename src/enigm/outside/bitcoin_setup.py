"""Looks at what an operator set for Bitcoin before it is used: can it spend, is it safe to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import bdkpython as bdk

from enigm.foundation.errors import SetupError
from enigm.outside.own_address import is_this_machine, read_secret

if TYPE_CHECKING:
    from pathlib import Path

    from enigm.foundation.payment_settings import BitcoinNetwork, BitcoinSettings

NETWORKS: Final[dict[BitcoinNetwork, tuple[bdk.Network, bdk.NetworkKind]]] = {
    "mainnet": (bdk.Network.BITCOIN, bdk.NetworkKind.MAIN),
    "testnet": (bdk.Network.TESTNET, bdk.NetworkKind.TEST),
    "signet": (bdk.Network.SIGNET, bdk.NetworkKind.TEST),
    "regtest": (bdk.Network.REGTEST, bdk.NetworkKind.TEST),
}

# The library makes its exceptions in a way that type checkers cannot follow.
ADDRESS_ERROR: Final = cast("type[Exception]", bdk.AddressParseError)
BROKEN_ERROR: Final = cast("type[Exception]", bdk.InternalError)
DESCRIPTOR_ERROR: Final = cast("type[Exception]", bdk.DescriptorError)
ELECTRUM_ERROR: Final = cast("type[Exception]", bdk.ElectrumError)
UNCONNECTED_ERROR: Final = cast("type[Exception]", bdk.CannotConnectError)


def read_descriptor(path: Path, kind: bdk.NetworkKind) -> bdk.Descriptor:
    """Return the public descriptor of a file: ``wpkh([fingerprint/84'/0'/0']xpub…/0/*)``.

    Raises:
        SetupError: it holds a private key, is of another kind, or of another network.
    """
    text = read_secret("payments.bitcoin.descriptor_file", path)
    # Looked at before it is read in full: a private key of another network is one, too.
    if "prv" in text:
        raise _can_spend()
    try:
        descriptor = bdk.Descriptor(text, kind)
    except DESCRIPTOR_ERROR:
        # The error is left out: it may quote the descriptor.
        raise SetupError(
            "The file of payments.bitcoin.descriptor_file holds no descriptor of the network "
            "that payments.bitcoin.network names."
        ) from None
    if descriptor.to_string_with_secret() != str(descriptor):
        raise _can_spend()
    is_row = descriptor.has_wildcard() and not descriptor.is_multipath()
    if descriptor.desc_type() is not bdk.DescriptorType.WPKH or not is_row:
        raise SetupError(
            "The file of payments.bitcoin.descriptor_file must hold a descriptor of the form "
            "wpkh(xpub…/0/*): one row of addresses, and the receiving one."
        )
    return descriptor


def _can_spend() -> SetupError:
    return SetupError(
        "The file of payments.bitcoin.descriptor_file holds a private key. Take it off this "
        "machine, consider the key known to others, and export the public descriptor as "
        "docs/payments.md says."
    )


def checked_server(settings: BitcoinSettings) -> str:
    """Return the Electrum server's address where nobody on the way can change its answers.

    Raises:
        SetupError: it is clear text to another machine.
    """
    url = settings.electrum_url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SetupError("The setting payments.bitcoin.electrum_url is no address.") from None
    through_tor = host.endswith(".onion") and bool(settings.socks_proxy)
    is_safe = parts.scheme == "ssl" or (
        parts.scheme == "tcp" and (is_this_machine(host) or through_tor)
    )
    if not host or not port or not is_safe:
        raise SetupError(
            "The setting payments.bitcoin.electrum_url must be ssl://host:port, or tcp:// on "
            "this machine or to an onion service through payments.bitcoin.socks_proxy."
        )
    return url
