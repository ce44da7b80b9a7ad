"""The methods of the contract and who answers them: one look-up from a path to its handler.

Law: every method of every service has a behaviour, or the server is not built. grpcio's own services (health,
reflection) stand behind the same door: their calls are told of in the log, and their streams end when it drains.
"""

from __future__ import annotations

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from tidegate.api.calls import Calls, Handler

_READING = ("Check", "Evaluate", "Explain", "Get", "List", "Plan")
"""How the names of methods begin that change nothing."""


class Methods(grpc.GenericRpcHandler):
    """Finds the handler of a call by its path, such as `/tidegate.v1.PolicyService/GetPolicy`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._handlers: dict[str, Handler] = {}

    def add(self, service: ServiceDescriptor, servicer: object) -> None:
        """Let `servicer` answer every method of `service`: its methods have the contract's names and take a request.

        A method with one answer returns it, or something to await for it; a streaming one is awaited for a generator,
        which gives some answers at a time. One whose caller sends a stream takes an iterator of requests instead.
        """
        for method in service.methods:
            behaviour = getattr(servicer, method.name)
            path = f"/{service.full_name}/{method.name}"
            request_type = GetMessageClass(method.input_type)
            match method.client_streaming, method.server_streaming:
                case True, True:
                    self._handlers[path] = self._calls.conversing(path, request_type, behaviour)
                case True, False:
                    self._handlers[path] = self._calls.gathering(path, request_type, behaviour)
                case False, True:
                    self._handlers[path] = self._calls.stream(path, request_type, behaviour)
                case _:
                    is_change = not method.name.startswith(_READING)
                    self._handlers[path] = self._calls.unary(path, request_type, behaviour, is_change=is_change)

    def add_foreign(self, service: ServiceDescriptor, servicer: object) -> None:
        """Let a servicer of grpcio's own answer every method of `service`.

        It is not registered with the server itself, which would look at each of its methods before every call.
        """
        for method in service.methods:
            behaviour = getattr(servicer, method.name)
            path = f"/{service.full_name}/{method.name}"
            request_type = GetMessageClass(method.input_type)
            if method.server_streaming:
                takes_stream = method.client_streaming
                handler = self._calls.foreign_stream(path, request_type, behaviour, takes_stream=takes_stream)
            else:
                handler = self._calls.foreign_unary(path, request_type, behaviour)
            self._handlers[path] = handler

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        """The handler, or None where no such method exists."""
        return self._handlers.get(handler_call_details.method)
