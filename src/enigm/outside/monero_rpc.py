"""Asks Monero's wallet and node programs, and believes only answers of the right form."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import httpx
import msgspec

from enigm.outside.wallet_errors import WalletUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

_Answer = TypeVar("_Answer")

# A list of 10,000 transfers is about 6 MB.
ANSWER_BYTES_MAX: Final = 16 * 1024 * 1024
_CONNECT_SECONDS: Final = 5
# A wallet that was away for a day reads some hundred blocks before it answers.
_ANSWER_SECONDS: Final = 60

# wallet_rpc_server_error_codes.h: WALLET_RPC_ERROR_CODE_WATCH_ONLY.
WATCH_ONLY: Final = -29

# A million coins in piconero: more than anybody pays, and far from 64 bits' end.
Amount = Annotated[int, msgspec.Meta(ge=0, le=10**18)]
Height = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Index = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
TransactionId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
# The wallet names a plain payment by zeros of either length, or not at all.
PaymentId = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{16}|[0-9a-f]{64})?$")]
# Base58 of one or two network bytes and 64 or 72 more.
Address = Annotated[str, msgspec.Meta(pattern="^[1-9A-HJ-NP-Za-km-z]{95,106}$")]


class SubaddressIndex(msgspec.Struct, frozen=True):
    """An address's place in the wallet: account, and number within it."""

    major: Index
    minor: Index


class Transfer(msgspec.Struct, frozen=True):
    """Money that one transaction brought to one address."""

    txid: TransactionId
    amount: Amount
    height: Height
    subaddr_index: SubaddressIndex
    unlock_time: Annotated[int, msgspec.Meta(ge=0)] = 0
    payment_id: PaymentId = ""
    double_spend_seen: bool = False


class Transfers(msgspec.Struct, frozen=True, rename={"confirmed": "in", "waiting": "pool"}):
    """What came in: in blocks, and waiting for one."""

    confirmed: tuple[Transfer, ...] = ()
    waiting: tuple[Transfer, ...] = ()


class CreatedAddresses(msgspec.Struct, frozen=True):
    """The addresses that were made, and their numbers."""

    addresses: Annotated[tuple[Address, ...], msgspec.Meta(min_length=1)]
    address_indices: Annotated[tuple[Index, ...], msgspec.Meta(min_length=1)]


class IntegratedAddress(msgspec.Struct, frozen=True):
    """The wallet's own address with a payment id in it."""

    integrated_address: Address
    payment_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]


class PrimaryAddress(msgspec.Struct, frozen=True):
    """The wallet's own address."""

    address: Address


class Validity(msgspec.Struct, frozen=True):
    """What the wallet thinks of an address."""

    valid: bool
    nettype: str = ""


class ChainHeight(msgspec.Struct, frozen=True):
    """How many blocks the wallet knows."""

    height: Annotated[int, msgspec.Meta(ge=1, le=10**9)]


class AccountName(msgspec.Struct, frozen=True):
    """One account of the wallet."""

    account_index: Index


class Accounts(msgspec.Struct, frozen=True):
    """The wallet's accounts."""

    subaddress_accounts: tuple[AccountName, ...]


class NodeState(msgspec.Struct, frozen=True):
    """What the node says of its chain."""

    nettype: str
    height: Height
    synchronized: bool = True


class Anything(msgspec.Struct, frozen=True):
    """An answer of which nothing is needed, and nothing is read."""


class _Trouble(msgspec.Struct, frozen=True):
    code: int


class _Envelope(msgspec.Struct, frozen=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Trouble | None = None


class RpcRefusedError(Exception):
    """The program understood and said no; its words are left out, they may quote an address."""

    def __init__(self, code: int) -> None:
        """Keep the number that the program's source gives its reasons."""
        super().__init__(f"code {code}")
        self.code = code


class MoneroRpc:
    """One program of Monero's that answers JSON-RPC, by its address."""

    def __init__(self, url: str, login: str = "") -> None:
        """Keep the address, and ``user:password`` for digest access (RFC 7616)."""
        user, _, password = login.partition(":")
        self._url = url + "/json_rpc"
        self._client = httpx.Client(
            auth=httpx.DigestAuth(user, password) if login else None,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            # A proxy from the environment would see every address that is given out.
            trust_env=False,
        )

    def ask(
        self, method: str, wanted: type[_Answer], parameters: Mapping[str, Any] | None = None
    ) -> _Answer:
        """Return the answer in the form that is wanted.

        Raises:
            RpcRefusedError: the program said no, with its code.
            WalletUnavailableError: no answer, or one that cannot be believed.
        """
        question = {"jsonrpc": "2.0", "id": "0", "method": method, "params": parameters or {}}
        content = self._post(msgspec.json.encode(question))
        try:
            envelope = msgspec.json.decode(content, type=_Envelope)
            if envelope.error is not None:
                raise RpcRefusedError(envelope.error.code)
            return msgspec.json.decode(envelope.result, type=wanted)
        except (msgspec.DecodeError, RecursionError) as error:
            raise WalletUnavailableError(f"{method}: {type(error).__name__}") from None

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _post(self, content: bytes) -> bytes:
        received = bytearray()
        # Compressed, a short answer could be a long one.
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        try:
            with self._client.stream("POST", self._url, content=content, headers=headers) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise WalletUnavailableError(f"status {answer.status_code}")
                for part in answer.iter_bytes():
                    received += part
                    if len(received) > ANSWER_BYTES_MAX:
                        raise WalletUnavailableError("the answer is too long")
        except httpx.HTTPError as error:
            # The error's words are left out: the kind is enough, and nothing can leak.
            raise WalletUnavailableError(type(error).__name__) from None
        return bytes(received)
