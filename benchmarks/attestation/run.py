"""Measure verifications per second and the time of a posture; write docs/benchmarks-attestation.md.

Run ``python benchmarks/attestation/run.py`` (half a minute). With ``--quick`` nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.hashes import SHA256  # noqa: E402

from enigm.agent.posture.collect import collect  # noqa: E402
from enigm.agent.posture.machine import this_machine  # noqa: E402
from enigm.crypto.attestation.event_log import check_event_log, read_event_log, replay  # noqa: E402
from enigm.crypto.attestation.quote import verify_quote  # noqa: E402
from enigm.crypto.attestation.verdict import Verdict, read_verdict, sign_verdict  # noqa: E402
from enigm.crypto.signatures import Ed25519  # noqa: E402
from enigm.foundation.clock import SystemClock  # noqa: E402
from enigm.foundation.entropy import SystemEntropy  # noqa: E402
from tests.crypto.attestation.paper_tpm import NOW, PaperTpm, event_log  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

REPORT = ROOT / "docs" / "benchmarks-attestation.md"
QUOTES_BAR_PER_SECOND = 15_000
POSTURE_BAR_MILLISECONDS = 200
_EVENTS_OF_A_REAL_LOG = 120


def per_core_second(deed: Callable[[], object], count: int, repetitions: int = 5) -> float:
    """Return the median rate in seconds of this process's own processor time."""
    rates: list[float] = []
    for _ in range(repetitions):
        began = time.process_time()
        for _ in range(count):
            deed()
        rates.append(count / (time.process_time() - began))
    return median(rates)


def verify_many(count: int) -> float:
    """Verify so many quotes and return the processor time that took."""
    tpm, nonce = PaperTpm(), bytes(32)
    key, quote = tpm.accepted_key(), tpm.quote(nonce)
    began = time.process_time()
    for _ in range(count):
        verify_quote(quote, key, nonce)
    return time.process_time() - began


def quotes_on_all_cores(count: int = 20_000) -> float:
    """Return the rates of one process on each core, added up, as a service would run them."""
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as processes:
        list(processes.map(verify_many, [100] * cores))  # started and warm
        return sum(count / taken for taken in processes.map(verify_many, [count] * cores))


def rates() -> dict[str, float]:
    """Measure each kind of verification."""
    tpm, nonce = PaperTpm(), bytes(32)
    key, quote = tpm.accepted_key(), tpm.quote(nonce)
    log = event_log([(index % 8, 8, bytes(300)) for index in range(_EVENTS_OF_A_REAL_LOG)])
    registers = replay(read_event_log(log))
    verifier = Ed25519.generate(SystemEntropy())
    verdict = Verdict(bytes(20), nonce, "tpm", "enigm-os 7", NOW, NOW + 60)
    token = sign_verdict(verdict, verifier)
    return {
        "quotes verified": per_core_second(lambda: verify_quote(quote, key, nonce), 6000),
        f"event logs of {_EVENTS_OF_A_REAL_LOG} events replayed": per_core_second(
            lambda: check_event_log(log, registers), 400
        ),
        "verdicts read": per_core_second(
            lambda: read_verdict(token, verifier.public, now_seconds=NOW), 4000
        ),
    }


def posture_milliseconds(repetitions: int = 15) -> list[float]:
    """Return how long whole looks at this machine took, sorted; nothing is cut off."""
    taken: list[float] = []
    for _ in range(repetitions):
        began = time.perf_counter()
        collect(this_machine(), SystemClock())
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def bare_ecdsa_per_second() -> float:
    """Return the rate of the one signature check in each quote: no verifier can be faster."""
    tpm, algorithm = PaperTpm(), ec.ECDSA(SHA256())
    attest = tpm.attest(bytes(32))
    signature, public = tpm.key.sign(attest, algorithm), tpm.key.public_key()
    return per_core_second(lambda: public.verify(signature, attest, algorithm), 6000)


def report() -> str:
    """Return the figures as a document."""
    measured, postures = rates(), posture_milliseconds()
    rows = [f"| {name} | {rate:,.0f} /s per core |" for name, rate in measured.items()]
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return "\n".join(
        [
            "# Attestation and posture: figures",
            "",
            f"`benchmarks/attestation/run.py` on {where}, load {os.getloadavg()[0]:.1f}.",
            "Rates are per second of each process's own processor time; posture is wall time.",
            "",
            "| what | figure |",
            "|---|---|",
            f"| quotes verified, a process on each core | {quotes_on_all_cores():,.0f} /s |",
            *rows,
            f"| ECDSA P-256 alone, at the same time | {bare_ecdsa_per_second():,.0f} /s per core |",
            f"| posture, median of {len(postures)} | {median(postures):.0f} ms |",
            f"| posture, slowest | {postures[-1]:.0f} ms |",
            "",
            f"Bars: {QUOTES_BAR_PER_SECOND:,} quotes/s; posture in {POSTURE_BAR_MILLISECONDS} ms.",
            "A load above the number of cores means that a posture also waited for other programs.",
            "",
        ]
    )


def main() -> None:
    """Measure, and write unless asked to be quick."""
    text = report()
    print(text)
    if "--quick" not in sys.argv:
        REPORT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
