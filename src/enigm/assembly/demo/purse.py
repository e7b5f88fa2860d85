"""The buyer's half of codes: nonces that nobody sees, checked against the public list of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from enigm.assembly.demo.visitor import refusal_of
from enigm.crypto.codes import BLIND_NONCE_BYTES, blind_nonces, finish_tags
from enigm.crypto.tokens import Evaluation
from enigm.domains.commerce.model.codes import REQUEST_BYTES
from enigm.domains.commerce.rules.codes import KEY_LIST
from enigm.foundation.encoding import base64url_decode, base64url_encode
from enigm.wire.code_coin import Code, CodeKind, KeyNumber, write_code
from enigm.wire.signed_chain import EMPTY, ChainLine, check_chain

if TYPE_CHECKING:
    from enigm.assembly.demo.visitor import Visitor
    from enigm.crypto.tokens import BlindState
    from enigm.foundation.entropy import Entropy

# By the key's number: what was blinded, and what takes the blinding off again.
_States: TypeAlias = "dict[int, tuple[list[bytes], BlindState]]"

_BLIND: Final = "blind"


class Purse:
    """Asks for codes blind through somebody's browser, and keeps what it is given."""

    def __init__(self, visitor: Visitor, entropy: Entropy) -> None:
        """Read the public list and check that it is one chain; raises UnverifiableError."""
        self._visitor = visitor
        self._entropy = entropy
        told = visitor.list_of("keys")
        lines = [
            ChainLine(line["text"], base64url_decode(line["signature"])) for line in told["lines"]
        ]
        check_chain(base64url_decode(told["public_key"]), KEY_LIST, lines, EMPTY)
        self._keys = [_fields(line.text) for line in lines if f"kind {_BLIND} " in line.text]

    def ask(self, path: str, counts: dict[int, int], code: str = "") -> list[str]:
        """Ask for so many codes of each value (in cents), blind; return them as typed."""
        content, states = self._blinded(counts, code)
        return self._finished(self._visitor.ask(path, content), states)

    def refusal(self, path: str, counts: dict[int, int], code: str) -> str:
        """Ask for what must be refused; return with which words it was."""
        content, _ = self._blinded(counts, code)
        return refusal_of(self._visitor.try_to_ask(path, content))

    def _blinded(self, counts: dict[int, int], code: str) -> tuple[dict[str, Any], _States]:
        wanted: list[dict[str, Any]] = []
        states: _States = {}
        for value, count in counts.items():
            number = int(self._key_of(value)["key"])
            nonces = [self._entropy.random_bytes(BLIND_NONCE_BYTES) for _ in range(count)]
            state, blinded = blind_nonces(nonces)
            states[number] = nonces, state
            shown = [base64url_encode(element) for element in blinded]
            wanted.append({"key": number, "blinded": shown})
        request = base64url_encode(self._entropy.random_bytes(REQUEST_BYTES))
        return {"request": request, "wanted": wanted, "code": code}, states

    def _finished(self, signed: list[dict[str, Any]], states: _States) -> list[str]:
        codes: list[str] = []
        for each in signed:
            number = int(each["key"])
            nonces, state = states[number]
            elements = [base64url_decode(element) for element in each["elements"]]
            answer = Evaluation(elements, base64url_decode(each["proof"]))
            tags = finish_tags(state, answer, self._public(number))
            codes += [
                write_code(Code(CodeKind.BLIND, KeyNumber(number), nonce, tag))
                for nonce, tag in zip(nonces, tags, strict=True)
            ]
        return codes

    def _key_of(self, value_cents: int) -> dict[str, str]:
        return next(key for key in reversed(self._keys) if int(key["value"]) == value_cents)

    def _public(self, number: int) -> bytes:
        key = next(key for key in self._keys if int(key["key"]) == number)
        return base64url_decode(key["public"])


def _fields(text: str) -> dict[str, str]:
    """Take a line apart: a word and its value, one after the other."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=False))
