"""The methods of the synchronous client that speak of hosts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tidegate_client import host_calls
from tidegate_client.connection import Connection
from tidegate_client.messages import CreateJoinTokenResponse, Host


class HostMethods(Connection):
    """What `Client` asks of HostService."""

    def create_join_token(
        self,
        scale_set: str,
        *,
        instance_id: str = "",
        time_to_live: timedelta | None = None,
        timeout_seconds: float | None = None,
    ) -> CreateJoinTokenResponse:
        """A token with which one host may join the scale set, once; it is told this once and is a secret.

        With an `instance_id` only the host of that name may use it. It is good for `time_to_live`, a minute to 30 days;
        without one for an hour.
        """
        call = host_calls.create_join_token(scale_set, instance_id=instance_id, time_to_live=time_to_live)
        return self._send(call, timeout_seconds)

    def list_hosts(
        self, *, scale_set: str = "", page_size: int = 0, timeout_seconds: float | None = None
    ) -> Iterator[Host]:
        """Hosts in the order of their names, of one scale set or of all; without what they said of their handlers."""
        return self._pages(
            lambda token: host_calls.list_hosts(scale_set, page_size=page_size, page_token=token), timeout_seconds
        )

    def get_host(self, name: str, *, timeout_seconds: float | None = None) -> Host:
        """One host with its handlers; `name` is `{scale set id}/virtualMachines/{instance id}`."""
        return self._send(host_calls.get_host(name), timeout_seconds)

    def remove_host(self, name: str, *, timeout_seconds: float | None = None) -> None:
        """Lets a host go, whether it can be reached or not: its credential is worth nothing from now on."""
        self._send(host_calls.remove_host(name), timeout_seconds)
