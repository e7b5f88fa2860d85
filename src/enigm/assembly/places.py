"""Where one machine's Enigm keeps its data: ENIGM_DATA, or the user's own data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from enigm.foundation.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from enigm.foundation.settings import Settings

# The service's own variable (foundation.settings); it wins where an operator set it.
_SERVICE_VARIABLE = "ENIGM_DATA_FOLDER"


@dataclass(frozen=True, slots=True)
class Places:
    """The service's folder, and the folder that holds one folder per profile of the App."""

    service: Path
    profiles: Path

    @staticmethod
    def of(environment: Mapping[str, str]) -> Places:
        """Find the places: ENIGM_DATA, else XDG_DATA_HOME/enigm, else ~/.local/share/enigm."""
        data_home = Path(environment.get("XDG_DATA_HOME") or "~/.local/share")
        root = Path(environment.get("ENIGM_DATA") or data_home / "enigm").expanduser().absolute()
        service = environment.get(_SERVICE_VARIABLE)
        return Places(
            service=Path(service).expanduser().absolute() if service else root / "service",
            profiles=root / "app",
        )

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the environment for a child process that shall find the same places."""
        return {**inherited, _SERVICE_VARIABLE: str(self.service)}


def settings_of_this_machine(host: str | None = None, port: int | None = None) -> Settings:
    """Read the settings; what the command line says goes before them.

    Raises:
        SetupError: a setting is wrong.
    """
    settings = load_settings(Places.of(os.environ).environment(os.environ))
    return msgspec.structs.replace(
        settings,
        listen_host=settings.listen_host if host is None else host,
        listen_port=settings.listen_port if port is None else port,
    )
