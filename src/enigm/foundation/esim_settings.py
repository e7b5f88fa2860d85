"""What an operator may set about eSIMs: who provides them, and which product is what there."""

from __future__ import annotations

# Settings are read when they are converted, so their types are needed at run time.
from pathlib import Path
from typing import Annotated, Literal

import msgspec

ProviderName = Literal["es2plus", "reseller"]
Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]
ListenPort = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class EsimPlanSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one product of the shop is at a provider."""

    provider: ProviderName
    # A profile type (ES2+) or a package (reseller).
    item: str
    days: Days


class Es2PlusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An SM-DP+ that is spoken to by ES2+ over mutual TLS."""

    url: str
    # The function requester identifier that the SM-DP+ gave this shop: one for all calls.
    requester: str
    # Files in PEM: whom to trust, and what this shop is known by.
    authority: Path
    certificate: Path
    key: Path
    # The address that phones fetch from, where it is another than the url's.
    address: str = ""
    # Where the SM-DP+ reports progress. It shows a certificate of the same authority.
    listen_host: str = "127.0.0.1"
    listen_port: ListenPort = 8470
    listener_certificate: Path
    listener_key: Path


class ResellerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A reseller with a JSON interface."""

    url: str
    # Empty: the secret is a key and not OAuth's client secret.
    client_id: str = ""
    secret_file: Path
    # A private authority in PEM; none: the machine's own.
    authority: Path | None = None
    # Where reports come in, behind the operator's TLS proxy; none without a secret to sign them.
    report_secret_file: Path | None = None
    listen_host: str = "127.0.0.1"
    listen_port: ListenPort = 8471


class EsimSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """With nothing set, no eSIM is offered and nobody is asked anything."""

    plans: dict[str, EsimPlanSettings] = {}
    es2plus: Es2PlusSettings | None = None
    reseller: ResellerSettings | None = None
