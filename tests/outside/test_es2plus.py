"""ES2+ over mutual TLS: both sides are known to each other, and every no has its words."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

import pytest

from enigm.domains.esim.errors import ProviderRefusedError, ProviderUnavailableError, Refused
from enigm.domains.esim.model import Iccid
from enigm.foundation.errors import SetupError
from enigm.outside.es2plus import Es2Plus, mutual_tls
from tests.support.esim_world import certificates, smdp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.esim_world import Certificates
    from tests.support.smdp import SmDp

__all__ = ["certificates", "smdp"]

CALL = bytes(range(16))


@pytest.fixture
def dropped() -> list[int]:
    return []


@pytest.fixture
def client(
    smdp: SmDp,
    certificates: Certificates,
    dropped: list[int],
) -> Iterator[Es2Plus]:
    shown = certificates.shop
    tls = mutual_tls(certificates.authority.file, shown.certificate, shown.key)
    made = Es2Plus(smdp.url, "2.999.10", tls, dropped.append)
    yield made
    made.close()


@pytest.mark.requirement("SIM-03")
def test_a_profile_is_ordered_confirmed_released_and_taken_back(client, smdp) -> None:
    iccid = client.order("data", CALL)
    assert smdp.profiles[iccid].state == "Allocated"
    code = client.confirm(iccid, "MATCHING-1", CALL, may_be_confirmed=False)
    assert code.text == "LPA:1$rsp.example.test$MATCHING-1"
    assert smdp.fetch("MATCHING-1") == "8.2.6/3.8"
    client.release(iccid, CALL)
    assert smdp.profiles[iccid].state == "Released"
    client.cancel(iccid, CALL)
    assert smdp.fetch("MATCHING-1") == "8.2.6/3.8"
    assert smdp.profiles[iccid].state == "Unavailable"


def test_what_was_done_before_is_no_refusal_where_it_may_have_been_done(client, smdp) -> None:
    iccid = client.order("data", CALL)
    client.confirm(iccid, "MATCHING-1", CALL, may_be_confirmed=False)
    with pytest.raises(ProviderRefusedError) as refusal:
        client.confirm(iccid, "MATCHING-1", b"another call", may_be_confirmed=False)
    assert refusal.value.why is Refused.WRONG_STATE
    again = client.confirm(iccid, "MATCHING-1", b"a third", may_be_confirmed=True)
    assert again.matching_id == "MATCHING-1"
    client.release(iccid, CALL)
    client.release(iccid, b"another call")
    assert smdp.profiles[iccid].state == "Released"


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        (lambda c: c.order("nothing of it", CALL), Refused.NO_PROFILE),
        (lambda c: c.release(Iccid("8949000000000099999"), CALL), Refused.UNKNOWN),
        (lambda c: c.cancel(Iccid("8949000000000099999"), CALL), Refused.UNKNOWN),
    ],
)
def test_each_no_of_the_providers_has_its_own_words(
    client,
    deed: Callable[[Es2Plus], object],
    why: Refused,
) -> None:
    with pytest.raises(ProviderRefusedError) as refusal:
        deed(client)
    assert refusal.value.why is why


def test_two_profiles_under_one_matching_id_are_refused(client) -> None:
    for call in (CALL, b"other"):
        iccid = client.order("data", call)
        if call is CALL:
            client.confirm(iccid, "SAME", call, may_be_confirmed=False)
    with pytest.raises(ProviderRefusedError) as refusal:
        client.confirm(iccid, "SAME", b"other", may_be_confirmed=False)
    assert refusal.value.why is Refused.MATCHING_ID_TAKEN


def test_a_profile_that_a_phone_has_is_not_taken_back(client, smdp) -> None:
    iccid = client.order("data", CALL)
    smdp.profiles[iccid].state = "Installed"
    with pytest.raises(ProviderRefusedError) as refusal:
        client.cancel(iccid, CALL)
    assert refusal.value.why is Refused.IN_USE


def test_an_answer_that_was_lost_is_asked_for_again_by_the_same_name(client, smdp) -> None:
    smdp.wishes.loses_answers_to.add("downloadOrder")
    client.order("data", CALL)
    names = [call.header["functionCallIdentifier"] for call in smdp.heard]
    assert names == [CALL.hex().upper()] * 2
    assert sum(p.state == "Allocated" for p in smdp.profiles.values()) == 1


def test_a_provider_that_is_away_is_unavailable(client, smdp) -> None:
    smdp.wishes.is_down = True
    with pytest.raises(ProviderUnavailableError):
        client.order("data", CALL)


@pytest.mark.requirement("SIM-05")
def test_what_an_answer_has_beyond_its_fields_is_dropped_and_counted(
    client,
    smdp,
    dropped: list[int],
) -> None:
    smdp.wishes.adds_fields = {"imsi": "001010000000001", "msisdn": "4915550000", "usage": {}}
    client.order("data", CALL)
    assert sum(dropped) == 3


@pytest.mark.requirement("SIM-01")
def test_no_device_and_no_person_is_ever_named(client, smdp) -> None:
    iccid = client.order("data", CALL)
    client.confirm(iccid, "M", CALL, may_be_confirmed=False)
    client.release(iccid, CALL)
    client.cancel(iccid, CALL)
    sent = json.dumps([(call.header, call.body) for call in smdp.heard]).lower()
    for word in ("eid", "email", "e-mail", "phone", "name", "confirmationcode"):
        assert f'"{word}"' not in sent


@pytest.mark.requirement("SIM-03")
def test_only_a_client_of_the_same_authority_is_heard(smdp, certificates) -> None:
    rogue, authority = certificates.rogue, certificates.authority
    stranger = mutual_tls(authority.file, rogue.certificate, rogue.key)
    nobody = authority.client_context(None)
    for tls in (stranger, nobody):
        client = Es2Plus(smdp.url, "2.999.10", tls, lambda _count: None)
        with pytest.raises(ProviderUnavailableError):
            client.order("data", CALL)
        client.close()
    assert smdp.heard == []


@pytest.mark.requirement("SIM-03")
def test_only_a_server_of_the_private_authority_is_believed(smdp, certificates) -> None:
    shown = certificates.shop
    tls = mutual_tls(certificates.stranger.file, shown.certificate, shown.key)
    client = Es2Plus(smdp.url, "2.999.10", tls, lambda _count: None)
    with pytest.raises(ProviderUnavailableError):
        client.order("data", CALL)
    client.close()
    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2


def test_files_that_cannot_be_used_stop_the_start(certificates, tmp_path) -> None:
    shown = certificates.shop
    (tmp_path / "not").write_text("a certificate")
    for files in (
        (tmp_path / "absent", shown.certificate, shown.key),
        (certificates.authority.file, tmp_path / "not", shown.key),
        (certificates.authority.file, shown.certificate, certificates.rogue.key),
    ):
        with pytest.raises(SetupError, match=r"docs/esim\.md"):
            mutual_tls(*files)
