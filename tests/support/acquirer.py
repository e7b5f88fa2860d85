"""A card processor for tests: hosted pages, events, refunds, disputes and signed calls.

Written from the processor's published API reference, apart from the adapter that it judges. It
holds what a real one would: what the payer typed, so that tests can look for where it went.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

KEY = "rk_test_of_the_shop_alone"
WEBHOOK_SECRET = "whsec_of_the_acquirer"

GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
SLOW_CARD = "4000000000000077"


@dataclass
class Acquirer:
    """The processor's state, and what a test does as payer, bank or operator's colleague."""

    now: int = 1_795_000_000
    live: bool = False
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    typed: list[dict[str, str]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    answered: dict[str, tuple[str, int, Any]] = field(default_factory=dict)
    garbage: bytes | None = None
    fails_with: int = 0
    url: str = ""

    # --- What a payer does -------------------------------------------------------------------

    def type_card(self, session_id: str, card: str, email: str = "payer@example.org") -> bool:
        """Fill in the hosted page; tell whether the card was taken."""
        self.typed.append({"card": card, "email": email, "name": "Ada Payer"})
        session = self.sessions[session_id]
        if session["status"] != "open" or card == DECLINED_CARD:
            return False
        session |= {
            "status": "complete",
            "payment_status": "unpaid" if card == SLOW_CARD else "paid",
            "payment_intent": "pi_" + session_id,
            "customer_details": self.typed[-1],
        }
        self.happen("checkout.session.completed", session)
        return True

    def settle(self, session_id: str, *, works: bool) -> None:
        session = self.sessions[session_id]
        session["payment_status"] = "paid" if works else "unpaid"
        outcome = "succeeded" if works else "failed"
        self.happen(f"checkout.session.async_payment_{outcome}", session)

    def expire(self, session_id: str) -> None:
        self.sessions[session_id]["status"] = "expired"
        self.happen("checkout.session.expired", self.sessions[session_id])

    # --- What a bank or a colleague does -----------------------------------------------------

    def dispute(self, session_id: str) -> None:
        self.happen("charge.dispute.created", self._dispute(session_id, "needs_response"))

    def close_dispute(self, session_id: str, *, won: bool) -> None:
        status = "won" if won else "lost"
        self.happen("charge.dispute.closed", self._dispute(session_id, status))

    def refund_by_hand(self, session_id: str, amount: int) -> None:
        self._refund({"payment_intent": "pi_" + session_id, "amount": str(amount)})

    def happen(self, kind: str, about: dict[str, Any]) -> None:
        self.now += 1
        self.events.append(
            {
                "id": f"evt_{len(self.events) + 1}",
                "object": "event",
                "type": kind,
                "created": self.now,
                "livemode": self.live,
                "data": {"object": json.loads(json.dumps(about))},
            }
        )

    def signed_call(self, body: bytes, at: int, secret: str = WEBHOOK_SECRET) -> str:
        """Return the header with which the processor would sign a call."""
        mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
        return f"t={at},v1={mac.hexdigest()},v0=ignored"

    # --- The API -----------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> Any:
        if path == "/v1/checkout/sessions":
            return self._open(form) if method == "POST" else self._find(query)
        if path.startswith("/v1/checkout/sessions/"):
            return self.sessions[path.rsplit("/", 1)[1]]
        if path == "/v1/events":
            return self._list(query)
        if path == "/v1/refunds":
            return self._refund(form) if method == "POST" else self._refunds_of(query)
        raise KeyError(path)

    def _open(self, form: dict[str, str]) -> dict[str, Any]:
        self.forms.append(form)
        name = f"cs_test_{len(self.sessions) + 1}"
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "url": f"{self.url}/pay/{name}",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "client_reference_id": form["client_reference_id"],
            "currency": form["line_items[0][price_data][currency]"],
            "amount_total": int(form["line_items[0][price_data][unit_amount]"]),
            "customer_details": None,
        }
        return self.sessions[name]

    def _find(self, query: dict[str, str]) -> dict[str, Any]:
        found = [
            session
            for session in self.sessions.values()
            if session["payment_intent"] == query["payment_intent"]
        ]
        return {"object": "list", "data": found, "has_more": False}

    def _list(self, query: dict[str, str]) -> dict[str, Any]:
        after = int(query.get("created[gt]", 0))
        newest_first = [event for event in reversed(self.events) if event["created"] > after]
        if name := query.get("starting_after"):
            place = next(i for i, event in enumerate(newest_first) if event["id"] == name)
            newest_first = newest_first[place + 1 :]
        limit = int(query.get("limit", 10))
        page = newest_first[:limit]
        return {"object": "list", "data": page, "has_more": len(newest_first) > limit}

    def _refund(self, form: dict[str, str]) -> dict[str, Any]:
        session = self._paid_with(form["payment_intent"])
        already = sum(r["amount"] for r in self._refunds_of(form)["data"])
        if session is None or already + int(form["amount"]) > session["amount_total"]:
            raise ValueError("nothing left to refund")
        labels = {k[9:-1]: v for k, v in form.items() if k.startswith("metadata[")}
        refund: dict[str, Any] = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": int(form["amount"]),
            "payment_intent": form["payment_intent"],
            "metadata": labels,
        }
        self.refunds.append(refund)
        self.happen(
            "charge.refunded",
            self._charge(session) | {"amount_refunded": already + refund["amount"]},
        )
        return refund

    def _refunds_of(self, query: dict[str, str]) -> dict[str, Any]:
        found = [r for r in self.refunds if r["payment_intent"] == query["payment_intent"]]
        return {"object": "list", "data": found, "has_more": False}

    def _paid_with(self, intent: str) -> dict[str, Any] | None:
        return next((s for s in self.sessions.values() if s["payment_intent"] == intent), None)

    def _charge(self, session: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "ch_" + session["id"],
            "object": "charge",
            "payment_intent": session["payment_intent"],
            "amount": session["amount_total"],
            "currency": session["currency"],
            "billing_details": session["customer_details"],
            "status": "succeeded",
        }

    def _dispute(self, session_id: str, status: str) -> dict[str, Any]:
        charge = self._charge(self.sessions[session_id])
        return charge | {"id": "dp_" + session_id, "object": "dispute", "status": status}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    acquirer: Acquirer

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return

    def do_GET(self) -> None:
        self._serve("GET", {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self._serve("POST", dict(parse_qsl(body, keep_blank_values=True)))

    def _serve(self, method: str, form: dict[str, str]) -> None:
        acquirer, parts = self.acquirer, urlsplit(self.path)
        if parts.path.startswith("/pay/"):
            self._page(method, parts.path.removeprefix("/pay/"), form)
            return
        if acquirer.fails_with or acquirer.garbage is not None:
            self._send(acquirer.fails_with or 200, acquirer.garbage or b"{}")
            return
        if self.headers.get("authorization") != f"Bearer {KEY}":
            self._send(401, b'{"error": {"message": "no such key"}}')
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            answer = self._once(method, parts.path, query, form)
        except (KeyError, ValueError) as error:
            self._send(400, json.dumps({"error": {"message": str(error)}}).encode())
            return
        self._send(200, json.dumps(answer).encode())

    def _once(self, method: str, path: str, query: dict[str, str], form: dict[str, str]) -> Any:
        """Answer a question that carries an idempotency key as it was answered before."""
        key, answered = self.headers.get("idempotency-key"), self.acquirer.answered
        if not key:
            return self.acquirer.answer(method, path, query, form)
        if key not in answered:
            answer = self.acquirer.answer(method, path, query, form)
            answered[key] = (json.dumps(form, sort_keys=True), 200, answer)
        before, _, answer = answered[key]
        if before != json.dumps(form, sort_keys=True):
            raise ValueError("the key was used with another question")
        return answer

    def _page(self, method: str, session_id: str, form: dict[str, str]) -> None:
        if method == "POST" and self.acquirer.type_card(session_id, form["card"], form["email"]):
            back = next(f for f in self.acquirer.forms)["success_url"]
            self.send_response(303)
            self.send_header("location", back)
            self.send_header("content-length", "0")
            self.end_headers()
            return
        page = (
            "<!doctype html><html lang=en><title>Pay</title><h1>Pay by card</h1>"
            "<form method=post><label>E-mail <input name=email></label>"
            "<label>Card number <input name=card></label><button>Pay</button></form>"
        )
        self._send(200, page.encode(), "text/html; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class RunningAcquirer:
    """A context in which an acquirer answers on this machine."""

    def __enter__(self) -> Acquirer:
        acquirer = Acquirer()
        handler = type("Handler", (_Handler,), {"acquirer": acquirer})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        acquirer.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        return acquirer

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
