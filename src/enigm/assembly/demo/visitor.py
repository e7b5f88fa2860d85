"""Somebody's browser at Command: cookies, forms with their token, sign-in and PIN by OPAQUE."""

from __future__ import annotations

import html
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx

from enigm.app.errors import WrongPasswordError
from enigm.app.identity.pin import pin_secret
from enigm.app.service import opaque
from enigm.assembly.demo.person import ANSWER_SECONDS_MAX, DemoError
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.wire import user_name
from enigm.wire.critical_action import parameters_digest

if TYPE_CHECKING:
    from enigm.assembly.demo.person import Person

_FORM_TOKEN: Final = re.compile(r'(?:name="form_token" value|data-form-token)="([\w-]{43})"')
_TAG: Final = re.compile(r"<[^>]+>")
_REFUSAL: Final = re.compile(r'class="refusal"[^>]*>([^<]+)<')
# A page that says no names the refusal for whoever helps.
_REFERENCE: Final = re.compile(r"Reference: *(?:<[^>]+>)?([a-z_.]+)")
# Nobody can tell from outside which of the two places is the duress PIN's.
_PIN_PLACES: Final = 2
# Whoever enters a wrong PIN sends noise of this length.
_FINALIZATION_BYTES: Final = 64


class Visitor:
    """One browser. ``name`` is only what the demo calls whoever sits before it."""

    def __init__(self, name: str, address: str) -> None:
        """Open a browser without cookies."""
        self.name = name
        self._address = address
        self._form_token = ""
        self._card_key = b""
        self._http = httpx.Client(base_url=address, timeout=ANSWER_SECONDS_MAX, trust_env=False)

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def read(self, path: str) -> str:
        """Return a page's source, and keep the token of its forms."""
        answer = self._http.get(path)
        if found := _FORM_TOKEN.search(answer.text):
            self._form_token = found.group(1)
        return html.unescape(self._checked(answer).text)

    def words(self, path: str) -> str:
        """Return a page as it reads."""
        return " ".join(_TAG.sub(" ", self.read(path)).split())

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the page that was read last, whatever the answer."""
        return self._http.post(
            path, data={"form_token": self._form_token, **fields}, headers=self._said()
        )

    def go(self, path: str, **fields: str) -> str:
        """Send a form that leads to another page; return where."""
        answer = self._checked(self.send(path, **fields))
        return answer.headers.get("location", path)

    def shown(self, path: str, **fields: str) -> str:
        """Send a form whose answer is a page; return its source."""
        return html.unescape(self._checked(self.send(path, **fields)).text)

    def ask(self, path: str, content: Any) -> Any:
        """Ask as a page's script does."""
        return self._checked(self.try_to_ask(path, content)).json()

    def try_to_ask(self, path: str, content: Any) -> httpx.Response:
        """Ask as a page's script does, whatever the answer."""
        headers = {**self._said(), "X-Enigm-Form": self._form_token, "Accept": "application/json"}
        return self._http.post(path, json=content, headers=headers)

    def list_of(self, name: str) -> Any:
        """Return a public list of codes."""
        return self._checked(self._http.get(f"/codes/lists/{name}")).json()

    def sign_in(self, person: Person) -> None:
        """Sign in to the account that the person made in the App."""
        names = user_name.name_keys(user_name.normalise(person.name))
        self._card_key = names.card_key
        self.read("/sign-in")
        secret = opaque.sign_in_secret(person.password)
        begun = opaque.start_login(secret)
        first = {
            "lookup_id": base64url_encode(names.lookup_id),
            "opaque_request": base64url_encode(begun.request),
        }
        answer = self.ask("/sign-in/start", first)
        response = base64url_decode(answer["opaque_response"])
        last = opaque.finish_login(begun, response, secret)
        finish = {"login": answer["login"], "opaque_finalization": base64url_encode(last)}
        self.ask("/sign-in/finish", finish)
        self.read("/sessions")

    def grant(self, pin: str, action: str, *parameters: bytes) -> str:
        """Enter a PIN for one deed; return the leave for it, or nothing for a wrong PIN."""
        secret = pin_secret(self._card_key, pin)
        begun = [opaque.start_login(secret) for _ in range(_PIN_PLACES)]
        asked = {
            "action": action,
            "parameters": base64url_encode(parameters_digest(*parameters)),
            "opaque_requests": [base64url_encode(each.request) for each in begun],
        }
        answer = self.ask("/pin/start", asked)
        last, place = bytes(_FINALIZATION_BYTES), 0
        for at, (started, told) in enumerate(zip(begun, answer["opaque_responses"], strict=True)):
            try:
                last = opaque.finish_login(started, base64url_decode(told), secret)
                place = at
            except WrongPasswordError:
                continue
        finish = {
            "attempt": answer["attempt"],
            "place": place,
            "opaque_finalization": base64url_encode(last),
        }
        said = self.try_to_ask("/pin/finish", finish)
        return str(said.json()["grant"]) if said.is_success else ""

    def _said(self) -> dict[str, str]:
        return {"Origin": self._address, "Sec-Fetch-Site": "same-origin"}

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            return answer
        raise DemoError(f"Command says to {self.name}: {refusal_of(answer)}")


def refusal_of(answer: httpx.Response) -> str:
    """Return the sentence with which Command refused, or nothing where it did not."""
    if answer.is_success or answer.is_redirect:
        return ""
    if "json" in answer.headers.get("content-type", ""):
        return str(answer.json().get("detail", answer.status_code))
    found = _REFUSAL.search(answer.text) or _REFERENCE.search(answer.text)
    return html.unescape(found.group(1)).strip() if found else str(answer.status_code)
