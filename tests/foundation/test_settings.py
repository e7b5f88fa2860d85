"""Settings have defaults, come from a file and from variables, and are wrong in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from enigm.foundation.errors import SetupError
from enigm.foundation.settings import load_settings


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({"XDG_DATA_HOME": "/somewhere"})
    assert settings.data_folder == Path("/somewhere/enigm/service")
    assert settings.key_file.parent == settings.stores_folder.parent == settings.data_folder
    assert settings.listen_host == "127.0.0.1"
    assert settings.database_url == settings.nats_url == ""
    assert settings.registration_guard == "proof-of-work"


def test_without_a_data_home_the_folder_is_the_usual_one_of_the_user() -> None:
    settings = load_settings({})
    assert settings.data_folder == Path.home() / ".local/share/enigm/service"


def test_variables_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "enigm.toml"
    file.write_text(
        'listen_port = 1000\nregistration_guard = "invite"\n[limits]\n"accounts.tries" = 7\n'
    )
    settings = load_settings({"ENIGM_SETTINGS_FILE": str(file), "ENIGM_LISTEN_PORT": "2000"})
    assert settings.listen_port == 2000
    assert settings.registration_guard == "invite"
    assert settings.limits == {"accounts.tries": 7}


def test_every_kind_of_value_can_come_from_a_variable() -> None:
    settings = load_settings(
        {
            "ENIGM_DATA_FOLDER": "~/enigm",
            "ENIGM_DATABASE_URL": "postgresql://host/enigm",
            "ENIGM_REGISTRATION_GUARD": "invite",
            "ENIGM_LIMITS": '{"accounts.tries": 3}',
            "ENIGM_SOMETHING_ELSE": "of another program",
        }
    )
    assert settings.data_folder == Path.home() / "enigm"
    assert settings.limits == {"accounts.tries": 3}


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("ENIGM_LISTEN_PORT", "many", "ENIGM_LISTEN_PORT is not valid"),
        ("ENIGM_LISTEN_PORT", "70000", "listen_port"),
        ("ENIGM_LISTEN_PORT", '"80"', "listen_port"),
        ("ENIGM_LIMITS", '{"accounts.tries": 0}', "limits"),
        ("ENIGM_REGISTRATION_GUARD", "open", "registration_guard"),
        ("ENIGM_SETTINGS_FILE", "/not/there.toml", "cannot be read"),
    ],
)
def test_a_wrong_value_is_named(variable: str, text: str, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        load_settings({variable: text})


@pytest.mark.parametrize(
    ("text", "words"), [("colour = 1", "colour"), ("listen_port =", "not TOML")]
)
def test_a_wrong_file_is_told_in_plain_words(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "enigm.toml"
    file.write_text(text)
    with pytest.raises(SetupError, match=words):
        load_settings({"ENIGM_SETTINGS_FILE": str(file)})


def test_settings_do_not_show_a_password_in_an_address() -> None:
    settings = load_settings({"ENIGM_DATABASE_ADMIN_URL": "postgresql://root:hunter2@host/enigm"})
    assert "hunter2" not in repr(settings) + str(settings)
