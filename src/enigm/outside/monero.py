"""Payment in Monero through a view-only wallet: it sees what comes in and can send nothing."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from enigm.domains.commerce.model import (
    Capabilities,
    Currency,
    Instruction,
    IssuedAddress,
    MethodHealth,
    MethodName,
    Money,
    NotedRefund,
)
from enigm.outside import monero_rpc as rpc
from enigm.outside.chain_payments import (
    ChainRules,
    ObservedPayment,
    read_cursor,
    tell_changes,
    write_cursor,
)
from enigm.outside.monero_setup import address_network, verify_wallet
from enigm.outside.own_address import checked_url, read_secret
from enigm.outside.refund_batch import gap_alarms, note_refund, shown_amount, write_batch
from enigm.outside.wallet_errors import RefundDestinationError, WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from enigm.domains.commerce.model import (
        PaymentEvent,
        PaymentReference,
        Quote,
        RefundReference,
    )
    from enigm.domains.commerce.needs import AddressBook, RefundBook
    from enigm.foundation.payment_settings import MoneroSettings

_Told = TypeVar("_Told")

NAME: Final = MethodName.MONERO
# Ten blocks lock every output on this chain; thrice that, about an hour, is our horizon.
RULES: Final = ChainRules(
    method=NAME,
    currency=Currency.XMR,
    confirmations_watched=30,
    gone_blocks_remembered=30 * 720,
)
# create_address makes no more at once.
_ADDRESSES_AT_ONCE: Final = 64
# CRYPTONOTE_MAX_BLOCK_NUMBER: the wallet's own upper end of a search.
_HEIGHT_MAX: Final = 500_000_000


class MoneroWallet:
    """A way to be paid: one subaddress for each payment reference, none used twice."""

    def __init__(
        self, settings: MoneroSettings, addresses: AddressBook, refunds: RefundBook
    ) -> None:
        """Take the settings and what commerce remembers; nothing is asked yet.

        Raises:
            SetupError: an address is unsafe, or a login file cannot be read.
        """
        self._settings = settings
        self._addresses = addresses
        self._refunds = refunds
        self._wallet = _connect(
            "payments.monero.wallet", settings.wallet_url, settings.wallet_login_file
        )
        self._node = _connect(
            "payments.monero.daemon", settings.daemon_url, settings.daemon_login_file
        )
        self._unclaimed = 0
        # Two orders at once must not be given one index, nor a wallet be extended twice.
        self._issuing = Lock()

    @property
    def capabilities(self) -> Capabilities:
        """Paid in XMR; a reorganisation can take a payment back."""
        return Capabilities(NAME, Currency.XMR, True, True, RULES.confirmations_watched)  # noqa: FBT003

    @property
    def accounts(self) -> tuple[int, ...]:
        """Every account of the wallet in which payments are expected."""
        return tuple(sorted({0, *self._settings.accounts.values()}))

    def open(self, reference: PaymentReference, quote: Quote) -> Instruction:
        """Return the reference's own address; asked again, the same one."""
        assert quote.amount.currency is Currency.XMR
        assert quote.amount.amount > 0
        issued = self._addresses.find(NAME, reference)
        if issued is None:
            with self._issuing:
                issued = self._addresses.remember(self._issue(reference, quote.product_line))
        # No description goes into the URI: it would name the shop in the payer's wallet.
        uri = f"monero:{issued.address}?tx_amount={shown_amount(quote.amount)}"
        return Instruction(uri=uri, amount=quote.amount, address=issued.address)

    def poll(self, cursor: str) -> tuple[Sequence[PaymentEvent], str]:
        """Return what happened since ``cursor``, and the next cursor."""
        before = read_cursor(cursor)
        self._ask("refresh", rpc.Anything)
        tip = self._ask("get_height", rpc.ChainHeight).height - 1
        self._unclaimed = 0
        observed = {
            payment.payment: payment
            for account in self.accounts
            for payment in self._observe(account, before.told_height)
        }
        events, after = tell_changes(RULES, before, tip, observed.values())
        return events, write_cursor(after)

    def refund(
        self, reference: PaymentReference, amount: Money, destination: str
    ) -> RefundReference:
        """Note a refund for the next batch: nothing can be sent from here.

        Raises:
            RefundDestinationError: the destination is no address of this network, or is ours.
            RefundNotedError: another refund of this reference is noted.
        """
        assert amount.currency is Currency.XMR
        assert amount.amount > 0
        known = self._ask_validity(destination)
        network = address_network(self._settings.network)
        if not known.valid or known.nettype != network or self._is_ours(destination):
            raise RefundDestinationError
        return note_refund(self._refunds, NotedRefund(NAME, reference, amount, destination))

    def export_refunds(self) -> bytes:
        """Return the waiting refunds as a file for the signing wallet."""
        return write_batch(
            NAME,
            self._settings.network,
            self._issued(),
            self._settings.signer_addresses,
            self._refunds.waiting(NAME),
        )

    def verify_configuration(self) -> None:
        """Refuse a wallet that can spend, another wallet than the ceremony's, or another network.

        Raises:
            SetupError: it says what to change.
        """
        verify_wallet(self._wallet, self._node, self._settings, self.accounts)
        for account, highest in self._issued().items():
            if not self._knows(account, highest):
                self._create_beyond(account, highest - 1)

    def health(self) -> MethodHealth:
        """Tell whether wallet and node answer, how far they are, and what wants attention."""
        try:
            node = self._node.ask("get_info", rpc.NodeState)
            known = self._ask("get_height", rpc.ChainHeight).height
        except (WalletUnavailableError, rpc.RpcRefusedError) as error:
            reason = getattr(error, "trace", "") or str(error)
            return MethodHealth(NAME, works=False, says=(f"no usable answer: {reason}",))
        says = [f"the wallet knows {known} of {node.height} blocks of {node.nettype}"]
        if not node.synchronized:
            says.append("the node is still catching up")
        says += gap_alarms(self._issued(), self._settings.signer_addresses)
        if waiting := len(self._refunds.waiting(NAME)):
            says.append(f"{waiting} refunds wait to be exported and signed")
        if self._unclaimed:
            says.append(
                f"{self._unclaimed} payments belong to no order, or are locked by the payer"
            )
        return MethodHealth(NAME, works=node.synchronized, says=tuple(says))

    def close(self) -> None:
        """Let go of the connections."""
        self._wallet.close()
        self._node.close()

    def _ask(self, method: str, wanted: type[_Told], **parameters: object) -> _Told:
        try:
            return self._wallet.ask(method, wanted, parameters)
        except rpc.RpcRefusedError as error:
            raise WalletUnavailableError(f"{method}: {error}") from None

    def _issue(self, reference: PaymentReference, product_line: str) -> IssuedAddress:
        if self._settings.integrated_addresses:
            made = self._ask("make_integrated_address", rpc.IntegratedAddress)
            place = _integrated_place(made.payment_id)
            return IssuedAddress(NAME, reference, place, made.integrated_address, 0, 0)
        account = self._settings.accounts.get(product_line, 0)
        highest = self._addresses.highest_number(NAME, account) or 0
        # A wallet that was made anew counts from 1 again: its addresses are others' by now.
        number, address = self._create_beyond(account, highest)
        return IssuedAddress(NAME, reference, f"{account}/{number}", address, account, number)

    def _create_beyond(self, account: int, highest: int) -> tuple[int, str]:
        """Make the wallet create addresses until one has a number above ``highest``."""
        number, address, count = -1, "", 1
        while number <= highest:
            made = self._ask(
                "create_address", rpc.CreatedAddresses, account_index=account, count=count
            )
            if made.address_indices[-1] <= number:
                raise WalletUnavailableError("create_address: numbers do not grow")
            number, address = made.address_indices[-1], made.addresses[-1]
            count = min(_ADDRESSES_AT_ONCE, max(1, highest + 1 - number))
        return number, address

    def _knows(self, account: int, number: int) -> bool:
        question = {"account_index": account, "address_index": [number]}
        try:
            self._wallet.ask("get_address", rpc.PrimaryAddress, question)
        except rpc.RpcRefusedError:
            return False
        return True

    def _issued(self) -> dict[int, int]:
        highest = {a: self._addresses.highest_number(NAME, a) for a in self.accounts}
        return {account: number for account, number in highest.items() if number}

    def _observe(self, account: int, told_height: int) -> Iterator[ObservedPayment]:
        """Return what came to addresses that orders were given; blocks win over the pool."""
        transfers = self._ask(
            "get_transfers",
            rpc.Transfers,
            account_index=account,
            pool=True,
            filter_by_height=True,
            min_height=max(told_height, 0),
            max_height=_HEIGHT_MAX,
            **{"in": True},
        )
        waiting = (t for t in transfers.waiting if not t.double_spend_seen)
        for transfer, height in (
            *((t, None) for t in waiting),
            *((t, t.height) for t in transfers.confirmed),
        ):
            place = _place(transfer)
            if transfer.subaddr_index.major != account:
                raise WalletUnavailableError("get_transfers: of another account")
            owner = self._addresses.owner(NAME, place)
            # What its payer has locked is not ours to spend for as long as the payer likes.
            if owner is None or transfer.unlock_time:
                self._unclaimed += 1
                continue
            yield ObservedPayment(f"{transfer.txid}:{place}", owner, transfer.amount, height)

    def _ask_validity(self, address: str) -> rpc.Validity:
        try:
            return self._wallet.ask(
                "validate_address", rpc.Validity, {"address": address, "any_net_type": True}
            )
        except rpc.RpcRefusedError:
            return rpc.Validity(valid=False)

    def _is_ours(self, address: str) -> bool:
        try:
            self._wallet.ask("get_address_index", rpc.Anything, {"address": address})
        except rpc.RpcRefusedError:
            return False
        return True


def _place(transfer: rpc.Transfer) -> str:
    index = transfer.subaddr_index
    if (index.major, index.minor) == (0, 0) and transfer.payment_id.strip("0"):
        return _integrated_place(transfer.payment_id)
    return f"{index.major}/{index.minor}"


def _integrated_place(payment_id: str) -> str:
    return f"id/{payment_id}"


def _connect(setting: str, url: str, login: Path | None) -> rpc.MoneroRpc:
    secret = "" if login is None else read_secret(f"{setting}_login_file", login)
    return rpc.MoneroRpc(checked_url(f"{setting}_url", url), secret)
