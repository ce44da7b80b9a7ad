"""Watching without I/O: what a watch has seen, and what to do when its stream breaks.

Law: every event comes out once and in order, whatever happens to the stream. The resume token says where to go on;
the sequence numbers prove that nothing was lost or doubled.
"""

from __future__ import annotations

import grpc

from tidegate.v1.rolling_upgrade_service_pb2 import WatchRollingUpgradeResponse, WatchScaleSetUpgradesResponse
from tidegate_client.errors import Failure, TidegateError, Unavailable, WatchBroken
from tidegate_client.messages import EventType, UpgradeEvent, UpgradeSnapshot
from tidegate_client.retry import Retry
from tidegate_client.wording import ENDED

WatchItem = UpgradeSnapshot | UpgradeEvent
WatchResponse = WatchRollingUpgradeResponse | WatchScaleSetUpgradesResponse

_ENDINGS = frozenset(
    {
        EventType.EVENT_TYPE_UPGRADE_COMPLETED,
        EventType.EVENT_TYPE_UPGRADE_CANCELLED,
        EventType.EVENT_TYPE_UPGRADE_FAULTED,
    }
)
# What grpc says of a stream that was torn down on its way, under the codes INTERNAL and UNKNOWN.
_TORN = ("rst_stream", "stream removed", "goaway", "connection reset", "socket closed")


class WatchState:
    """Where one watch stands; its driver opens streams, feeds this, and waits as long as this says."""

    def __init__(self, *, resume_token: str, ends_with_upgrade: bool, retry: Retry) -> None:
        self.resume_token = resume_token
        """Goes on right after the item that came out last."""
        self.is_over = False
        self._ends_with_upgrade = ends_with_upgrade
        self._retry = retry
        self._failed_attempts = 0
        self._was_closed = False
        self._upgrade = ""
        self._sequence = 0

    def take(self, response: WatchResponse) -> WatchItem | None:
        """What a response brings; None for a sign of life and for an event that came out before.

        Raises:
            WatchBroken: the event after the last one is missing.
        """
        item = _item(response)
        match item:
            case UpgradeSnapshot():
                self._upgrade = item.rolling_upgrade.name
                self._sequence = item.rolling_upgrade.last_sequence
                ended = item.rolling_upgrade.status in ENDED
            case UpgradeEvent():
                if not self._is_next(item):
                    return None
                ended = item.type in _ENDINGS
            case _:
                ended = False
        self._failed_attempts = 0
        if response.resume_token:
            self.resume_token = response.resume_token
        if item is not None:
            self._was_closed = False
            self.is_over = ended and self._ends_with_upgrade
        return item

    def _is_next(self, event: UpgradeEvent) -> bool:
        if event.upgrade == self._upgrade and self._sequence:
            if event.sequence <= self._sequence:
                return False
            if event.sequence != self._sequence + 1:
                raise WatchBroken(
                    Failure(
                        code=grpc.StatusCode.DATA_LOSS,
                        message=f"Event {self._sequence + 1} of {event.upgrade} is missing: {event.sequence} came.",
                        advice="Watch again without a resume token for a new snapshot.",
                        resource=event.upgrade,
                    )
                )
        self._upgrade = event.upgrade
        self._sequence = event.sequence
        return True

    def closed(self) -> float:
        """The stream ended without an error; how many seconds to wait before the next.

        Once may be a server that went away politely. Twice in a row with nothing between them is a server that has
        nothing more to tell: the watch was resumed at the end of its upgrade.
        """
        if self._was_closed and self._ends_with_upgrade:
            self.is_over = True
        if self.is_over:
            return 0.0
        self._was_closed = True
        return self.interrupted(
            Unavailable(Failure(code=grpc.StatusCode.UNAVAILABLE, message="The stream was closed."))
        )

    def interrupted(self, error: TidegateError) -> float:
        """The stream broke; how many seconds to wait before the next.

        Raises:
            TidegateError: `error` itself, where another stream would not help or too many failed in a row.
        """
        if not _is_survivable(error):
            raise error
        self._failed_attempts += 1
        wait = self._retry.wait_seconds(self._failed_attempts)
        if wait is None:
            raise error
        return wait


def _item(response: WatchResponse) -> WatchItem | None:
    match response.WhichOneof("item"):
        case "snapshot":
            return response.snapshot
        case "event":
            return response.event
        case _:
            return None


def _is_survivable(error: TidegateError) -> bool:
    if isinstance(error, Unavailable | WatchBroken) or error.reason == "WATCH_TOO_SLOW":
        return True
    if error.reason:
        return False
    if error.code is grpc.StatusCode.CANCELLED:
        # A caller who closes a watch is not told so by an error: this was the server's end or the way there.
        return True
    said = error.message.lower()
    return error.code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN} and any(sign in said for sign in _TORN)
