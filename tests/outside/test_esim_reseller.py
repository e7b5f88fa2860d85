"""A reseller is told a package and nothing else; what it sends beyond need is dropped, counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from enigm.domains.esim.errors import ProviderRefusedError, ProviderUnavailableError, Refused
from enigm.domains.esim.model import Iccid, ProfileState, Step, Told
from enigm.domains.esim.rules import merged, profile_of
from enigm.outside.esim_reseller import ClientCredentials, EsimReseller, notices_of
from enigm.wire.esim_report import (
    ReportMalformedError,
    ReportUnsignedError,
    read_report,
    require_signature,
)
from tests.support.esim_world import certificates
from tests.support.reseller import CLIENT, KEY, Reseller, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.esim_world import Certificates

__all__ = ["certificates"]

NOW = 1_795_000_000
CALL = bytes(16)
ICCID = "8988000000000000001"


@pytest.fixture
def reseller(certificates: Certificates) -> Iterator[Reseller]:
    running = Reseller(certificates.authority, certificates.smdp)
    yield running
    running.close()


@pytest.fixture
def dropped() -> list[int]:
    return []


@pytest.fixture(params=[ClientCredentials(*CLIENT), ClientCredentials("", KEY)], ids=["o", "k"])
def client(request, reseller, certificates, dropped) -> Iterator[EsimReseller]:
    tls = certificates.authority.client_context(None)
    made = EsimReseller(reseller.url, request.param, tls, dropped.append, lambda: NOW)
    yield made
    made.close()


@pytest.mark.requirement("SIM-03")
def test_a_package_is_ordered_shown_given_back_or_ended(client, reseller) -> None:
    iccid = client.order("eu-5gb", CALL)
    code = client.confirm(iccid, "ours is not used", CALL, may_be_confirmed=False)
    assert code.text == "LPA:1$rsp.reseller.test$RS-0001"
    client.release(iccid, CALL)
    client.cancel(iccid, b"back")
    assert reseller.esims[iccid]["profileStatus"] == "Unavailable"
    installed = client.order("eu-5gb", b"second")
    reseller.esims[installed]["profileStatus"] = "Installed"
    with pytest.raises(ProviderRefusedError) as refusal:
        client.cancel(installed, b"back again")
    assert refusal.value.why is Refused.WRONG_STATE
    client.end(installed, b"end")
    assert reseller.esims[installed]["planStatus"] == "Expired"


@pytest.mark.requirement("SIM-01")
def test_nobody_is_to_be_mailed_and_nothing_of_a_person_is_sent(client, reseller) -> None:
    iccid = client.order("eu-5gb", CALL)
    client.ask(iccid)
    client.cancel(iccid, b"back")
    assert [body for _method, _path, body in reseller.heard if body] == [
        {"package": "eu-5gb", "quantity": 1, "type": "transaction"},
    ]
    sent = json.dumps(reseller.heard)
    assert not [word for word in ("to_email", "copy_address", "customer", "note") if word in sent]
    assert not [path for _method, path, _body in reseller.heard if "usage" in path]


@pytest.mark.requirement("SIM-05")
def test_usage_and_whatever_else_it_sends_is_dropped_and_counted(
    client, reseller, dropped: list[int]
) -> None:
    iccid = client.order("eu-5gb", CALL)
    assert sum(dropped) == 2, "its own reference and the access point's name"
    notices = client.ask(iccid)
    assert sum(dropped) == 2 + 4
    assert [(notice.told, notice.at) for notice in notices] == [(Told.RESET, 1_795_046_400)]
    assert not [
        word for word in ("001010", "192.0", "4200", "XX") if word in repr(notices) + str(dropped)
    ]
    assert reseller.esims[iccid]["usage"]


def test_the_same_call_orders_once_and_a_lost_token_is_fetched_anew(client, reseller) -> None:
    first = client.order("eu-5gb", CALL)
    reseller.token += 1
    assert client.order("eu-5gb", CALL) == first
    assert len(reseller.esims) == 1


def test_each_no_has_its_own_words(client, reseller) -> None:
    reseller.stock = 0
    with pytest.raises(ProviderRefusedError) as refusal:
        client.order("eu-5gb", CALL)
    assert refusal.value.why is Refused.NO_PROFILE
    with pytest.raises(ProviderRefusedError) as refusal:
        client.cancel(Iccid(ICCID), b"another call")
    assert refusal.value.why is Refused.UNKNOWN
    reseller.is_down = True
    with pytest.raises(ProviderUnavailableError):
        client.ask(Iccid(ICCID))


def test_wrong_credentials_are_an_outage_and_are_written_nowhere(
    reseller,
    certificates,
) -> None:
    tls = certificates.authority.client_context(None)
    wrong = ClientCredentials("shop", "wrong-secret")
    client = EsimReseller(reseller.url, wrong, tls, lambda _count: None, lambda: NOW)
    with pytest.raises(ProviderUnavailableError) as refusal:
        client.order("eu-5gb", CALL)
    client.close()
    assert "wrong-secret" not in repr(wrong) + str(refusal.value) + refusal.value.trace


def test_deleted_is_not_the_end_where_the_profile_is_released_anew() -> None:
    history = {}
    for status, hour in (("Installed", 1), ("Deleted", 2), ("Released", 3)):
        at = f"2026-11-20T0{hour}:00:00Z"
        message = {"iccid": ICCID, "profileStatus": status, "profileStatusAt": at}
        (notice,) = notices_of(read_report(json.dumps(message).encode()), NOW)
        history = merged(history, notice.told, notice.at)
    assert profile_of(Step.RELEASED, history) == (ProfileState.RELEASED, None)


def test_both_statuses_are_heard_each_by_itself() -> None:
    message = {"iccid": ICCID, "profileStatus": "ENABLED", "planStatus": "used_up"}
    notices = notices_of(read_report(json.dumps(message).encode()), NOW)
    assert [(n.told, n.at) for n in notices] == [(Told.ENABLED, NOW), (Told.PLAN_USED_UP, NOW)]
    # Released without a time could have been so all along; an unknown word means nothing to us.
    for words in ({"profileStatus": "Released"}, {"planStatus": "Pending"}, {}):
        message = {"iccid": ICCID} | words
        assert notices_of(read_report(json.dumps(message).encode()), NOW) == []


def test_a_report_is_believed_only_with_the_secret() -> None:
    content, headers = signed(b"secret", {"iccid": ICCID})
    require_signature(b"secret", content, headers["X-Signature"])
    for secret, changed, signature in (
        (b"other", content, headers["X-Signature"]),
        (b"secret", content + b" ", headers["X-Signature"]),
        (b"secret", content, ""),
        (b"secret", content, "é"),
    ):
        with pytest.raises(ReportUnsignedError):
            require_signature(secret, changed, signature)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"iccid": "1"}',
        b'{"iccid": "%s", "planStatusAt": "x"}' % ICCID.encode(),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(ReportMalformedError):
        read_report(content)
