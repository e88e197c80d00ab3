"""What can go wrong with the model's API, as it is told to readers: what happened and what to do, and no more."""

import re

from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)

from demo_app.questions.bounds import OutOfBoundsError
from jero import HTTPError


class ModelError(HTTPError):
    """The model's API failed (RFC 9110 § 15.6.3)."""

    status_code = 502
    title = "The model failed"

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        raw_headers = None if retry_after is None else {"retry-after": str(retry_after)}
        super().__init__(detail, raw_headers=raw_headers)
        self.retry_after = retry_after


class ModelSilentError(ModelError):
    """The model's API did not answer in time (RFC 9110 § 15.6.5)."""

    status_code = 504
    title = "The model is silent"


class ModelBusyError(ModelError):
    """The model's API takes no more questions for now (RFC 6585 § 4)."""

    status_code = 429
    title = "The model is busy"


class QuestionRefusedError(ModelError):
    """The model's API does not take this question (RFC 9110 § 15.5.21)."""

    status_code = 422
    title = "The question was refused"


MODEL_ERRORS = (ModelError, ModelSilentError, ModelBusyError, QuestionRefusedError)


def explain(error: Exception) -> ModelError:
    """What a failure of the SDK comes to. Nothing of its text is in it, which may tell of keys and accounts."""
    match error:
        case APITimeoutError() | TimeoutError():
            return ModelSilentError("The model did not answer in time. Ask again later.")
        case RateLimitError():
            return ModelBusyError(
                "Too many questions are asked right now.", retry_after=_retry_after(error)
            )
        case AuthenticationError() | PermissionDeniedError():
            return ModelError(
                "This service is not let in to the model. Its operator must see to it."
            )
        case BadRequestError() | UnprocessableEntityError():
            return QuestionRefusedError(
                "The model did not accept the question. Put it differently."
            )
        case APIStatusError():
            return ModelError(f"The model's service answered with status {error.status_code}.")
        case APIConnectionError() if not isinstance(error.__cause__, OutOfBoundsError):
            return ModelError("The connection to the model's service failed.")
        case _:
            return ModelError("The model's service answered with something that is no answer.")


def _retry_after(error: APIStatusError) -> int | None:
    given = error.response.headers.get("retry-after", "")
    return int(given) if re.fullmatch(r"[0-9]{1,6}", given) else None
