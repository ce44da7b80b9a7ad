"""Calls as values: what a method of the contract is asked, and what its answer is read as.

Law: requests are built and answers are read in the modules `*_calls` alone; the synchronous and the asyncio client only
send what they make. An answer that holds one thing is read as that thing, an answer that holds more as the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

ResponseT = TypeVar("ResponseT", bound=Message)
AnswerT = TypeVar("AnswerT")
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[ResponseT, AnswerT]):
    """One unary call. `is_repeatable`: sending it twice does no more than sending it once, and is answered alike."""

    path: str
    request: Message
    response: type[ResponseT]
    read: Callable[[ResponseT], AnswerT]
    is_repeatable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[ItemT]):
    """A part of a list, and the token of the part after it: empty on the last page."""

    items: Sequence[ItemT]
    next_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCall(Generic[ResponseT]):
    """One watch: `request` makes what a stream is asked for, from the resume token to go on after (or "")."""

    path: str
    request: Callable[[str], Message]
    response: type[ResponseT]
    ends_with_upgrade: bool


def whole(response: ResponseT) -> ResponseT:
    """Reads an answer as it is."""
    return response


def serialized(request: Message) -> bytes:
    """A request as it goes over the wire."""
    return request.SerializeToString()
