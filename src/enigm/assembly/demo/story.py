"""`enigm demo`: people talk, a device is revoked, things are bought, and a service is curious."""

from __future__ import annotations

import os
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from enigm.assembly.demo.buyers import look_for_buyers
from enigm.assembly.demo.claims import Ledger
from enigm.assembly.demo.curious import look_at_everything
from enigm.assembly.demo.market import Market
from enigm.assembly.demo.person import DemoError, Person
from enigm.assembly.demo.purchases import Purchases
from enigm.assembly.demo.stores import read_stores
from enigm.assembly.demo.thief import steal
from enigm.assembly.exits import Exit, complain
from enigm.assembly.places import Places
from enigm.assembly.stores import DESIGNS
from enigm.assembly.supervisor import LOOPBACK, Child, answers, free_port
from enigm.foundation.clock import SystemClock
from enigm.foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HELLO = "The harbour contract is real, I have the scans."
REPLY = "Bring them on Thursday, tell nobody else."
TO_GROUP = "Everyone here: the story runs on Sunday."
FOR_TABLET = "This one should reach the tablet too."
AFTER_REVOCATION = "The tablet was stolen, so from here on without it."
AFTER_CRASH = "Still here after the power cut."
GROUP = "Harbour story"


def tell(keep: Path | None = None) -> int:
    """Run the story in a folder of its own; return 0 where every claim held."""
    ledger = Ledger()
    for number in _ENDING:
        # As Ctrl-C: what was started is ended first.
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as stack:
        folder = keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="enigm-demo-"))
        )
        story = Story(ledger, folder.absolute())
        stack.callback(story.stop)
        stack.push(_ending_is_not_interrupted)
        try:
            story.run()
        except (DemoError, Refusal) as error:
            complain(str(error))
            ledger.claim("The story runs to its end", observed=str(error), holds=False)
    ledger.close()
    return Exit.DONE if ledger.all_hold else Exit.FAILED


def _ending_is_not_interrupted(kind: object, error: object, trace: object) -> None:
    """Let nobody who presses Ctrl-C twice leave processes behind: the end takes seconds."""
    del error, trace
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    if kind is KeyboardInterrupt:
        complain("ending what was started …")


class Story:
    """The processes of the demo, and what happens to them."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        """Choose a port and the people."""
        self._ledger = ledger
        self._clock = SystemClock()
        self._places = Places(service=folder / "service", profiles=folder / "app")
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("ENIGM_")
        } | {"ENIGM_DATA": str(folder)}
        self._port = free_port()
        self._service: Child | None = None
        self._people: list[Person] = []
        self._market = Market(ledger, folder / "market", self._clock)
        self._purchases = Purchases(ledger, self._market)
        self.ada = self._person("ada.lovelace", "ada-laptop")
        self.ben = self._person("ben.babbage", "ben-laptop")
        self.cleo = self._person("cleo.somerville", "cleo-laptop")
        self.tablet = self._person("ada.lovelace", "ada-tablet")
        # The second device signs in with the same password.
        self.tablet.password = self.ada.password

    def run(self) -> None:
        """Play every act in order."""
        self._market.prepare()
        self._start()
        self._register()
        self._talk()
        self._make_a_group()
        self._be_robbed()
        self._add_a_device()
        self._revoke_it()
        self._cut_the_power()
        self._buy()
        self._let_the_service_be_curious()

    @property
    def _address(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def stop(self) -> None:
        """End every process, the people's before the service's."""
        self._ledger.rest()
        self._market.close()
        for person in self._people:
            person.stop()
        if self._service is not None:
            self._service.stop()

    def _person(self, name: str, profile: str) -> Person:
        person = Person(name, profile, self._places, self._clock)
        self._people.append(person)
        return person

    def _start(self) -> None:
        self._ledger.act("1. A service and four Apps start, each a process of its own")
        self._start_service()
        with ThreadPoolExecutor() as at_once:
            # The end waits for those that are starting, so that none is forgotten.
            starting = [
                at_once.submit(person.start, self._address, self._environment)
                for person in self._people
            ]
        for started in starting:
            started.result()
        self._ledger.tell(
            f"The service listens on port {self._port}; the Apps know only its address."
        )

    def _start_service(self) -> None:
        self._service = Child(
            "The service",
            ["serve", "--host", LOOPBACK, "--port", str(self._port)],
            self._places.environment(self._environment),
            log=self._places.service / "service.log",
        )
        self._service.wait_until(lambda: answers(self._port), self._clock)

    def _register(self) -> None:
        self._ledger.act("2. Three people register: a user name, a password, no e-mail, no phone")
        for person in (self.ada, self.ben, self.cleo):
            person.register()
            self._ledger.tell(f"{person.name} has an account and wrote down 24 words.")
        accounts = {person.account for person in (self.ada, self.ben, self.cleo)}
        self._ledger.claim(
            "Registration asks for nothing but a user name and a password",
            observed=f"{len(accounts)} accounts made that way",
            holds=len(accounts) == 3,  # noqa: PLR2004 - the three above
        )

    def _talk(self) -> None:
        self._ledger.act("3. Ada finds Ben by his user name, and they talk")
        self.ada.post("/api/contacts", username=self.ben.name, greeting="It is Ada.")
        self._accept(self.ben)
        self.ada.say(self.ben.name, HELLO)
        self.ben.reads(self.ada.name, HELLO)
        self.ben.say(self.ada.name, REPLY)
        self._ledger.tell("Ben accepted; a message went each way.")
        self._ledger.claim(
            "Two people talk both ways",
            observed="each read what the other wrote",
            holds=self.ada.reads(self.ben.name, REPLY),
        )

    def _accept(self, person: Person) -> None:
        waiting = person.until(lambda: person.get("/api/requests"), f"{person.name} sees a request")
        person.post(f"/api/requests/{waiting[0]['id']}/accept")

    def _make_a_group(self) -> None:
        self._ledger.act("4. A group of three")
        self.ada.post("/api/contacts", username=self.cleo.name, greeting="Ada again.")
        self._accept(self.cleo)
        self.ada.until(lambda: len(self._accepted(self.ada)) == 2, "both contacts accepted")  # noqa: PLR2004
        self.ada.post("/api/groups", title=GROUP, members=self._accepted(self.ada))
        for person in (self.ben, self.cleo):
            if person.get("/api/requests"):
                self._accept(person)
            person.conversation_with(GROUP)
        self.cleo.say(GROUP, TO_GROUP)
        self._ledger.tell("Ada made it, Ben and Cleo joined, Cleo wrote first.")
        self._ledger.claim(
            "A group of three reads what one of them writes",
            observed="both others read it",
            holds=all(person.reads(GROUP, TO_GROUP) for person in (self.ada, self.ben)),
        )

    def _accepted(self, person: Person) -> list[str]:
        contacts = person.get("/api/contacts")
        return [contact["account"] for contact in contacts if contact["state"] == "accepted"]

    def _be_robbed(self) -> None:
        self._ledger.act("5. A thief has Ada's user name and password, and speaks to the service")
        tried = steal(self._address, self.ada.name, self.ada.password)
        for deed, code in tried.items():
            self._ledger.tell(f"{deed}: {f'refused ({code})' if code else 'let through'}")
        refused = {deed for deed, code in tried.items() if code == "devices.not_trusted"}
        self._ledger.claim(
            "Signing in alone opens nothing",
            observed=f"signed in; {len(refused)} of {len(tried) - 1} protected deeds refused",
            holds=tried["sign in"] == "" and len(refused) == len(tried) - 1,
        )

    def _add_a_device(self) -> None:
        self._ledger.act("6. Ada's tablet signs in, and waits until her laptop approves it")
        self.tablet.post("/api/link", username=self.ada.name, password=self.ada.password)
        device = self.ada.until(lambda: list(self._pending()), "the laptop sees the tablet")[0]
        self.ada.post(f"/api/devices/{device}/approve")
        self.tablet.until(
            lambda: self.tablet.get("/api/state")["stage"] == "ready", "the tablet is approved"
        )
        self.tablet.conversation_with(GROUP)
        self._ledger.tell(
            "The laptop certified it; it is a member of every conversation from now on."
        )
        self.ben.say(GROUP, FOR_TABLET)
        self._ledger.claim(
            "An approved device reads on from then",
            observed="the tablet read the next message of the group",
            holds=self.tablet.reads(GROUP, FOR_TABLET),
        )

    def _pending(self) -> Iterator[str]:
        devices = self.ada.get("/api/devices")["devices"]
        return (device["id"] for device in devices if device["state"] == "pending")

    def _revoke_it(self) -> None:
        self._ledger.act("7. The tablet is stolen; Ada revokes it")
        own = self.ada.get("/api/devices")["devices"]
        tablet = next(d["id"] for d in own if not d["this"] and d["state"] == "trusted")
        self.ada.post("/api/pin/set", password=self.ada.password, pin=self.ada.pin)
        self.ada.post(f"/api/devices/{tablet}/revoke", pin=self.ada.pin)
        self.ben.until(lambda: self._leaves_of_ada() == 1, "the group counts one device of Ada's")
        self.ben.say(GROUP, AFTER_REVOCATION)
        self.ada.reads(GROUP, AFTER_REVOCATION)
        self.cleo.reads(GROUP, AFTER_REVOCATION)
        self._ledger.tell("Its leaf is gone from the group; keys and the channel's token are new.")
        self._ledger.claim(
            "A revoked device reads nothing new",
            observed="everyone else read the next message; the tablet did not",
            holds=not self._tablet_has(AFTER_REVOCATION),
        )

    def _leaves_of_ada(self) -> int:
        group = self.ben.conversation_with(GROUP)
        members = self.ben.get(f"/api/conversations/{group}")["members"]
        return sum(m["devices"] for m in members if m["name"] == self.ada.name)

    def _tablet_has(self, text: str) -> bool:
        try:
            return any(text in self.tablet.texts(c["title"]) for c in self._tablet_conversations())
        except DemoError:
            # A device that learned of its revocation has nothing left to show.
            return False

    def _tablet_conversations(self) -> list[dict[str, str]]:
        return self.tablet.get("/api/conversations")

    def _cut_the_power(self) -> None:
        self._ledger.act("8. The service is killed, and comes back")
        if self._service is not None:
            self._service.kill()
        self.cleo.say(GROUP, AFTER_CRASH)
        self._start_service()
        everyone_read = all(p.reads(GROUP, AFTER_CRASH) for p in (self.ada, self.ben))
        kept = [HELLO in self.ben.texts(self.ada.name), REPLY in self.ada.texts(self.ben.name)]
        twice = [p.texts(GROUP).count(AFTER_CRASH) for p in (self.ada, self.ben, self.cleo)]
        self._ledger.tell("Cleo wrote while it was away; the message waited in her App.")
        self._ledger.claim(
            "A crash of the service loses nothing and shows nothing twice",
            observed=f"what was written meanwhile arrived, {max(twice)} time",
            holds=everyone_read and all(kept) and set(twice) == {1},
        )

    def _buy(self) -> None:
        self._ledger.act("9. Command opens, and things are bought: by Monero, by card, by code")
        self._market.open(self._places, self._environment)
        self._purchases.make(self.ada, self.ben)
        # What is in stores is read below, by nobody else at the same time.
        self._market.close_command()

    def _let_the_service_be_curious(self) -> None:
        self._ledger.act("10. The service reads everything it has, with its own keys")
        folder = self._places.service
        tables = read_stores(folder / "stores", folder / "keys", DESIGNS)
        files = [path for path in folder.rglob("*") if path.is_file()]
        people = (self.ada, self.ben, self.cleo)
        said = [HELLO, REPLY, TO_GROUP, FOR_TABLET, AFTER_REVOCATION, AFTER_CRASH, GROUP]
        secrets = {
            "message or group title": said,
            "user name": [person.name for person in people],
            "password": [person.password for person in people],
            "recovery phrase": [" ".join(person.phrase[:3]) for person in people],
            **self._purchases.secrets,
        }
        look_at_everything(self._ledger, tables, files, secrets)
        self._ledger.act("11. With all of it in hand, somebody looks for who bought what")
        look_for_buyers(self._ledger, tables)
        self._ledger.tell(
            "What remains to be seen: that records were written, in which order and within which "
            "hour; and, while people are on line, which channels one connection uses "
            "(docs/known-limits.md). Of purchases: what runs sees who asks for what, as it happens."
        )
