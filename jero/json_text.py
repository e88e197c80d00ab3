"""A client's JSON text → a typed value, or an error that lists its faults."""

import json
import math
from codecs import BOM_UTF8
from typing import Final, Never, cast

import msgspec

from jero.custom_types import Codec
from jero.errors import BadRequestError, Fault, InvalidRequestError
from jero.faults import MOST, explain, find_faults
from jero.finite import find_nonfinite, holds_decimals, may_be_nonfinite

_HUGE: Final = type("number out of range", (), {})()
"""Stands for a number that Python cannot represent; the detail of a fault names its class."""

_NOT_FINITE: Final = "Expected a finite number"


class JSONReader[T]:
    """Reads JSON texts as values of one type. Raises `TypeError` for a type that cannot be decoded."""

    def __init__(self, annotation: object, codec: Codec) -> None:
        self._decoder: msgspec.json.Decoder[T] = codec.decoder(annotation)
        self._decode = self._decoder.decode
        self._convert = codec.convert
        self._holds_decimals = holds_decimals(self._decoder.type)

    def read(self, text: bytes, line: int | None = None) -> T:
        """Decode one text. A leading byte order mark is ignored, as RFC 8259 § 8.1 allows.

        Raises `BadRequestError` if the text is not JSON, and `InvalidRequestError`, with every fault, if the value is
        not of the type. `line` is the line number in an NDJSON body, for the errors.
        """
        try:
            value = self._decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not text.startswith(BOM_UTF8):
                raise self._explain(error, text, line) from None
            try:
                value = self._decode(text := text.removeprefix(BOM_UTF8))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as also:
                raise self._explain(also, text, line) from None
        if self._holds_decimals and may_be_nonfinite(text):
            paths = sorted(find_nonfinite(value))[:MOST]
            if paths:
                raise InvalidRequestError(
                    [Fault("body", path, _NOT_FINITE, line) for path in paths]
                )
        return value

    def _explain(
        self, error: Exception, text: bytes, line: int | None
    ) -> BadRequestError | InvalidRequestError:
        subject = f"Line {line}" if line else "The body"
        if not text.strip():
            return BadRequestError(f"{subject} is empty, but JSON was expected.")
        if isinstance(error, RecursionError):
            return BadRequestError(f"{subject} is nested too deeply.")
        if not isinstance(error, msgspec.ValidationError):
            return BadRequestError(f"{subject} is not well-formed JSON: {error}")
        try:
            # msgspec stops at the first wrong type, so the rest of the text may not even be JSON.
            value = _decode_untyped(text)
            faults = find_faults("body", value, self._decoder.type, convert=self._convert)
        except (msgspec.DecodeError, ValueError) as also:
            return BadRequestError(f"{subject} is not well-formed JSON: {also}")
        except RecursionError:
            return BadRequestError(f"{subject} is nested too deeply.")
        # A `Decimal` can be of any size, so a huge number is not a fault there.
        faults = [fault for fault in faults if not _is_huge_decimal(fault)]
        faults = faults or [Fault("body", *explain(error))]
        return InvalidRequestError([msgspec.structs.replace(fault, line=line) for fault in faults])


def _decode_untyped(text: bytes) -> object:
    """The value as builtin types, with `_HUGE` for each number out of range. Raises `ValueError`."""
    try:
        return msgspec.json.decode(text)
    except msgspec.ValidationError:  # without a type, its only cause is a number out of range
        msgspec.json.decode(text, type=msgspec.Raw)  # is stricter than the standard library
        return cast(
            "object",
            json.loads(
                text.decode(), parse_int=_int, parse_float=_float, parse_constant=_refuse_constant
            ),
        )


def _int(text: str) -> object:
    try:
        return int(text)
    except ValueError:  # more digits than `sys.get_int_max_str_digits()`
        return _HUGE


def _float(text: str) -> object:
    number = float(text)
    return number if math.isfinite(number) else _HUGE


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def _is_huge_decimal(fault: Fault) -> bool:
    expected, _, got = fault.detail.partition(", got ")
    return "decimal" in expected and got == f"`{type(_HUGE).__name__}`"
