"""Errors that the front answers itself, as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse


class Problem(JSONResponse):
    """An error that says what was wrong and what to do about it."""

    media_type = "application/problem+json"

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        content = {"title": status.phrase, "status": status.value, "detail": detail}
        super().__init__(content, status.value, headers)
