"""Command in this process, beside a service on the same stores and clock; people who visit it."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import socket
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import opaque_snake
import uvicorn

from enigm.assembly.command_process import open_command
from enigm.assembly.commerce import Outsiders, build_commerce, join_entitlements, premises_of
from enigm.crossings.order_review_is_audited_by_handle import (
    OrderReviewsAudited,
    TradeChangesAudited,
)
from enigm.domains.commerce.actions.taxing import EuropeanVat
from enigm.domains.commerce.model import MethodName
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.log import EventLog
from enigm.wire import registration_proof
from enigm.wire.account_registration import sign_registration
from enigm.wire.critical_action import parameters_digest
from tests.support.journey import Person, b64, unb64
from tests.support.pin_deeds import DURESS_PIN, PIN, pin_secret
from tests.support.service import settings_of_tests
from tests.support.shop import PaperMethod, PaperRates

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping
    from pathlib import Path

    from enigm.assembly.command import CommandService
    from enigm.assembly.commerce import Shop
    from enigm.assembly.surroundings import Surroundings
    from enigm.domains.audit.actions.recording import AuditLog
    from enigm.domains.commerce.model import PaymentEventKind
    from enigm.foundation.database import Database
    from enigm.foundation.entropy import Entropy
    from enigm.foundation.settings import Settings
    from tests.support.clock import FakeClock

_FORM_TOKEN = re.compile(r'(?:name="form_token" value|data-form-token)="([\w-]{43})"')


class Visit:
    """One browser's worth of cookies at Command, without a browser."""

    def __init__(self, service: CommandService, address: str) -> None:
        transport = httpx.ASGITransport(service, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url=address)
        self.address = address
        self.form_token = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Read a page, and keep the token of its forms."""
        answer = await self.http.get(path, headers=headers)
        if found := _FORM_TOKEN.search(answer.text):
            self.form_token = found.group(1)
        return answer

    async def post(self, path: str, fields: dict[str, str] | None = None) -> httpx.Response:
        """Send a form as a browser does."""
        content = {"form_token": self.form_token} | (fields or {})
        return await self.http.post(path, data=content, headers=self._said())

    async def ask(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """Ask as a page's script does."""
        headers = self._said() | {"X-Enigm-Form": self.form_token, "Accept": "application/json"}
        return await self.http.post(path, json=body, headers=headers)

    def _said(self) -> dict[str, str]:
        return {"Origin": self.address, "Sec-Fetch-Site": "same-origin"}

    async def sign_in(self, person: Person) -> None:
        """Run both messages of a sign-in; the session is in the cookies then."""
        await self.get("/sign-in")
        client = opaque_snake.OpaqueClient()
        request, state = client.start_login(person.password)
        body = {"lookup_id": b64(person.lookup_id), "opaque_request": b64(request.to_bytes())}
        answer = (await self.ask("/sign-in/start", body)).raise_for_status().json()
        response = opaque_snake.CredentialResponse.from_bytes(unb64(answer["opaque_response"]))
        last = client.finish_login(response, state, person.password).finalization.to_bytes()
        finish = {"login": answer["login"], "opaque_finalization": b64(last)}
        (await self.ask("/sign-in/finish", finish)).raise_for_status()
        await self.get("/sessions")

    async def registration_body(self, person: Person) -> dict[str, Any]:
        """Return what makes an account without a device, work included."""
        await self.get("/sign-up")
        client = opaque_snake.OpaqueClient()
        request, state = client.start_registration(person.password)
        first = {"lookup_id": b64(person.lookup_id), "opaque_request": b64(request.to_bytes())}
        answer = (await self.ask("/sign-up/opaque", first)).raise_for_status().json()
        response = opaque_snake.RegistrationResponse.from_bytes(unb64(answer["opaque_response"]))
        record = client.finish_registration(response, state, person.password).upload.to_bytes()
        signature = sign_registration(person.root, person.lookup_id, record, person.backup)
        return {
            "lookup_id": b64(person.lookup_id),
            "opaque_record": b64(record),
            "root_public": b64(person.root.public),
            "signature": b64(signature),
            "backup": b64(person.backup),
            "proof": await self.work(),
        }

    async def work(self) -> dict[str, str]:
        """Do the work that guards registration."""
        guard = (await self.get("/sign-up/guard")).json()
        nonce = registration_proof.solve(unb64(guard["challenge"]), guard["difficulty_bits"])
        return {"challenge": guard["challenge"], "nonce": b64(nonce)}

    async def set_pin(self, person: Person, pin: str = PIN, duress: str = DURESS_PIN) -> None:
        """Set both PINs."""
        records = [await self.pin_record(person, each) for each in (pin, duress)]
        body = {"opaque_record": records[0], "duress_record": records[1]}
        (await self.ask("/pin/set", body)).raise_for_status()

    async def grant(self, person: Person, action: str, *parameters: bytes, pin: str = PIN) -> str:
        """Enter a PIN for a deed; a wrong one sends noise and is given nothing."""
        client, secret = opaque_snake.OpaqueClient(), pin_secret(person, pin)
        begun = [client.start_login(secret) for _ in range(2)]
        body = {
            "action": action,
            "parameters": b64(parameters_digest(*parameters)),
            "opaque_requests": [b64(request.to_bytes()) for request, _ in begun],
        }
        answer = (await self.ask("/pin/start", body)).raise_for_status().json()
        last, place = bytes(64), 0
        for at, ((_, state), told) in enumerate(
            zip(begun, answer["opaque_responses"], strict=True)
        ):
            try:
                sealed = opaque_snake.CredentialResponse.from_bytes(unb64(told))
                last = client.finish_login(sealed, state, secret).finalization.to_bytes()
                place = at
            except opaque_snake.OpaqueError:
                continue
        finish = {"attempt": answer["attempt"], "place": place, "opaque_finalization": b64(last)}
        return (await self.ask("/pin/finish", finish)).json().get("grant", "")

    async def pin_record(self, person: Person, pin: str) -> str:
        """Run the round of a PIN's registration; return the record to store."""
        client, secret = opaque_snake.OpaqueClient(), pin_secret(person, pin)
        request, state = client.start_registration(secret)
        body = {"opaque_request": b64(request.to_bytes())}
        answer = (await self.ask("/pin/register", body)).raise_for_status().json()
        response = opaque_snake.RegistrationResponse.from_bytes(unb64(answer["opaque_response"]))
        return b64(client.finish_registration(response, state, secret).upload.to_bytes())

    async def sign_up(self, person: Person) -> httpx.Response:
        """Make an account; the session is in the cookies then."""
        answer = await self.ask("/sign-up", await self.registration_body(person))
        await self.get("/sessions")
        return answer


class PaperShop:
    """A shop whose payers do what the test says, and whose coins are worth what it says."""

    def __init__(self, clock: FakeClock, names: tuple[MethodName, ...] = tuple(MethodName)) -> None:
        self.methods = {name: PaperMethod(name) for name in names}
        self._rates = [PaperRates(name, clock) for name in ("one", "two")]
        self.shop: Shop | None = None

    def make(
        self,
        around: Surroundings,
        databases: Mapping[str, Database],
        audit: AuditLog,
        origin: str,
    ) -> Shop:
        """Provide ``assembly.command.ShopMaker``."""
        premises = premises_of(around, databases["commerce"])
        outsiders = Outsiders(
            self.methods,
            self._rates,
            EuropeanVat(),
            OrderReviewsAudited(audit),
            TradeChangesAudited(audit),
        )
        commerce = build_commerce(around, premises, outsiders)
        commerce.rates.refresh_if_due()
        self.shop = join_entitlements(around, commerce, databases["entitlements"])
        return self.shop

    def happen(
        self, name: MethodName, kind: PaymentEventKind, amount: int | None = None, depth: int = 0
    ) -> None:
        """Let something happen to the order that was opened last with a method."""
        assert self.shop is not None
        method = self.methods[name]
        reference, quote = list(method.opened.items())[-1]
        method.tell(reference, kind, quote.amount.amount if amount is None else amount, depth)
        self.shop.commerce.rates.refresh()
        self.shop.commerce.polling.poll_methods()
        self.shop.commerce.polling.advance_orders()


@dataclass
class RunningCommand:
    """Command, its clock, what it logged, and where it is."""

    service: CommandService
    clock: FakeClock
    log: io.StringIO
    address: str
    paper: PaperShop

    def visit(self) -> Visit:
        """Return a fresh browser's worth of cookies."""
        return Visit(self.service, self.address)


@asynccontextmanager
async def running_command(
    settings: Settings,
    clock: FakeClock,
    *,
    is_served: bool = False,
    entropy: Entropy | None = None,
) -> AsyncGenerator[RunningCommand]:
    """Build and start Command; ``is_served`` lets browsers reach it on a port of this machine."""
    sink = io.StringIO()
    with _listening() as listener:
        port = int(listener.getsockname()[1])
        chosen = msgspec.structs.replace(settings, command_port=port)
        log = EventLog(sink, clock, strict=True)
        paper = PaperShop(clock)
        service = await asyncio.to_thread(
            open_command, chosen, clock, entropy or SystemEntropy(), log, paper.make
        )
        running = RunningCommand(service, clock, sink, f"http://127.0.0.1:{port}", paper)
        if not is_served:
            # Nothing runs beside the test: what happens, happens when it says so.
            yield running
            service.close()
            return
        server = uvicorn.Server(
            uvicorn.Config(service, lifespan="on", log_config=None, timeout_graceful_shutdown=2)  # pyright: ignore[reportArgumentType]
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield running
        finally:
            server.should_exit = True
            await task


@contextmanager
def _listening() -> Generator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def command_settings(folder: Path, prepared_folder: Path) -> Settings:
    """Return settings over a copy of a prepared folder."""
    shutil.copytree(prepared_folder, folder, dirs_exist_ok=True)
    return settings_of_tests(folder)
