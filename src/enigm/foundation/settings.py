"""What an operator may set: a TOML file, and ENIGM_* variables that override it."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from enigm.foundation.errors import SetupError
from enigm.foundation.esim_settings import EsimSettings
from enigm.foundation.payment_settings import PaymentSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX: Final = "ENIGM_"
# Names the settings file itself, so it is not one of the settings.
_FILE_VARIABLE: Final = "ENIGM_SETTINGS_FILE"

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Limit = Annotated[int, msgspec.Meta(ge=1)]
RegistrationGuard = Literal["proof-of-work", "invite"]
_ENVIRONMENT: Final = r"[a-z][a-z0-9-]{0,31}"
EnvironmentName = Annotated[str, msgspec.Meta(pattern=rf"^({_ENVIRONMENT})?\Z")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One service's settings. Every field has a default: no setting is needed to start."""

    data_folder: Path
    listen_host: str = "127.0.0.1"
    listen_port: Port = 8460
    # Command listens on a port of its own: another port is another origin.
    command_port: Port = 8461
    # Where people reach Command (``https://command.example``); empty: this machine, by its port.
    command_origin: str = ""
    # Empty: embedded SQLCipher files in the data folder.
    database_url: str = ""
    # Only for preparing the database; empty where a DBA has done it.
    database_admin_url: str = ""
    # Empty: one process, which tells its own listeners.
    nats_url: str = ""
    registration_guard: RegistrationGuard = "proof-of-work"
    # Which of an operator's environments this process serves: policies can be assigned to it.
    environment: EnvironmentName = ""
    # Addresses of witnesses that cosign the audit log; each is run by somebody else.
    audit_witnesses: tuple[str, ...] = ()
    # Named limits (``accounts.sign_ins_per_hour``) set apart from their defaults.
    limits: dict[str, Limit] = {}
    # Days per ``domain.table``; shorter than declared, never longer (PRV-08).
    retention_days: dict[str, Limit] = {}
    # Coins and their rates; with nothing set, nobody is asked anything.
    payments: PaymentSettings = PaymentSettings()
    # Providers of eSIMs; with nothing set, none is offered.
    esim: EsimSettings = EsimSettings()

    def __repr__(self) -> str:
        """Leave the values out: an address of a database may carry a password."""
        return "Settings(…)"

    @property
    def stores_folder(self) -> Path:
        """Where the embedded stores lie, one file per domain."""
        return self.data_folder / "stores"

    @property
    def audit_folder(self) -> Path:
        """Where the audit log is published, for anybody to copy and check."""
        return self.data_folder / "audit"

    @property
    def key_file(self) -> Path:
        """Where the service's root key lies."""
        return self.data_folder / "keys"


def is_environment_name(text: str) -> bool:
    """Say whether an environment may be called so."""
    return re.fullmatch(_ENVIRONMENT, text) is not None


def default_data_folder(environment: Mapping[str, str]) -> Path:
    """Return ``$XDG_DATA_HOME/enigm/service``, by default under ~/.local/share."""
    data_home = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data_home).expanduser() / "enigm" / "service"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read ENIGM_SETTINGS_FILE where it is given, then let ENIGM_* variables override it.

    Raises:
        SetupError: a name is unknown or a value is wrong; the message names it.
    """
    given = os.environ if environment is None else environment
    chosen: dict[str, Any] = {"data_folder": str(default_data_folder(given))}
    if path := given.get(_FILE_VARIABLE):
        chosen |= _from_file(Path(path))
    chosen |= _from_environment(given)
    if isinstance(chosen["data_folder"], str):
        chosen["data_folder"] = str(Path(chosen["data_folder"]).expanduser().absolute())
    return _settings(chosen)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        msg = f"The settings file {path} cannot be read: {error.strerror}."
        raise SetupError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"The settings file {path} is not TOML: {error}."
        raise SetupError(msg) from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    fields = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    chosen: dict[str, Any] = {}
    for variable, text in environment.items():
        if not variable.startswith(_PREFIX) or variable == _FILE_VARIABLE:
            continue
        name = variable.removeprefix(_PREFIX).lower()
        # Other programs of Enigm have variables of their own: unknown ones are not ours to refuse.
        if name in fields:
            chosen[name] = _from_text(variable, text, fields[name])
    return chosen


def _from_text(variable: str, text: str, wanted: Any) -> Any:
    if wanted in (str, Path, RegistrationGuard, EnvironmentName):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        msg = f"{variable} is not valid: write a number, or a table as JSON."
        raise SetupError(msg) from error


def _settings(chosen: dict[str, Any]) -> Settings:
    def to_path(wanted: type, value: Any) -> Any:
        if wanted is Path and isinstance(value, str):
            return Path(value)
        raise NotImplementedError

    try:
        return msgspec.convert(chosen, Settings, dec_hook=to_path)
    except msgspec.ValidationError as error:
        msg = f"A setting is wrong: {error}."
        raise SetupError(msg) from error
