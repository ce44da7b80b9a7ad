"""The Python client of Tidegate: `Client` and `AsyncClient`, and errors that say what to do."""

from tidegate_client.async_client import AsyncClient
from tidegate_client.async_connection import AsyncWatch
from tidegate_client.channel import DEFAULT_TARGET, DEFAULT_TIMEOUT_SECONDS
from tidegate_client.client import Client
from tidegate_client.connection import Watch
from tidegate_client.credentials import CredentialsUnusable, credentials_from
from tidegate_client.errors import (
    Conflict,
    DeadlineExceeded,
    Denial,
    FieldViolation,
    InvalidRequest,
    NotEligible,
    NotFound,
    NotPermitted,
    Refused,
    TidegateError,
    TooMany,
    Unavailable,
    UpgradeInProgress,
    WatchBroken,
)
from tidegate_client.handshake import why_unreachable
from tidegate_client.retry import Retry
from tidegate_client.watching import WatchItem
from tidegate_client.wording import (
    ENDED,
    FactLike,
    document_of,
    fact_text,
    instance_word,
    json_of,
    moment,
    phase_word,
    status_word,
    verdict_word,
    word,
)

__all__ = [
    "DEFAULT_TARGET",
    "DEFAULT_TIMEOUT_SECONDS",
    "ENDED",
    "AsyncClient",
    "AsyncWatch",
    "Client",
    "Conflict",
    "CredentialsUnusable",
    "DeadlineExceeded",
    "Denial",
    "FactLike",
    "FieldViolation",
    "InvalidRequest",
    "NotEligible",
    "NotFound",
    "NotPermitted",
    "Refused",
    "Retry",
    "TidegateError",
    "TooMany",
    "Unavailable",
    "UpgradeInProgress",
    "Watch",
    "WatchBroken",
    "WatchItem",
    "credentials_from",
    "document_of",
    "fact_text",
    "instance_word",
    "json_of",
    "moment",
    "phase_word",
    "status_word",
    "verdict_word",
    "why_unreachable",
    "word",
]
