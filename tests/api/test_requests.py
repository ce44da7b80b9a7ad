"""A stream of requests is read as far as it is asked for, and no further."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tidegate.api.requests import CallerSilent, Requests
from tidegate.v1 import subscription_service_pb2 as pb


class Caller:
    """Sends these, then nothing more; counts what was taken."""

    def __init__(self, names: Sequence[str], *, ends: bool = True) -> None:
        self._names = names
        self._ends = ends
        self.taken = 0

    async def send(self) -> AsyncIterator[bytes]:
        for name in self._names:
            self.taken += 1
            yield pb.GetSubscriptionRequest(name=name).SerializeToString()
        if not self._ends:
            await asyncio.Event().wait()


def reading(caller: Caller, silence_seconds: float | None = None) -> Requests[pb.GetSubscriptionRequest]:
    return Requests(caller.send(), pb.GetSubscriptionRequest.FromString, silence_seconds)


async def test_requests_come_in_order_until_the_caller_has_said_all() -> None:
    assert [request.name async for request in reading(Caller("abc"))] == ["a", "b", "c"]


async def test_nothing_is_read_ahead() -> None:
    caller = Caller("abc")
    requests = reading(caller)
    assert (await requests.next(1.0)).name == "a"
    assert caller.taken == 1


async def test_a_caller_who_falls_silent_is_not_waited_for() -> None:
    requests = reading(Caller("a", ends=False), 0.01)
    assert (await anext(requests)).name == "a"
    with pytest.raises(CallerSilent, match=r"0\.01 seconds"):
        await anext(requests)


async def test_a_bound_may_be_set_for_one_request() -> None:
    with pytest.raises(CallerSilent):
        await reading(Caller("", ends=False)).next(0.01)


async def test_a_time_out_of_the_source_itself_is_not_taken_for_silence() -> None:
    async def broken() -> AsyncIterator[bytes]:
        raise TimeoutError("of the source")
        yield b""

    with pytest.raises(TimeoutError, match="of the source"):
        await Requests(broken(), pb.GetSubscriptionRequest.FromString, 5.0).next(5.0)
