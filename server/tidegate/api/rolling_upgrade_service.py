"""RollingUpgradeService: starts, steers, shows, watches and explains rolling upgrades."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import suppress

from tidegate.api.fields import Fields
from tidegate.api.latest import Latest
from tidegate.api.page_token import give_page_token, read_page_token
from tidegate.api.present_explanation import present_explanation
from tidegate.api.present_plan import present_plan
from tidegate.api.present_progress import present_instances
from tidegate.api.present_upgrade import present_upgrade
from tidegate.api.resume_token import read_resume_token
from tidegate.api.watches import Watches
from tidegate.domain.refusal import NoUpgradeEver, ResumeTokenMismatch
from tidegate.domain.resource_id import UpgradeName
from tidegate.executor.conductor import Conductor, StartRequest, UpgradeQuery
from tidegate.upgrade.plan import UpgradeKind
from tidegate.v1 import rolling_upgrade_pb2
from tidegate.v1 import rolling_upgrade_service_pb2 as pb

_KINDS = {
    rolling_upgrade_pb2.UPGRADE_KIND_UNSPECIFIED: UpgradeKind.EXTENSION,
    rolling_upgrade_pb2.UPGRADE_KIND_EXTENSION: UpgradeKind.EXTENSION,
    rolling_upgrade_pb2.UPGRADE_KIND_OS_IMAGE: UpgradeKind.OS_IMAGE,
}


class RollingUpgradeService:
    """Answers for the conductor's upgrades and the hub's watches."""

    def __init__(self, conductor: Conductor, watches: Watches) -> None:
        self._conductor = conductor
        self._watches = watches
        self._latest = Latest(conductor)

    async def StartExtensionRollingUpgrade(
        self, request: pb.StartExtensionRollingUpgradeRequest
    ) -> pb.StartExtensionRollingUpgradeResponse:
        """Moves every eligible extension to its newest eligible version."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
            request_id = fields.request_id("request_id", request.request_id)
        upgrade = await self._conductor.start(
            StartRequest(
                scale_set=scale_set,
                kind=UpgradeKind.EXTENSION,
                force=request.force,
                request_id=request_id,
                validate_only=request.validate_only,
            )
        )
        return pb.StartExtensionRollingUpgradeResponse(rolling_upgrade=present_upgrade(upgrade))

    async def StartOsRollingUpgrade(self, request: pb.StartOsRollingUpgradeRequest) -> pb.StartOsRollingUpgradeResponse:
        """Moves every instance to an operating system image version."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
            request_id = fields.request_id("request_id", request.request_id)
            image_version = fields.image_version("image_version", request.image_version)
        upgrade = await self._conductor.start(
            StartRequest(
                scale_set=scale_set,
                kind=UpgradeKind.OS_IMAGE,
                force=request.force,
                request_id=request_id,
                image_version=image_version,
                validate_only=request.validate_only,
            )
        )
        return pb.StartOsRollingUpgradeResponse(rolling_upgrade=present_upgrade(upgrade))

    def GetLatestRollingUpgrade(self, request: pb.GetLatestRollingUpgradeRequest) -> bytes | Awaitable[bytes]:
        """The most recent upgrade of a scale set, of either kind; mostly at once and from bytes that are ready."""
        return self._latest.of(request.scale_set)

    async def GetRollingUpgrade(self, request: pb.GetRollingUpgradeRequest) -> pb.GetRollingUpgradeResponse:
        """One upgrade by its name, with every instance where they are asked for."""
        with Fields() as fields:
            name = fields.upgrade("name", request.name)
        upgrade = await self._conductor.upgrade(name)
        return pb.GetRollingUpgradeResponse(
            rolling_upgrade=present_upgrade(upgrade),
            instances=present_instances(upgrade) if request.include_instances else (),
        )

    async def ListRollingUpgrades(self, request: pb.ListRollingUpgradesRequest) -> pb.ListRollingUpgradesResponse:
        """A page of upgrades, past and present."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set) if request.scale_set else None
            wanted = fields.filter("filter", request.filter)
            newest_first = fields.newest_first("order_by", request.order_by)
            limit = fields.page_size("page_size", request.page_size, usual=50, most=1_000)
        query = UpgradeQuery(
            scale_set=scale_set,
            kind=wanted.kind,
            trigger=wanted.trigger,
            status=wanted.status,
            newest_first=newest_first,
        )
        belongings = (
            "upgrades",
            "" if scale_set is None else scale_set.key,
            *(each or "" for each in (wanted.kind, wanted.trigger, wanted.status)),
            "newest first" if newest_first else "oldest first",
        )
        key = read_page_token(belongings, request.page_token)
        after = None if key is None else (int(key[0]), str(key[1]))
        # One more than asked for tells whether there is another page.
        found = await self._conductor.list_upgrades(query, after, limit + 1)
        page = found[:limit]
        more = len(found) > limit
        return pb.ListRollingUpgradesResponse(
            rolling_upgrades=[present_upgrade(upgrade, with_error_details=False) for upgrade in page],
            next_page_token=(
                give_page_token(belongings, [page[-1].started.at_ms, page[-1].upgrade_id]) if more else ""
            ),
        )

    async def CancelRollingUpgrade(self, request: pb.CancelRollingUpgradeRequest) -> pb.CancelRollingUpgradeResponse:
        """Begins nothing new, then ends as Cancelled."""
        with Fields() as fields:
            target = fields.target("name", request.name)
        upgrade = await self._conductor.cancel(target)
        return pb.CancelRollingUpgradeResponse(rolling_upgrade=present_upgrade(upgrade))

    async def PauseRollingUpgrade(self, request: pb.PauseRollingUpgradeRequest) -> pb.PauseRollingUpgradeResponse:
        """Begins nothing new until it is resumed."""
        with Fields() as fields:
            target = fields.target("name", request.name)
        upgrade = await self._conductor.pause(target)
        return pb.PauseRollingUpgradeResponse(rolling_upgrade=present_upgrade(upgrade))

    async def ResumeRollingUpgrade(self, request: pb.ResumeRollingUpgradeRequest) -> pb.ResumeRollingUpgradeResponse:
        """Goes on with a paused upgrade."""
        with Fields() as fields:
            target = fields.target("name", request.name)
        upgrade = await self._conductor.resume(target)
        return pb.ResumeRollingUpgradeResponse(rolling_upgrade=present_upgrade(upgrade))

    async def PlanRollingUpgrade(self, request: pb.PlanRollingUpgradeRequest) -> pb.PlanRollingUpgradeResponse:
        """What a start would do now."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
            image_version = fields.image_version("image_version", request.image_version)
            kind = _KINDS.get(request.kind)
            if kind is None:
                fields.wrong("kind", f"{request.kind} is no kind; write EXTENSION or OS_IMAGE")
        assert kind is not None, "a kind that is none was refused"
        planned = await self._conductor.plan(scale_set, kind, image_version)
        return pb.PlanRollingUpgradeResponse(
            plan=present_plan(planned.plan, planned.eligibility, planned.policy_name, planned.policy_digest)
        )

    async def ExplainInstance(self, request: pb.ExplainInstanceRequest) -> pb.ExplainInstanceResponse:
        """Why an instance stands where it stands."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
            instance_id = fields.name("instance_id", request.instance_id, "an instance's id")
            upgrade = None
            if request.rolling_upgrade:
                upgrade = fields.upgrade("rolling_upgrade", request.rolling_upgrade)
                if upgrade.scale_set != scale_set:
                    fields.wrong("rolling_upgrade", "is an upgrade of another scale set")
        return present_explanation(await self._conductor.explain(scale_set, instance_id, upgrade))

    async def WatchRollingUpgrade(
        self, request: pb.WatchRollingUpgradeRequest
    ) -> AsyncGenerator[Sequence[bytes], None]:
        """Follows one upgrade to its end; a scale set's id means its latest, or the one of the resume token."""
        with Fields() as fields:
            target = fields.target("name", request.name)
        if isinstance(target, UpgradeName):
            after = read_resume_token(target.scale_set, request.resume_token)
            upgrade = await self._conductor.upgrade(target)
            if after is not None and after.upgrade_id != upgrade.upgrade_id:
                raise ResumeTokenMismatch(str(target))
            return self._watches.upgrade(target.scale_set, upgrade.upgrade_id, after)
        after = read_resume_token(target, request.resume_token)
        upgrade_id = (await self._conductor.latest(target)).upgrade_id if after is None else after.upgrade_id
        return self._watches.upgrade(target, upgrade_id, after)

    async def WatchScaleSetUpgrades(
        self, request: pb.WatchScaleSetUpgradesRequest
    ) -> AsyncGenerator[Sequence[bytes], None]:
        """Follows all upgrades of a scale set until the caller hangs up."""
        with Fields() as fields:
            scale_set = fields.scale_set("scale_set", request.scale_set)
        after = read_resume_token(scale_set, request.resume_token)
        # A scale set that nobody knows is refused; one without an upgrade is watched until it has one.
        with suppress(NoUpgradeEver):
            await self._conductor.latest(scale_set)
        return self._watches.scale_set(scale_set, after)
