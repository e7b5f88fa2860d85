"""Asks a witness, which somebody else runs, to cosign the audit log's checkpoint."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from enigm.crypto.tree_log import merkle, signed_note
from enigm.foundation.errors import UnavailableError, UnverifiableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from enigm.crypto.tree_log.signed_note import UnverifiedNote

TIMEOUT_SECONDS = 10
ANSWER_BYTES_MAX = 64 * 1024


class WitnessUnavailableError(UnavailableError):
    """The witness did not answer."""

    def __init__(self, trace: str) -> None:
        """Keep the cause for the operator."""
        super().__init__("audit.witness_unavailable", "A witness did not answer.", trace=trace)


class WitnessRefusedError(UnverifiableError):
    """The witness saw another past of this log: somebody rewrote one of the two."""

    def __init__(self, trace: str) -> None:
        """Keep what the witness said for the operator."""
        super().__init__(
            "audit.witness_refused",
            "A witness refused the checkpoint: it saw another past of this log.",
            trace=trace,
        )


class AuditWitness:
    """One witness, by its address."""

    def __init__(self, url: str) -> None:
        """Keep the address."""
        self._url = url.rstrip("/") + "/add-checkpoint"

    def cosign(
        self, note: UnverifiedNote, old_size: int, read: merkle.NodeReader, size: int
    ) -> UnverifiedNote:
        """Return the note with the witness's lines; tell it from where it must be convinced.

        Raises:
            WitnessUnavailableError: no answer.
            WitnessRefusedError: the witness saw a tree that this one does not continue.
        """
        answer = self._ask(note, old_size, read, size)
        if answer.status_code == HTTPStatus.CONFLICT and answer.text.strip().isdigit():
            # The witness missed some of our checkpoints, or has one we did not keep.
            known = int(answer.text)
            if known <= size:
                answer = self._ask(note, known, read, size)
        if answer.status_code != HTTPStatus.OK:
            raise WitnessRefusedError(f"{answer.status_code} {answer.text[:200]}")
        lines = signed_note.parse(note.body.encode() + b"\n" + answer.content).signatures
        return note.with_signatures(lines)

    def _ask(
        self, note: UnverifiedNote, old_size: int, read: merkle.NodeReader, size: int
    ) -> httpx.Response:
        proof: Sequence[bytes] = ()
        if 0 < old_size < size:
            proof = merkle.consistency_proof(read, old_size, size)
        lines = [f"old {old_size}", *(base64.b64encode(step).decode() for step in proof)]
        content = "\n".join(lines) + "\n\n" + str(note)
        try:
            answer = httpx.post(self._url, content=content.encode(), timeout=TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            raise WitnessUnavailableError(str(error)) from error
        if len(answer.content) > ANSWER_BYTES_MAX:
            raise WitnessUnavailableError("the answer is too long")
        return answer
