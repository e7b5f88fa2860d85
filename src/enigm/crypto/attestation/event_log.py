"""The firmware's event log: what was measured, in order, and whether it explains the registers.

TCG PC Client Platform Firmware Profile 1.05 §10 (crypto-agile log, little-endian).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from enigm.crypto import kdf
from enigm.crypto.attestation.errors import AttestationRefusedError, Reason
from enigm.crypto.attestation.structures import ALG_SHA256, PCR_COUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Logs of real machines are 20 to 200 KiB; beyond this one is only there to be costly.
LOG_BYTES_MAX = 1 << 20
EVENTS_MAX = 4096

# The registers that firmware and boot loader log themselves. What the system extends later
# (11 by systemd's phases) is not in this log; reference values cover it.
FIRMWARE_PCRS = (0, 1, 2, 3, 4, 7)

EVENT_NO_ACTION = 0x00000003
EVENT_SEPARATOR = 0x00000004
EVENT_EFI_VARIABLE_DRIVER_CONFIG = 0x80000001

_SPEC_SIGNATURE = b"Spec ID Event03\x00"
_STARTUP_LOCALITY = b"StartupLocality\x00"
_SHA1_BYTES = 20
_SHA256_BYTES = 32
_ALGORITHMS_MAX = 8  # a TPM has at most five banks today
_DIGEST_BYTES_MAX = 64
# Part 1 §11.6.3 and the PC Client profile: 17 to 22 start as ones, all others as zeros.
_PCRS_OF_ONES = range(17, 23)
# §10.4.1: in these events the digest is that of the event's own bytes, so they can be read.
_SELF_DESCRIBING = (EVENT_SEPARATOR, EVENT_EFI_VARIABLE_DRIVER_CONFIG)


@dataclass(frozen=True, slots=True)
class Event:
    """One measurement: the register, what kind, its SHA-256 digest and the event's own bytes."""

    pcr: int
    kind: int
    digest: bytes = field(repr=False)
    description: bytes = field(repr=False)


class _Log:
    """Reads little-endian fields in order; whatever does not fit is refused as a whole."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, length_bytes: int) -> bytes:
        end = self._at + length_bytes
        if end > len(self._octets):
            raise AttestationRefusedError(Reason.EVENT_LOG, "the log ends too early")
        taken = self._octets[self._at : end]
        self._at = end
        return taken

    def number(self, length_bytes: int) -> int:
        return int.from_bytes(self.take(length_bytes), "little")

    def is_read(self) -> bool:
        return self._at == len(self._octets)


def read_event_log(octets: bytes) -> tuple[Event, ...]:
    """Read a whole crypto-agile log that has a SHA-256 bank.

    Raises:
        AttestationRefusedError: EVENT_LOG.
    """
    if len(octets) > LOG_BYTES_MAX:
        raise AttestationRefusedError(Reason.EVENT_LOG, "the log is too long")
    log = _Log(octets)
    digest_bytes = _read_header(log)
    events: list[Event] = []
    while not log.is_read():
        if len(events) == EVENTS_MAX:
            raise AttestationRefusedError(Reason.EVENT_LOG, "too many events")
        events.append(_read_event(log, digest_bytes))
    return tuple(events)


def replay(events: Sequence[Event]) -> dict[int, bytes]:
    """Return what every register holds after these events: each extends SHA-256(old || digest)."""
    registers = {
        index: (b"\xff" if index in _PCRS_OF_ONES else b"\x00") * _SHA256_BYTES
        for index in range(PCR_COUNT)
    }
    for event in events:
        if event.kind == EVENT_NO_ACTION:
            # §10.4.5.3: the locality that started the TPM is register 0's first value.
            if event.pcr == 0 and event.description.startswith(_STARTUP_LOCALITY):
                locality = event.description[len(_STARTUP_LOCALITY) :][:1]
                registers[0] = bytes(_SHA256_BYTES - 1) + (locality or b"\x00")
            continue
        registers[event.pcr] = hashlib.sha256(registers[event.pcr] + event.digest).digest()
    return registers


def check_event_log(
    octets: bytes, quoted: Mapping[int, bytes], explains: Sequence[int] = FIRMWARE_PCRS
) -> tuple[Event, ...]:
    """Return the events, if they lead to the quoted values of the registers they shall explain.

    Raises:
        AttestationRefusedError: EVENT_LOG.
    """
    events = read_event_log(octets)
    replayed = replay(events)
    for index in explains:
        if index in quoted and not kdf.equal(replayed[index], quoted[index]):
            raise AttestationRefusedError(Reason.EVENT_LOG, f"register {index} is not explained")
    for event in events:
        if event.kind in _SELF_DESCRIBING and not _describes_itself(event):
            raise AttestationRefusedError(Reason.EVENT_LOG, "an event is not what was measured")
    return events


def _describes_itself(event: Event) -> bool:
    return kdf.equal(hashlib.sha256(event.description).digest(), event.digest)


def _read_header(log: _Log) -> dict[int, int]:
    """Read the first event, in the old form, which names the banks and their digests' sizes."""
    pcr, kind = log.number(4), log.number(4)
    log.take(_SHA1_BYTES)
    header = _Log(log.take(log.number(4)))
    if pcr != 0 or kind != EVENT_NO_ACTION or header.take(16) != _SPEC_SIGNATURE:
        raise AttestationRefusedError(Reason.EVENT_LOG, "not a crypto-agile log")
    header.take(8)  # platform class, versions and the size of a firmware word
    count = header.number(4)
    if count > _ALGORITHMS_MAX:
        raise AttestationRefusedError(Reason.EVENT_LOG, "too many banks")
    digest_bytes = {header.number(2): header.number(2) for _ in range(count)}
    header.take(header.number(1))  # the maker's own words
    sizes_fit = all(0 < size <= _DIGEST_BYTES_MAX for size in digest_bytes.values())
    if not header.is_read() or digest_bytes.get(ALG_SHA256) != _SHA256_BYTES or not sizes_fit:
        raise AttestationRefusedError(Reason.EVENT_LOG, "the log has no SHA-256 bank")
    return digest_bytes


def _read_event(log: _Log, digest_bytes: Mapping[int, int]) -> Event:
    pcr, kind, count = log.number(4), log.number(4), log.number(4)
    if pcr >= PCR_COUNT or count != len(digest_bytes):
        raise AttestationRefusedError(Reason.EVENT_LOG, "an event has other banks or registers")
    digests: dict[int, bytes] = {}
    for _ in range(count):
        algorithm = log.number(2)
        if algorithm not in digest_bytes or algorithm in digests:
            raise AttestationRefusedError(Reason.EVENT_LOG, "a digest of an undeclared bank")
        digests[algorithm] = log.take(digest_bytes[algorithm])
    return Event(pcr, kind, digests[ALG_SHA256], log.take(log.number(4)))
