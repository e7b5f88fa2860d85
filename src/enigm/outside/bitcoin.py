"""Payment in Bitcoin through a public descriptor: addresses are derived here, keys are elsewhere.

The wallet is kept in memory alone. It is made again from the descriptor, the highest number that
was given out and the operator's own Electrum server; so no file lists what came from whom.
"""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING, Final

import bdkpython as bdk

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
from enigm.foundation.errors import SetupError
from enigm.outside.bitcoin_setup import (
    ADDRESS_ERROR,
    BROKEN_ERROR,
    ELECTRUM_ERROR,
    NETWORKS,
    UNCONNECTED_ERROR,
    checked_server,
    read_descriptor,
)
from enigm.outside.chain_payments import (
    ChainRules,
    ObservedPayment,
    read_cursor,
    tell_changes,
    write_cursor,
)
from enigm.outside.refund_batch import gap_alarms, note_refund, shown_amount, write_batch
from enigm.outside.wallet_errors import RefundDestinationError, WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from enigm.domains.commerce.model import (
        PaymentEvent,
        PaymentReference,
        Quote,
        RefundReference,
    )
    from enigm.domains.commerce.needs import AddressBook, RefundBook
    from enigm.foundation.payment_settings import BitcoinSettings
    from enigm.outside.chain_payments import ChainCursor

NAME: Final = MethodName.BITCOIN
# Twice what is asked for the dearest order; about two hours.
RULES: Final = ChainRules(
    method=NAME,
    currency=Currency.BTC,
    confirmations_watched=12,
    gone_blocks_remembered=30 * 144,
)
# One descriptor has one row of addresses.
_ACCOUNT: Final = 0
_KEYCHAIN: Final = bdk.KeychainKind.EXTERNAL
# Over Tor, a connection takes seconds.
_ANSWER_SECONDS: Final = 20
_SCRIPTS_AT_ONCE: Final = 50
# While blocks are replaced the server names heights that it has no more ("height N out of
# range"): it is asked anew, on a new connection, as often as this.
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 0.3


class BitcoinWallet:
    """A way to be paid: one address for each payment reference, none used twice."""

    def __init__(
        self, settings: BitcoinSettings, addresses: AddressBook, refunds: RefundBook
    ) -> None:
        """Take the settings and what commerce remembers; nothing is asked yet.

        Raises:
            SetupError: the descriptor can spend or is of another kind, or the server's address
                is unsafe.
        """
        self._settings = settings
        self._addresses = addresses
        self._refunds = refunds
        self._network, kind = NETWORKS[settings.network]
        self._descriptor = read_descriptor(settings.descriptor_file, kind)
        self._server = checked_server(settings)
        self._unclaimed = 0
        # The wallet is looked at by one poll at a time.
        self._polling = Lock()
        self._wallet = self._new_wallet()
        self._client: bdk.ElectrumClient | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Paid in BTC; a reorganisation can take a payment back."""
        return Capabilities(
            name=NAME,
            currency=Currency.BTC,
            reverts=True,
            refunds=True,
            confirmations_watched=RULES.confirmations_watched,
        )

    def open(self, reference: PaymentReference, quote: Quote) -> Instruction:
        """Return the reference's own address; asked again, the same one."""
        assert quote.amount.currency is Currency.BTC
        assert quote.amount.amount > 0
        issued = self._addresses.find(NAME, reference)
        if issued is None:
            number = self._addresses.take_number(NAME, _ACCOUNT)
            address = str(self._wallet.peek_address(_KEYCHAIN, number).address)
            issued = self._addresses.remember(
                IssuedAddress(NAME, reference, str(number), address, _ACCOUNT, number)
            )
        # BIP 21; no label or message, which would name the shop in the payer's wallet.
        uri = f"bitcoin:{issued.address}?amount={shown_amount(quote.amount)}"
        return Instruction(uri=uri, amount=quote.amount, address=issued.address)

    def poll(self, cursor: str) -> tuple[Sequence[PaymentEvent], str]:
        """Return what happened since ``cursor``, and the next cursor."""
        before = read_cursor(cursor)
        with self._polling:
            self._read_chain()
            tip = self._wallet.latest_checkpoint().height
            observed = list(self._observe(before))
        events, after = tell_changes(RULES, before, tip, observed)
        return events, write_cursor(after)

    def refund(
        self, reference: PaymentReference, amount: Money, destination: str
    ) -> RefundReference:
        """Note a refund for the next batch: nothing can be sent from here.

        Raises:
            RefundDestinationError: the destination is no address of this network, or is ours.
            RefundNotedError: another refund of this reference is noted.
        """
        assert amount.currency is Currency.BTC
        assert amount.amount > 0
        try:
            script = bdk.Address(destination, self._network).script_pubkey()
        except ADDRESS_ERROR:
            raise RefundDestinationError from None
        if self._wallet.is_mine(script):
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
        """Refuse a server of another network; a descriptor that can spend never got this far.

        Raises:
            SetupError: it says what to change.
        """
        expected = str(self._new_wallet().latest_checkpoint().hash)
        try:
            found = self._connected().server_features().genesis_hash
        except (ELECTRUM_ERROR, BROKEN_ERROR) as error:
            self._client = None
            raise SetupError(
                f"The Electrum server cannot be used ({type(error).__name__}): start it, and "
                "correct payments.bitcoin.electrum_url."
            ) from None
        if str(found) != expected:
            raise SetupError(
                f"payments.bitcoin.network says {self._settings.network}; the Electrum server is "
                "on another network. Correct the setting, or start the right server."
            )

    def health(self) -> MethodHealth:
        """Tell whether the server answers, how far it is, and what wants attention."""
        try:
            # A connection of its own: a question about health must not disturb a poll.
            height = self._connect().block_headers_subscribe().height
        except (ELECTRUM_ERROR, BROKEN_ERROR) as error:
            said = f"no usable answer: {type(error).__name__}"
            return MethodHealth(NAME, works=False, says=(said,))
        issued = self._issued()
        watched = sum(number + 1 for number in issued.values())
        says = [f"the server knows block {height}; {watched} addresses are watched"]
        says += gap_alarms(issued, self._settings.signer_addresses)
        if waiting := len(self._refunds.waiting(NAME)):
            says.append(f"{waiting} refunds wait to be exported and signed")
        if self._unclaimed:
            says.append(f"{self._unclaimed} payments belong to no order")
        return MethodHealth(NAME, works=True, says=tuple(says))

    def close(self) -> None:
        """Let go of the connection."""
        self._client = None

    def _new_wallet(self) -> bdk.Wallet:
        memory = bdk.Persister.new_in_memory()
        return bdk.Wallet.create_single(self._descriptor, self._network, memory)

    def _connect(self) -> bdk.ElectrumClient:
        proxy = self._settings.socks_proxy or None
        return bdk.ElectrumClient(self._server, socks5=proxy, timeout=_ANSWER_SECONDS, retry=1)

    def _connected(self) -> bdk.ElectrumClient:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _issued(self) -> dict[int, int]:
        highest = self._addresses.highest_number(NAME, _ACCOUNT)
        return {} if highest is None else {_ACCOUNT: highest}

    def _read_chain(self) -> None:
        """Bring the wallet up to date.

        Raises:
            WalletUnavailableError: the server did not answer, or not with anything usable.
        """
        cause = ""
        for attempt in range(_ATTEMPTS):
            try:
                self._read_chain_once()
            except ELECTRUM_ERROR as error:
                # What the server says may quote an address, so only its kind is kept.
                cause, self._client = type(error).__name__, None
            except (UNCONNECTED_ERROR, BROKEN_ERROR) as error:
                # Its blocks and ours have nothing in common any more: begin from the beginning.
                cause, self._client = type(error).__name__, None
                self._wallet = self._new_wallet()
            else:
                return
            Event().wait(_PAUSE_SECONDS * (attempt + 1))
        raise WalletUnavailableError(f"electrum: {cause}")

    def _read_chain_once(self) -> None:
        before = self._wallet.latest_checkpoint()
        self._synchronise()
        blocks = {block.height: str(block.hash) for block in self._wallet.checkpoints()}
        if blocks.get(before.height) != str(before.hash):
            # The library would go on to count what stood in a lost block as waiting, though no
            # node has it any more: only what the server knows now is taken over.
            self._wallet = self._new_wallet()
            self._synchronise()

    def _synchronise(self) -> None:
        for number in self._issued().values():
            self._wallet.reveal_addresses_to(_KEYCHAIN, number)
        request = self._wallet.start_sync_with_revealed_spks().build()
        update = self._connected().sync(request, _SCRIPTS_AT_ONCE, fetch_prev_txouts=False)
        self._wallet.apply_update(update)

    def _observe(self, cursor: ChainCursor) -> Iterator[ObservedPayment]:
        """Return what came to addresses that orders were given, but for what is long final."""
        self._unclaimed = 0
        for output in self._wallet.list_output():
            position = output.chain_position
            height = (
                position.confirmation_block_time.block_id.height
                if isinstance(position, bdk.ChainPosition.CONFIRMED)
                else None
            )
            name = f"{output.outpoint.txid}:{output.outpoint.vout}"
            if height is not None and height <= cursor.told_height and name not in cursor.payments:
                continue
            owner = self._addresses.owner(NAME, str(output.derivation_index))
            if owner is None:
                self._unclaimed += 1
                continue
            yield ObservedPayment(name, owner, output.txout.value.to_sat(), height)
