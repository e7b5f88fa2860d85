"""What an operator may set about being paid: nothing is asked of anybody unless it is set here."""

from __future__ import annotations

# Settings are read when they are converted, so their types are needed at run time.
from pathlib import Path
from typing import Annotated, Literal

import msgspec

# No wallet holds more accounts or addresses than this many bits can number.
Number = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Cents = Annotated[int, msgspec.Meta(ge=1, lt=10**12)]
CoinName = Literal["XMR", "BTC"]
MoneroNetwork = Literal["mainnet", "stagenet", "testnet", "regtest"]
BitcoinNetwork = Literal["mainnet", "testnet", "signet", "regtest"]

# What monero-wallet-rpc looks ahead unless told otherwise (subaddress-lookahead 50:200).
MONERO_LOOKAHEAD = 200
# The gap limit of most Bitcoin wallets (BIP 44).
BITCOIN_GAP = 20


class MoneroSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A view-only monero-wallet-rpc of the operator's own."""

    wallet_url: str
    # One line ``user:password``, as --rpc-login was given; readable by the service alone.
    wallet_login_file: Path | None = None
    # The node that the wallet asks: it says which network this is.
    daemon_url: str
    daemon_login_file: Path | None = None
    network: MoneroNetwork = "mainnet"
    # What the key ceremony wrote down: a wallet with another address is refused.
    primary_address: str
    # Which account takes the money of which product line; others go to account 0.
    accounts: dict[str, Number] = {}
    # How many addresses of an account the signing wallet looks at; raised when it was extended.
    signer_addresses: Number = MONERO_LOOKAHEAD
    # One address for all with a payment id in it: only where payers cannot use subaddresses.
    integrated_addresses: bool = False


class BitcoinSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A watch-only descriptor, and the operator's own Electrum server."""

    # ``tcp://host:port`` on this machine or an onion service, otherwise ``ssl://host:port``.
    electrum_url: str
    # ``127.0.0.1:9050`` to go through Tor.
    socks_proxy: str = ""
    # A public wpkh descriptor; whoever reads it sees every payment, so it is kept in a file.
    descriptor_file: Path
    network: BitcoinNetwork = "mainnet"
    signer_addresses: Number = BITCOIN_GAP


class RateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody's page that says as JSON what a coin is worth in EUR.

    A path names the place in the answer: ``data.amount``, ``result.XXMRZEUR.c.0``. Give ``last``,
    or ``bid`` and ``ask`` for the middle between them.
    """

    name: str
    urls: dict[CoinName, str]
    last: str = ""
    bid: str = ""
    ask: str = ""
    # Where the answer says its own time, in seconds since 1970; else it is when it was asked.
    time: str = ""
    # An HTTP proxy, for example Tor's HTTPTunnelPort.
    proxy: str = ""


class CardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A card processor that answers in Stripe's form, and shows its own page for paying."""

    url: str
    # A restricted key: pages write, refunds write, events read; one line, for the service alone.
    key_file: Path
    # What the processor signs its calls with; without it, payments show at the next poll.
    webhook_secret_file: Path | None = None
    # False: the processor's test mode. An event of the other mode is not ours.
    live: bool = True


class SellerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who sells, as tax law wants it named on an invoice."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    street: str
    city: str
    postcode: str
    # Two letters of ISO 3166-1; the VAT number begins with the letters of its tax office.
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    vat_id: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}[0-9A-Z+*]{2,13}$")]
    # The number in the trade register.
    registration: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    # As long as tax law says there, and never longer than it says anywhere in the Union.
    keeps_years: Annotated[int, msgspec.Meta(ge=1, le=10)] = 10


class PaymentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Ways to be paid; with none set, codes are the only one."""

    monero: MoneroSettings | None = None
    bitcoin: BitcoinSettings | None = None
    card: CardSettings | None = None
    # Without a seller no invoices are offered.
    seller: SellerSettings | None = None
    rates: tuple[RateSettings, ...] = ()
    # Cents for one whole coin, set by the operator instead of asking anybody.
    fixed_cents: dict[CoinName, Cents] = {}
