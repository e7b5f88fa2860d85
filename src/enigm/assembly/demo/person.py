"""One person of the demo: a real App process, asked through its own loopback API."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import msgspec

from enigm.assembly.supervisor import LOOPBACK, Child

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from enigm.assembly.places import Places
    from enigm.foundation.clock import Clock

# Argon2id for the vault and the name, and OPAQUE, on a busy machine.
ANSWER_SECONDS_MAX = 60.0
# Until a message has gone through two Apps and the service.
ARRIVAL_SECONDS_MAX = 90.0
_LOOK_AGAIN_SECONDS = 0.1
_JSON = {"content-type": "application/json"}


class DemoError(Exception):
    """The story cannot go on: something did not happen that it builds on."""


class Person:
    """A profile, its App process, and what its page would ask."""

    def __init__(self, name: str, profile: str, places: Places, clock: Clock) -> None:
        """Name the person; nothing is started yet. ``name`` is the user name as typed."""
        self.name = name
        self.profile = profile
        self.password = f"{profile} keeps one long password"
        self.pin = "271828"
        self.account = ""
        self.phrase: list[str] = []
        self._places = places
        self._clock = clock
        self._child: Child | None = None
        self._page: httpx.Client | None = None

    def start(self, service: str, environment: Mapping[str, str]) -> None:
        """Open the App and log in to its page as a browser would."""
        note = self._places.profiles / self.profile / "door.json"
        note.unlink(missing_ok=True)
        self._child = Child(
            f"{self.name}'s App",
            ["app", f"--profile={self.profile}", f"--service={service}", "--no-browser"],
            environment,
            log=self._places.profiles / f"{self.profile}.log",
        )
        self._child.wait_until(lambda: bool(_address_in(note)), self._clock)
        address = urlsplit(_address_in(note))
        origin = f"http://{LOOPBACK}:{address.port}"
        self._page = httpx.Client(
            base_url=origin,
            headers={"origin": origin, "sec-fetch-site": "same-origin", **_JSON},
            timeout=ANSWER_SECONDS_MAX,
        )
        token = address.fragment.removeprefix("token=")
        session = self.post("/api/session", token=token)["session"]
        self._page.headers["x-enigm-session"] = session

    def stop(self) -> None:
        """Close the App; its vault stays."""
        if self._page is not None:
            self._page.close()
        if self._child is not None:
            self._child.stop()

    def get(self, path: str) -> Any:
        """Ask the App; raise DemoError with its own sentence where it says no."""
        return self._answer(self._client().get(path))

    def post(self, path: str, **body: Any) -> Any:
        """Tell the App to do something; raise DemoError where it says no."""
        return self._answer(self._client().post(path, content=msgspec.json.encode(body)))

    def refusal(self, path: str, **body: Any) -> str:
        """Do what must be refused; return the code of the refusal, or nothing where it worked."""
        answer = self._client().post(path, content=msgspec.json.encode(body))
        return "" if answer.is_success else str(answer.json().get("code", answer.status_code))

    def register(self) -> None:
        """Make an account, and confirm the phrase as the page asks."""
        asked: dict[str, Any] = self.post(
            "/api/register", username=self.name, password=self.password
        )
        self.phrase = list(asked["phrase"])
        places: list[int] = asked["ask"]
        words = {str(place): self.phrase[place - 1] for place in places}
        state = self.post("/api/register/confirm", words=words)
        self.account = state["fingerprint"]

    def unlock(self) -> None:
        """Open the vault after a restart."""
        self.post("/api/unlock", password=self.password)

    def conversation_with(self, title: str) -> str:
        """Return the id of the conversation that has this title, once it is there."""
        found = self.until(
            lambda: [c for c in self.get("/api/conversations") if c["title"] == title],
            f"{self.name} sees the conversation {title}",
        )
        return found[0]["id"]

    def say(self, title: str, text: str) -> None:
        """Write into the conversation of this title."""
        self.post(f"/api/conversations/{self.conversation_with(title)}/messages", text=text)

    def texts(self, title: str) -> list[str]:
        """Return what was said there, oldest first."""
        conversation = self.conversation_with(title)
        lines = self.get(f"/api/conversations/{conversation}/messages?limit=200")
        return [line["text"] for line in lines if line["kind"] == "text"]

    def reads(self, title: str, text: str) -> bool:
        """Wait until this text is there."""
        return self.until(lambda: text in self.texts(title), f"{self.name} reads '{text}'")

    def until(self, look: Callable[[], Any], what: str) -> Any:
        """Look again until it is so; raise DemoError where it does not become so."""
        ends_at = self._clock.monotonic_seconds() + ARRIVAL_SECONDS_MAX
        pause = threading.Event()
        while not (found := look()):
            if self._clock.monotonic_seconds() > ends_at:
                raise DemoError(f"This did not happen in {ARRIVAL_SECONDS_MAX:.0f} s: {what}.")
            pause.wait(_LOOK_AGAIN_SECONDS)
        return found

    def _client(self) -> httpx.Client:
        if self._page is None:
            msg = "the App is not started"
            raise RuntimeError(msg)
        return self._page

    def _answer(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        problem = answer.json()
        raise DemoError(f"{self.name}'s App says: {problem.get('detail')} ({problem.get('code')})")


def _address_in(note: Path) -> str:
    """Return where the App's page is; nothing while the note is not there or half written."""
    try:
        return str(msgspec.json.decode(note.read_bytes())["address"])
    except (FileNotFoundError, msgspec.DecodeError):
        return ""
