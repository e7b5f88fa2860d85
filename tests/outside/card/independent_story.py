"""Our client against localstripe, in a network of its own: run by its test, prints what it saw.

localstripe listens to everybody, so it runs where nobody else is. It has no hosted pages; what it
shares with the processor is the form of questions, answers, refusals, events and signed calls.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from enigm.domains.commerce.model import Currency, Money, PaymentReference, Quote
from enigm.foundation.clock import SystemClock
from enigm.foundation.errors import Refusal, SetupError
from enigm.foundation.payment_settings import CardSettings
from enigm.outside.card import CardCheckout
from enigm.outside.card_api import CardApi, CardRefusedError, Refunded
from enigm.outside.card_webhook import WebhookSecret
from tests.chains.books import Addresses
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Generator

PORT, HOOK_PORT = 8420, 8421
URL = f"http://127.0.0.1:{PORT}"
KEY, SECRET = "sk_test_story", "whsec_story"


@contextmanager
def processor(program: str) -> Generator[httpx.Client]:
    command = [program, "--from-scratch", "--port", str(PORT)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=URL, auth=(KEY, ""), trust_env=False) as client:
            wait_until(lambda: answers(client))
            yield client
    finally:
        running.kill()
        running.wait()


def answers(client: httpx.Client) -> bool:
    try:
        client.get("/v1/events")
    except httpx.HTTPError:
        return False
    return True


@contextmanager
def called() -> Generator[list[tuple[bytes, str]]]:
    calls: list[tuple[bytes, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            calls.append((body, self.headers["stripe-signature"]))
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            return

    server = HTTPServer(("127.0.0.1", HOOK_PORT), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield calls
    server.shutdown()
    server.server_close()


def story(program: str, folder: Path) -> dict[str, Any]:
    key_file = folder / "key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    settings = CardSettings(url=URL, key_file=key_file, live=False)
    seen: dict[str, Any] = {}
    with processor(program) as client, called() as calls:
        hook = {"url": f"http://127.0.0.1:{HOOK_PORT}/", "secret": SECRET}
        client.post("/_config/webhooks/ours", json=hook | {"events": ["payment_intent.succeeded"]})
        checkout = CardCheckout(settings, Addresses(), SystemClock(), "https://a.example")
        checkout.verify_configuration()
        form = {"amount": "1200", "currency": "eur", "payment_method": "pm_card_visa"}
        paid = client.post("/v1/payment_intents", data=form | {"confirm": "true"}).json()
        wait_until(lambda: bool(calls))
        WebhookSecret(SECRET, SystemClock()).check(*calls[0])
        seen["signed call"] = json.loads(calls[0][0])["type"]
        events, cursor = checkout.poll("")
        seen["events of others"], seen["cursor"] = len(events), cursor
        seen |= asked(checkout, CardApi(URL, KEY), paid["id"])
        checkout.close()
    return seen


def asked(checkout: CardCheckout, api: CardApi, intent: str) -> dict[str, Any]:
    refund = {"payment_intent": intent, "amount": "1200", "metadata[enigm]": "name"}
    seen: dict[str, Any] = {"refund": api.tell("/v1/refunds", Refunded, refund, "a").id[:3]}
    try:
        api.tell("/v1/refunds", Refunded, refund | {"payment_intent": "pi_none"}, "b")
    except CardRefusedError as error:
        seen["refund of nothing"] = error.status
    api.close()
    stranger = CardApi(URL, "nonsense")
    try:
        stranger.ask("/v1/events", Refunded, {})
    except CardRefusedError as error:
        seen["stranger"] = error.status
    stranger.close()
    reference = PaymentReference(b"reference-16-byt")
    try:
        checkout.open(reference, Quote("", Money(12_00, Currency.EUR), 1_795_000_900))
    except (Refusal, SetupError) as error:
        seen["no hosted pages"] = type(error).__name__
    return seen


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(json.dumps(story(sys.argv[1], Path(sys.argv[2]))))
