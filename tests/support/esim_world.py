"""The eSIM domain over a real store and a real SM-DP+ of our own, and who stands around it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from enigm.domains.esim.actions import Desk, Esims, Provided, esims_of
from enigm.domains.esim.actions.counting import Door
from enigm.domains.esim.model import COMPLIANCE_NOTICE, Holder, Notice, OwnerRef, Plan, Told
from enigm.domains.esim.store import EsimStore, metadata
from enigm.foundation.errors import ForbiddenError, NotFoundError
from enigm.foundation.metrics import Counters
from enigm.outside.es2plus import Es2Plus, mutual_tls
from tests.support.clock import FakeClock
from tests.support.databases import keys_of_tests
from tests.support.entropy import FakeEntropy
from tests.support.private_authority import PrivateAuthority, Shown
from tests.support.smdp import SmDp

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from enigm.domains.esim.model import Deed, EsimId, Iccid, Status
    from enigm.foundation.database import Database
    from tests.support.databases import OpenDatabase

ADA = Holder(OwnerRef(b"ada" + bytes(29)))
BEN = Holder(OwnerRef(b"ben" + bytes(29)))
PLANS = {
    "sim-5": Plan("sim-5", "es2plus", "data", 30),
    "sim-away": Plan("sim-away", "reseller", "package", 7),
}


class Shop:
    """Tokens of paid orders, each for one product, until they are spent."""

    def __init__(self) -> None:
        self.living: dict[bytes, str] = {}

    def sell(self, product: str = "sim-5") -> bytes:
        token = b"token %d" % len(self.living)
        self.living[token] = product
        return token

    def product_of(self, token: bytes) -> str:
        try:
            return self.living[token]
        except KeyError:
            raise NotFoundError("commerce.token_unknown", "No such token.") from None

    def spend(self, token: bytes) -> None:
        self.living[token] = self.living.get(token, "")
        del self.living[token]


class Leave:
    """What a request shows: a PIN for anything, for nothing, or the duress PIN."""

    def __init__(self, *, has_pin: bool = True, is_duress: bool = False) -> None:
        self._has_pin, self._is_duress = has_pin, is_duress
        self.spent: list[tuple[str, tuple[bytes, ...]]] = []

    def spend(self, action: str, *parameters: bytes) -> bool:
        if not self._has_pin:
            raise ForbiddenError("accounts.pin_needed", "Enter your PIN.")
        self.spent.append((action, parameters))
        return not self._is_duress


@dataclass
class Around:
    """Policy and the audit log, as eSIMs see them."""

    forbidden: set[Deed] = field(default_factory=set)
    recorded: list[tuple[str, OwnerRef | None]] = field(default_factory=list)

    def allows(self, policy_handles: tuple[bytes, ...], deed: Deed) -> bool:
        assert policy_handles == ()
        return deed not in self.forbidden

    def record(self, deed: Deed, owner: OwnerRef | None) -> None:
        self.recorded.append((deed.value, owner))


@dataclass
class EsimWorld:
    """Everything a test of eSIMs touches."""

    esims: Esims
    smdp: SmDp
    shop: Shop
    around: Around
    database: Database
    store: EsimStore
    desk: Desk
    clock: FakeClock
    counters: Counters

    def bought(self, holder: Holder = ADA) -> Status:
        """Buy one."""
        purchasing = self.esims.purchasing
        return purchasing.purchase(holder, self.shop.sell(), COMPLIANCE_NOTICE.version)

    def ready(self, holder: Holder = ADA) -> Status:
        """Buy and activate one."""
        return self.esims.activating.activate(holder, self.bought(holder).esim_id)

    def installed(self, holder: Holder = ADA) -> Status:
        """Buy, activate and install one."""
        status = self.ready(holder)
        self.fetch(holder, status.esim_id)
        return self.esims.reading.status(holder, status.esim_id)

    def fetch(self, holder: Holder, esim_id: EsimId) -> None:
        """Do as the phone does, and let the SM-DP+ tell."""
        code = self.esims.activating.reveal(holder, esim_id, Leave())
        assert self.smdp.fetch(code.matching_id) == "Executed-Success"
        for told in (Told.DOWNLOADED, Told.INSTALLED):
            self.tell(esim_id, told)

    def tell(self, esim_id: EsimId, told: Told, at: int | None = None) -> None:
        """Let the SM-DP+ tell something."""
        when = self.clock.now_seconds() if at is None else at
        self.esims.hearing.take("es2plus", Notice(self.iccid(esim_id), told, when))

    def iccid(self, esim_id: EsimId) -> Iccid:
        """Return what the provider calls it."""
        with self.store.read() as records:
            iccid = records.iccid(esim_id)
        assert iccid is not None
        return iccid

    def state_at_provider(self, iccid: Iccid) -> str:
        """Return the SM-DP+'s own state."""
        return self.smdp.profiles[iccid].state


@dataclass(frozen=True)
class Certificates:
    """Who is known by whom in a run of tests."""

    authority: PrivateAuthority
    stranger: PrivateAuthority
    smdp: Shown
    shop: Shown
    rogue: Shown


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority of the provider's, and a stranger's, made for this run."""
    folder = tmp_path_factory.mktemp("authorities")
    authority = PrivateAuthority(folder, "provider")
    stranger = PrivateAuthority(folder, "stranger")
    return Certificates(
        authority,
        stranger,
        smdp=authority.certify("smdp"),
        shop=authority.certify("shop"),
        rogue=stranger.certify("rogue"),
    )


@pytest.fixture
def smdp(certificates: Certificates) -> Iterator[SmDp]:
    """A running SM-DP+ with a few profiles."""
    running = SmDp(certificates.authority, certificates.smdp, {"data": 6})
    yield running
    running.close()


@pytest.fixture
def esim_world(
    open_sqlcipher_database: OpenDatabase, smdp: SmDp, certificates: Certificates
) -> Iterator[EsimWorld]:
    """The domain over an embedded store."""
    with _world(open_sqlcipher_database("esim", metadata), smdp, certificates) as world:
        yield world


@pytest.fixture
def esim_world_on_each(
    open_database: OpenDatabase, smdp: SmDp, certificates: Certificates
) -> Iterator[EsimWorld]:
    """The domain, on each engine."""
    with _world(open_database("esim", metadata), smdp, certificates) as world:
        yield world


@contextmanager
def _world(database: Database, smdp: SmDp, certificates: Certificates) -> Generator[EsimWorld]:
    clock, entropy, counters = FakeClock(), FakeEntropy(), Counters()
    store = EsimStore(database, keys_of_tests(), entropy)
    door = Door(store, counters, clock)
    shown = certificates.shop
    tls = mutual_tls(certificates.authority.file, shown.certificate, shown.key)
    provider = Es2Plus(smdp.url, "2.999.10", tls, lambda count: door.count("es2plus", count))
    shop, around = Shop(), Around()
    provided = Provided({"es2plus": provider}, shop, around, around)
    desk = Desk(store, PLANS, provided, clock, entropy)
    esims = esims_of(desk, {}, lambda: None)
    yield EsimWorld(esims, smdp, shop, around, database, store, desk, clock, counters)
    provider.close()
