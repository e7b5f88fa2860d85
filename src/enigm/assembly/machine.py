"""What an operator's command needs of this machine's service: its settings, keys and stores."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from enigm.assembly.evidence import EvidenceParts, build_evidence
from enigm.assembly.places import settings_of_this_machine
from enigm.assembly.stores import open_stores
from enigm.assembly.surroundings import Surroundings
from enigm.assembly.trust import TrustParts, build_trust
from enigm.foundation.clock import SystemClock
from enigm.foundation.entropy import SystemEntropy
from enigm.foundation.keyfile import load_or_create_keys
from enigm.foundation.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Generator

    from enigm.foundation.database import Database


@contextmanager
def trust_of_this_machine() -> Generator[TrustParts]:
    """Open the audit log, the handles and the policies beside a service that may be running.

    Raises:
        SetupError: a setting, the key file or a store cannot be used.
    """
    with _opened("audit", "handles", "policy") as (around, databases):
        yield build_trust(around, databases)


@contextmanager
def evidence_of_this_machine() -> Generator[tuple[TrustParts, EvidenceParts]]:
    """Open, besides, what devices reported and proved; raises SetupError."""
    names = ("attestation", "audit", "handles", "policy", "posture")
    with _opened(*names) as (around, databases):
        trust = build_trust(around, databases)
        yield trust, build_evidence(around, databases, trust)


@contextmanager
def administration_of_this_machine() -> Generator[
    tuple[Surroundings, dict[str, Database], TrustParts]
]:
    """Open who administers, and the log that records it; raises SetupError."""
    with _opened("administration", "audit", "handles", "policy") as (around, databases):
        yield around, databases, build_trust(around, databases)


@contextmanager
def _opened(*names: str) -> Generator[tuple[Surroundings, dict[str, Database]]]:
    settings = settings_of_this_machine()
    clock, entropy = SystemClock(), SystemEntropy()
    keys = load_or_create_keys(settings.key_file, entropy)
    databases = open_stores(settings, keys, list(names))
    log = EventLog(sys.stderr, clock, strict=False)
    try:
        yield Surroundings(settings, keys, clock, entropy, log), databases
    finally:
        for database in databases.values():
            database.close()
