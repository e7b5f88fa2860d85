"""Providers report to listeners of their own: by a client certificate, or by a signature.

The whole way, with the real crossings: a token becomes an eSIM, a phone fetches it, the provider
reports, the state follows, and the audit log knows it.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from enigm.assembly.esim import EsimParts, build_esim
from enigm.assembly.esim_process import EsimService, build_esim_service
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import TrustParts, build_trust
from enigm.domains.accounts.events import AccountErased
from enigm.domains.accounts.model import AccountId
from enigm.domains.audit.model import NO_HANDLE, Category, Role
from enigm.domains.esim.actions.counting import DROPPED, DROPPED_EVENT
from enigm.domains.esim.errors import ManagedPolicyError
from enigm.domains.esim.model import CommercialState, Holder, ProfileState, Status
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.errors import SetupError
from enigm.foundation.esim_settings import (
    Es2PlusSettings,
    EsimPlanSettings,
    EsimSettings,
    ResellerSettings,
)
from enigm.foundation.ids import new_fact_id
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog
from enigm.foundation.outbox import Fact
from enigm.foundation.settings import Settings
from tests.support.clock import FakeClock
from tests.support.esim_world import Certificates, Leave, Shop, certificates, smdp
from tests.support.reseller import KEY, Reseller, signed
from tests.support.smdp import SmDp, progress, report

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

__all__ = ["certificates", "smdp"]

AT = "2026-11-18T11:06:40+00:00"
SECRET = b"between us"
ADA = AccountId(b"ada's account id")


@pytest.fixture
def reseller(certificates: Certificates) -> Iterator[Reseller]:
    running = Reseller(certificates.authority, certificates.smdp)
    yield running
    running.close()


@pytest.fixture
def settings(
    tmp_path: Path, certificates: Certificates, smdp: SmDp, reseller: Reseller
) -> Settings:
    (tmp_path / "secret").write_bytes(SECRET)
    (tmp_path / "key").write_text(KEY)
    authority, shop = certificates.authority.file, certificates.shop
    es2plus = Es2PlusSettings(
        url=smdp.url,
        requester="2.999.10",
        authority=authority,
        certificate=shop.certificate,
        key=shop.key,
        listen_port=0,
        listener_certificate=shop.certificate,
        listener_key=shop.key,
    )
    sold_on = ResellerSettings(
        url=reseller.url,
        secret_file=tmp_path / "key",
        authority=authority,
        report_secret_file=tmp_path / "secret",
        listen_port=0,
    )
    plans = {
        "sim-5": EsimPlanSettings(provider="es2plus", item="data", days=30),
        "sim-r": EsimPlanSettings(provider="reseller", item="eu", days=7),
    }
    esim = EsimSettings(plans=plans, es2plus=es2plus, reseller=sold_on)
    return Settings(data_folder=tmp_path / "service", esim=esim)


@dataclass
class Running:
    """A started process, and Command's side of the same stores."""

    service: EsimService
    parts: EsimParts
    trusting: TrustParts
    shop: Shop
    certificates: Certificates

    @property
    def holder(self) -> Holder:
        return self.parts.holders.holder_of(ADA)

    def bought(self, product: str) -> Status:
        token = self.shop.sell(product)
        status = self.parts.esims.purchasing.purchase(self.holder, token, 1)
        return self.parts.esims.activating.activate(self.holder, status.esim_id)

    def seen(self) -> Status:
        (status,) = self.parts.esims.reading.all_of(self.holder)
        return status

    async def report(self, message: Any, context: ssl.SSLContext | None = None) -> int:
        shown = context or self.certificates.authority.client_context(self.certificates.smdp)
        url = f"https://localhost:{self.service.listeners[0].port}"
        return await asyncio.to_thread(report, url, shown, message)

    async def signed_report(self, content: bytes, headers: dict[str, str]) -> int:
        url = f"http://127.0.0.1:{self.service.listeners[1].port}/esim/v1/reports"
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.post(url, content=content, headers=headers)).status_code

    def acts(self, category: Category) -> list[tuple[str, str]]:
        read = self.trusting.audit.read(Role.AUDITOR, category, 0, NO_HANDLE)
        payloads = [msgspec.json.decode(each.payload) for each in read]
        return [(payload["act"], payload["actor"]) for payload in payloads]


@pytest.fixture
async def running(settings: Settings, certificates: Certificates) -> AsyncGenerator[Running]:
    clock, entropy = FakeClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    log = EventLog(io.StringIO(), clock, strict=True)
    around = Surroundings(settings, keys, clock, entropy, log)
    service = build_esim_service(around)
    await service.start()
    trusting, shop = build_trust(around, service.databases), Shop()
    parts = build_esim(around, service.databases["esim"], trusting, shop, lambda: None)
    yield Running(service, parts, trusting, shop, certificates)
    parts.close()
    await service.stop()


@pytest.mark.requirement("SIM-03", "SIM-04")
@pytest.mark.parametrize("kind", [int, str])
async def test_what_the_smdp_reports_is_seen_by_the_holder(
    running: Running, smdp: SmDp, kind: Callable[[int], int | str]
) -> None:
    status = running.bought("sim-5")
    code = running.parts.esims.activating.reveal(running.holder, status.esim_id, Leave())
    assert smdp.fetch(code.matching_id) == "Executed-Success"
    (iccid,) = [p.iccid for p in smdp.profiles.values() if p.state == "Downloaded"]
    # The second before the first, and both again.
    for point in (4, 3, 3, 4):
        assert await running.report(progress(iccid, kind(point), AT)) == 204
    seen = running.seen()
    assert seen.profile is ProfileState.INSTALLED
    assert seen.commercial is CommercialState.ACTIVE


@pytest.mark.requirement("SIM-03")
async def test_whoever_shows_no_certificate_of_the_provider_is_not_heard(running: Running) -> None:
    status = running.bought("sim-5")
    authority, rogue = running.certificates.authority, running.certificates.rogue
    for context in (authority.client_context(rogue), authority.client_context(None)):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await running.report(progress("8949000000000000017", 4, AT), context)
    assert running.seen() == status


@pytest.mark.requirement("SIM-05")
async def test_carrier_records_end_at_the_door_and_are_counted(
    running: Running, smdp: SmDp
) -> None:
    running.bought("sim-5")
    (iccid,) = [p.iccid for p in smdp.profiles.values() if p.state == "Released"]
    message = progress(iccid, 3, AT)
    message |= {"eid": "8" * 32, "msisdn": "4915550000", "cellId": "42", "cdr": [{"bytes": 1}]}
    assert await running.report(message) == 204
    text = running.service.parts.counters.text()
    assert f'{DROPPED.name}{{provider="es2plus"}} 4' in text
    tallies = running.parts.esims.answering.tallies()
    assert [n for *_, event, n in tallies if event == DROPPED_EVENT] == [4]
    database = running.service.databases["esim"]
    with database.read() as connection:
        tables = ("esim", "cancellation", "support_note", "tally")
        kept = repr([connection.exec_driver_sql(f"SELECT * FROM {t}").all() for t in tables])
    assert not [word for word in ("4915550000", "cellId", "cdr", "8" * 32) if word in kept]


async def test_a_report_on_nobody_tells_nobody_so(running: Running, smdp: SmDp) -> None:
    running.bought("sim-5")
    (known,) = [p.iccid for p in smdp.profiles.values() if p.state == "Released"]
    answers = [
        await running.report(progress(iccid, 101, AT)) for iccid in (known, "8949000000000099999")
    ]
    assert answers == [204, 204]
    assert await running.report({"iccid": "12"}) == 400
    assert await running.report(progress(known, 3, AT) | {"resultData": "A" * 40_000}) == 413


@pytest.mark.requirement("SIM-03", "SIM-05")
async def test_a_reseller_is_believed_by_its_signature_alone(running: Running) -> None:
    status = running.bought("sim-r")
    code = running.parts.esims.activating.reveal(running.holder, status.esim_id, Leave())
    assert code.text == "LPA:1$rsp.reseller.test$RS-0001"
    message = {
        "iccid": "8988000000000000001",
        "profileStatus": "Installed",
        "profileStatusAt": AT,
        "planStatus": "Suspended",
        "planStatusAt": AT,
        "usage": {"used": 17},
    }
    content, headers = signed(SECRET, message)
    assert await running.signed_report(content, headers | {"X-Signature": "0" * 64}) == 422
    assert running.seen() == status
    assert await running.signed_report(content, headers) == 204
    assert running.seen().commercial is CommercialState.SUSPENDED
    text = running.service.parts.counters.text()
    assert 'provider="reseller"} 1' in text


async def test_one_provider_cannot_speak_of_anothers_profile(running: Running) -> None:
    status = running.bought("sim-r")
    assert await running.report(progress("8988000000000000001", 4, AT)) == 204
    assert running.seen() == status


@pytest.mark.requirement("SIM-04", "SIM-08")
async def test_deeds_are_audited_by_a_handle_and_an_erased_account_leaves(
    running: Running,
) -> None:
    status = running.bought("sim-5")
    running.parts.esims.activating.reveal(running.holder, status.esim_id, Leave())
    acts = running.acts(Category.ACCOUNT)
    assert [act for act, _ in acts] == ["esim.purchased", "esim.activated", "esim.revealed"]
    assert len({actor for _, actor in acts}) == 1
    assert running.holder.owner.hex()[:16] not in acts[0][1]
    erased = AccountErased(ADA).encode()
    fact = Fact(new_fact_id(SystemEntropy()), AccountErased.KIND, erased)
    for _ in range(2):
        running.parts.leaving(fact)
    assert running.parts.esims.reading.all_of(running.holder) == []


@pytest.mark.requirement("SIM-06")
async def test_a_policy_of_an_organisation_decides_where_it_is_assigned(
    running: Running,
) -> None:
    forbid = (
        '@id("all") permit (principal, action, resource);\n'
        '@id("no-esim") @say("No eSIM here.")\n'
        'forbid (principal, action == Action::"esim.obtain", resource);\n'
    )
    policies = running.trusting.policies
    version = policies.stage("managed", forbid)
    policies.activate("managed", version.version)
    policies.assign(running.holder.policy_handles[0], "managed")
    with pytest.raises(ManagedPolicyError):
        running.bought("sim-5")
    other = running.parts.holders.holder_of(AccountId(b"somebody else"))
    assert running.parts.esims.purchasing.purchase(other, running.shop.sell(), 1)


def test_without_a_provider_there_is_nothing_to_hear(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path)
    clock, entropy = FakeClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    log = EventLog(io.StringIO(), clock, strict=True)
    with pytest.raises(SetupError, match=r"No eSIM provider"):
        build_esim_service(Surroundings(settings, keys, clock, entropy, log))
