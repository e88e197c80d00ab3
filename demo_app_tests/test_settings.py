"""Settings come from the environment, and wrong ones are refused, all at once."""

import os
import subprocess
import sys

import pytest

from demo_app.settings import Settings, SettingsError, read_settings
from tests.support.root import ROOT


def test_without_variables_everything_has_a_default() -> None:
    assert read_settings({}) == Settings()


def test_a_variable_is_converted_to_its_fields_type() -> None:
    settings = read_settings({"PORT": "9000", "OPENAI_TIMEOUT": "2.5", "LOG_LEVEL": "DEBUG"})
    assert (settings.port, settings.openai_timeout, settings.log_level) == (9000, 2.5, "DEBUG")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read_settings({"PORT": "", "NOTIFICATIONS_URL": ""}) == Settings()


def test_every_fault_is_listed() -> None:
    wrong = {"PORT": "70000", "NOTIFICATIONS_KEPT": "many", "OPENAI_BASE_URL": "ftp://x"}
    with pytest.raises(SettingsError) as raised:
        read_settings(wrong)
    assert all(name in str(raised.value) for name in wrong)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_a_time_is_a_number_of_seconds_above_zero(seconds: str) -> None:
    with pytest.raises(SettingsError, match="KEEPALIVE"):
        read_settings({"KEEPALIVE": seconds})


@pytest.mark.parametrize(
    ("name", "value"),
    [("NOTIFICATIONS_URL", "redis//:hidden@x"), ("LOG_LEVEL", "hidden"), ("PORT", "hidden")],
)
def test_a_fault_does_not_tell_the_value(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({name: value})
    assert "hidden" not in str(raised.value)


def test_the_key_is_not_in_what_settings_look_like() -> None:
    assert "hidden" not in repr(Settings(openai_api_key="hidden"))


def test_the_command_refuses_wrong_settings_with_all_their_faults() -> None:
    environ = {**os.environ, "PORT": "x", "KEEPALIVE": "y"}
    run = subprocess.run(
        [sys.executable, "-m", "demo_app"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "PORT:" in run.stderr
    assert "KEEPALIVE:" in run.stderr
    assert "Traceback" not in run.stderr
