"""A server that answers as it is told: what each call gets is written down before, what was asked is kept.

It stands for every way a network and a server can fail, which the real server only does by accident.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from tidegate.v1 import extension_catalog_service_pb2 as catalog
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrades

STREAMS = frozenset({"WatchRollingUpgrade", "WatchScaleSetUpgrades"})
UPLOADS = frozenset({"PublishExtensionPackage"})
"""Their requests are kept as they come; the answer is given after the last, a failure after the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fails:
    """Ends the call with a status, its details and all."""

    code: grpc.StatusCode
    message: str = "scripted"
    details: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """Says nothing more until the event is set, or the caller has hung up."""

    until: threading.Event


Step = Message | Fails | Holds
"""An answer, the end of the call, or silence; a stream is a list of them."""


def refusal(code: grpc.StatusCode, reason: str, *details: Message, **metadata: str) -> Fails:
    """A failure as the real server tells it."""
    info = error_details_pb2.ErrorInfo(reason=reason, domain="tidegate.v1", metadata=metadata)
    return Fails(code=code, message=f"refused: {reason}", details=(info, *details))


class ScriptedServer:
    """Listens on a free port of loopback; `script` and `script_stream` say what comes next for a method."""

    def __init__(self) -> None:
        self.asked: dict[str, list[Any]] = defaultdict(list)
        """Every request, by the method's name."""
        self._steps: dict[str, deque[Message | Fails]] = defaultdict(deque)
        self._streams: dict[str, deque[list[Step]]] = defaultdict(deque)
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4))
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def script(self, method: str, *steps: Message | Fails) -> None:
        """The next calls of `method` get these, one each."""
        self._steps[method].extend(steps)

    def script_stream(self, method: str, *steps: Step) -> None:
        """The next stream of `method` is this, and then ends well."""
        self._streams[method].append(list(steps))

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.stop(None).wait()

    def answer(self, method: str, request: Message, context: grpc.ServicerContext) -> Message:
        """The next answer to `method`."""
        self.asked[method].append(request)
        return self._told(self._steps[method].popleft(), context)

    def upload(self, method: str, requests: Iterator[Message], context: grpc.ServicerContext) -> Message:
        """The next answer to `method`, whose caller sends a stream."""
        self.asked[method].append(next(requests))
        step = self._steps[method].popleft()
        if not isinstance(step, Fails):
            self.asked[method].extend(requests)
        return self._told(step, context)

    def stream(self, method: str, request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        """The next stream of `method`."""
        self.asked[method].append(request)
        for step in self._streams[method].popleft():
            if isinstance(step, Holds):
                context.add_callback(step.until.set)
                step.until.wait()
            else:
                yield self._told(step, context)

    def _told(self, step: Message | Fails, context: grpc.ServicerContext) -> Message:
        if not isinstance(step, Fails):
            return step
        if not step.details:
            context.abort(step.code, step.message)
        status = status_pb2.Status(code=code_pb2.Code.Value(step.code.name), message=step.message)
        for detail in step.details:
            status.details.add().Pack(detail)
        context.abort_with_status(rpc_status.to_status(status))
        raise AssertionError("abort does not return")


class _Handlers(grpc.GenericRpcHandler):
    """Every method there is, requests read as what they are."""

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = handler_call_details.method.rpartition("/")[2]
        request_type = _request_type(method)
        if method in STREAMS:
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._server.stream(method, request, context),
                request_deserializer=request_type,
                response_serializer=_serialized,
            )
        if method in UPLOADS:
            return grpc.stream_unary_rpc_method_handler(
                lambda requests, context: self._server.upload(method, requests, context),
                request_deserializer=request_type,
                response_serializer=_serialized,
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._server.answer(method, request, context),
            request_deserializer=request_type,
            response_serializer=_serialized,
        )


def _request_type(method: str) -> Callable[[bytes], Message]:
    known = getattr(catalog if method in UPLOADS else upgrades, f"{method}Request", None)
    assert known is not None, f"{method} is not one of RollingUpgradeService, nor an upload: only these are scripted"
    read: Callable[[bytes], Message] = known.FromString
    return read


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()
