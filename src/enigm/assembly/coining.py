"""`enigm coin`: keys of codes, printed batches, what is outstanding, and the public lists."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import msgspec
from cyclopts import App, Parameter

from enigm.assembly.exits import Exit, complain, program, say
from enigm.assembly.shopkeeping import open_counter
from enigm.crossings.decision_is_audited_by_handle import operator_record
from enigm.domains.audit.model import Act
from enigm.domains.commerce.model import Currency, Money
from enigm.domains.commerce.rules.codes import KEY_LIST, TOTALS_LIST
from enigm.domains.commerce.rules.wording import amount_text
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.foundation.errors import SetupError
from enigm.wire.signed_chain import EMPTY, ChainHead, ChainLine, check_chain

app = App(
    name="enigm coin",
    help="Code Coin: keys, printed batches, totals, and lists that anybody can check.",
    help_format="plaintext",
    result_action="return_value",
)
_LABELS: Final = {"keys": KEY_LIST, "totals": TOTALS_LIST}
_TIMEOUT_SECONDS: Final = 20
_CENTS: Final = 100
Number = Annotated[int, Parameter(help="The key's number, as `enigm coin keys` shows.")]
Sure = Annotated[bool, Parameter(name="--yes", negative=(), help="Do it, without asking.")]


class PublishedLine(msgspec.Struct, frozen=True):
    """One line of a list as Command publishes it."""

    text: str
    signature: str


class PublishedList(msgspec.Struct, frozen=True):
    """A whole list as Command publishes it."""

    public_key: str
    lines: list[PublishedLine]


@app.command
def keys() -> int:
    """Show every key: what its codes are worth, how many there are, and until when they hold."""
    with open_counter() as (commerce, _audit):
        commerce.mint.ready()
        totals = commerce.mint.totals()
        for key in totals.keys:
            until = datetime.fromtimestamp(key.redeem_until, UTC).date()
            count = key.issued or key.printed
            say(
                f"{key.number:6}  {key.kind:7} {key.epoch:8} {_euros(key.value_cents):>12}  "
                f"{key.state:8} {key.redeemed} of {count} spent, until {until}"
            )
        is_equal = "and the books say so" if totals.are_equal else "and the books say OTHERWISE"
        complain(f"outstanding {_euros(totals.outstanding_cents)}, {is_equal}")
        return Exit.DONE if totals.are_equal else Exit.FAILED


@app.command(name="print")
def print_batch(value: int, count: int, *, to: Path) -> int:
    """Make a batch of codes worth VALUE EUR each, in a file for the press.

    They are worth nothing until the batch is sold, and stand nowhere but in the file.
    """
    if to.exists():
        raise SetupError(f"The file {to} is there already: name another, so that none is lost.")
    with open_counter() as (commerce, audit):
        # The file first: codes that stand in no file are lost.
        to.touch(mode=0o600)
        audit.record(operator_record(Act.SHOP_CHANGED))
        batch = commerce.mint.print_batch(value * _CENTS, count)
        to.write_text("".join(f"{code}\n" for code in batch.codes))
        say(f"Batch {batch.key.number}: {count} codes in {to}.")
        say(f"They can be spent once the batch is sold: {program()} coin sell {batch.key.number}")
    return Exit.DONE


@app.command
def sell(number: Number, *, yes: Sure = False) -> int:
    """Let a printed batch's codes be spent: from now on they are owed for."""
    with open_counter() as (commerce, audit):
        key = next((each for each in commerce.mint.totals().keys if each.number == number), None)
        if key is not None and not yes:
            worth = _euros(key.printed * key.value_cents)
            say(f"Batch {number}: {key.printed} codes worth {worth} in all. Repeat with --yes.")
            return Exit.DONE
        audit.record(operator_record(Act.SHOP_CHANGED))
        sold = commerce.mint.sell_batch(number)
        say(f"Batch {number} is sold: {sold.issued} codes can be spent.")
    return Exit.DONE


@app.command
def void(number: Number, *, yes: Sure = False) -> int:
    """End a key or batch for good: its codes are worth nothing from now on."""
    with open_counter() as (commerce, audit):
        key = next((each for each in commerce.mint.totals().keys if each.number == number), None)
        if key is not None and not yes:
            worth = _euros(key.outstanding_cents)
            say(f"Key {number}: {worth} that people hold would be worth nothing. No way back.")
            say("Repeat with --yes.")
            return Exit.DONE
        audit.record(operator_record(Act.SHOP_CHANGED))
        commerce.mint.void(number)
        say(f"Key {number} is void. What its codes were worth stands under Unclaimed.")
    return Exit.DONE


@app.command
def totals() -> int:
    """Print the public list of daily totals, and publish yesterday's if it is not there."""
    with open_counter() as (commerce, _audit):
        commerce.mint.publish_totals()
        for line in commerce.mint.published("totals"):
            say(line.text)
        head = _checked(commerce.mint.public_key, "totals", commerce.mint.published("totals"))
        complain(f"head {base64url_encode(head)}")
    return Exit.DONE


@app.command
def verify(
    address: str,
    *,
    seen: Annotated[str, Parameter(help="A head that was printed before, of the same list.")] = "",
    which: Annotated[str, Parameter(help="keys or totals")] = "keys",
) -> int:
    """Check a service's public list as anybody may: that each line holds and none was changed.

    ADDRESS is where Command stands, for example https://command.example.
    """
    if which not in _LABELS:
        raise SetupError("There are two lists: keys and totals.")
    try:
        url = f"{address.rstrip('/')}/codes/lists/{which}"
        answer = httpx.get(url, timeout=_TIMEOUT_SECONDS)
        found = msgspec.json.decode(answer.raise_for_status().content, type=PublishedList)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.DecodeError) as error:
        raise SetupError(f"No list was to be had there: {error}.") from error
    lines = [ChainLine(line.text, base64url_decode(line.signature)) for line in found.lines]
    before = ChainHead(base64url_decode(seen)) if seen else EMPTY
    head = _checked(base64url_decode(found.public_key), which, lines, before)
    for line in lines:
        say(line.text)
    sys.stdout.flush()
    complain(f"{len(lines)} lines hold; head {base64url_encode(head)}, key {found.public_key}")
    return Exit.DONE


def _checked(
    public: bytes, which: str, lines: list[ChainLine], seen: ChainHead = EMPTY
) -> ChainHead:
    return check_chain(public, _LABELS[which], lines, seen)


def _euros(cents: int) -> str:
    return amount_text(Money(cents, Currency.EUR))
