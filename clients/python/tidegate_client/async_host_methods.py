"""The methods of the asyncio client that speak of hosts; what they mean is written at the synchronous one's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from tidegate_client import host_calls
from tidegate_client.async_connection import AsyncConnection
from tidegate_client.messages import CreateJoinTokenResponse, Host


class AsyncHostMethods(AsyncConnection):
    """What `AsyncClient` asks of HostService."""

    async def create_join_token(
        self,
        scale_set: str,
        *,
        instance_id: str = "",
        time_to_live: timedelta | None = None,
        timeout_seconds: float | None = None,
    ) -> CreateJoinTokenResponse:
        """As `Client.create_join_token`."""
        call = host_calls.create_join_token(scale_set, instance_id=instance_id, time_to_live=time_to_live)
        return await self._send(call, timeout_seconds)

    def list_hosts(
        self, *, scale_set: str = "", page_size: int = 0, timeout_seconds: float | None = None
    ) -> AsyncIterator[Host]:
        """As `Client.list_hosts`."""
        return self._pages(
            lambda token: host_calls.list_hosts(scale_set, page_size=page_size, page_token=token), timeout_seconds
        )

    async def get_host(self, name: str, *, timeout_seconds: float | None = None) -> Host:
        """As `Client.get_host`."""
        return await self._send(host_calls.get_host(name), timeout_seconds)

    async def remove_host(self, name: str, *, timeout_seconds: float | None = None) -> None:
        """As `Client.remove_host`."""
        await self._send(host_calls.remove_host(name), timeout_seconds)
