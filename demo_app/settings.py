"""What can be set, read from the environment once, when the application starts."""

from collections.abc import Mapping
from typing import Annotated, Literal, override

import msgspec
from msgspec import Meta, Struct

type Seconds = Annotated[float, Meta(gt=0, le=3600)]
type Count = Annotated[int, Meta(ge=1, le=100_000)]


# --8<-- [start:settings]
class Settings(Struct, frozen=True, kw_only=True):
    """Each field is set by the environment variable of its name in capitals, such as `OPENAI_API_KEY`."""

    bind_host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    openai_api_key: str = ""
    """Servers on your own machine may need none."""
    openai_base_url: Annotated[str, Meta(pattern="^https?://")] = "https://api.openai.com/v1"
    openai_model: Annotated[str, Meta(min_length=1)] = "gpt-4o-mini"
    openai_timeout: Seconds = 30.0
    """How long the model may take before it sends a piece of text, and between two of them."""

    notifications_url: Annotated[str, Meta(pattern="^(memory:|rediss?://|unix://)")] = "memory:"
    """Where notifications are kept: in this process, or in the Redis at this URL, for all processes."""
    notifications_kept: Count = 1000
    """How many of them are kept for readers that come back."""
    keepalive: Seconds = 15.0
    """After how much silence a reader of notifications is sent a comment."""

    @override
    def __repr__(self) -> str:
        return "Settings(…)"  # it holds a key and a password, and may end up in a log


# --8<-- [end:settings]


class SettingsError(Exception):
    """The environment has values that cannot be. The message lists every one, without the values themselves."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of these variables; one that is empty counts as not set. Raises `SettingsError`."""
    values: dict[str, object] = {}
    faults: list[str] = []
    for field in msgspec.structs.fields(Settings):
        name = field.name.upper()
        if not environ.get(name):
            continue
        try:
            values[field.name] = msgspec.convert(environ[name], field.type, strict=False)
        except msgspec.ValidationError as error:
            # What msgspec says of a wrong choice quotes the value.
            reason = str(error).partition(" '")[0] if "enum" in str(error) else str(error)
            faults.append(f"  {name}: {reason}")
    if faults:
        raise SettingsError("These settings are wrong:\n" + "\n".join(faults))
    return msgspec.convert(values, Settings)
