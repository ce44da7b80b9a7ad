"""Bad input and bad days, as a caller meets them: each has its status, its reason, and what would mend it."""

import asyncio
import sqlite3
from collections.abc import Awaitable
from pathlib import Path

import grpc
import pytest

from tests.api.scripted import staged
from tests.contracts.served import FOR_EVER_SECONDS, Served, arm_id, refused
from tests.executor.world import SUBSCRIPTION, extension, shipped
from tidegate.api.status import STATUS
from tidegate.domain import host_refusal as host_refusals
from tidegate.domain import refusal as refusals
from tidegate.domain.refusal import Denial, FieldViolation, Refusal
from tidegate.executor.limits import Limits
from tidegate.journal.memory import Memory, MemoryStore
from tidegate.journal.readers import Readers
from tidegate.journal.sqlite import SqliteStore
from tidegate.journal.sqlite_file import SqliteFile
from tidegate.journal.writer import Writer
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrade_pb
from tidegate.v1 import subscription_service_pb2 as subscription_pb

WRONG = [FieldViolation(field="x", description="is wrong")]
ONE_OF_EACH: list[Refusal] = [
    refusals.MalformedRequest(WRONG),
    refusals.MalformedResource(WRONG),
    refusals.TemplateExpression(WRONG),
    refusals.ScaleSetNotFound("/web"),
    refusals.UpgradeNotFound("/web/rollingUpgrades/u"),
    refusals.NoUpgradeEver("/web"),
    refusals.InstanceNotFound("1", "/web"),
    refusals.SubscriptionNotFound("s"),
    refusals.ExtensionTypeNotFound("p/t"),
    refusals.ExtensionVersionNotFound("p/t", "1.0"),
    refusals.PolicyNotFound("p"),
    refusals.NoPolicyApplies("/web"),
    refusals.NotEligible("/web", [Denial(rule="r", because="b", place="p:1:1", subject="s")]),
    refusals.UpgradeInProgress("/web/rollingUpgrades/u"),
    refusals.NoUpgradeInProgress("/web"),
    refusals.UpgradeNotPaused("/web/rollingUpgrades/u"),
    refusals.EtagMismatch("/web", "a", "b"),
    refusals.RequestIdReused("r", "/web/rollingUpgrades/u"),
    refusals.PageTokenMismatch(),
    refusals.ResumeTokenMismatch("/web"),
    refusals.WatchTooSlow("token"),
    refusals.TooManyUpgrades(1),
    refusals.JournalUnavailable("the disk is full"),
    refusals.JournalNewer(2, 1),
    refusals.ShuttingDown(),
    refusals.FleetUnavailable("list the instances", "no answer"),
    host_refusals.NotAuthenticated("Nobody has this credential.", "Join again."),
    host_refusals.NotPermitted("host 4f2a", "ListHosts"),
    host_refusals.JoinTokenInvalid("has expired"),
    host_refusals.HostNotFound("/web/virtualMachines/0"),
    host_refusals.InstanceIdTaken("/web/virtualMachines/0"),
    host_refusals.HostsNotTaken(),
    host_refusals.PackagesUnavailable("the disk is full"),
    host_refusals.AuthorityNotUsable("The authority ca expired on 2026-01-01"),
    host_refusals.PackageInvalid(WRONG),
    host_refusals.PackageConflict("p/t", "1.0", "0" * 64),
    host_refusals.PackageNotFound("0" * 64),
    host_refusals.PackagesUnavailable("the disk is full"),
    host_refusals.StreamReplaced("/web/virtualMachines/0"),
]


async def test_every_refusal_there_is_arrives_with_its_status_and_its_reason() -> None:
    assert {type(each) for each in ONE_OF_EACH} == {
        each
        for module in (refusals, host_refusals)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Refusal) and each is not Refusal
    }
    left = iter(ONE_OF_EACH)

    async def next_one(_request: object) -> bytes:
        raise next(left)

    async with staged(GetSubscription=next_one) as stage:
        for each in ONE_OF_EACH:
            told = await refused(stage.get())
            assert (told.code, told.reason) == (STATUS[each.reason], each.reason.value)
            assert told.message == str(each)
            assert told.metadata.get("advice", "") == each.advice
            assert told.resource == each.resource


async def test_an_unknown_scale_set_is_not_found_by_any_call() -> None:
    async with Served() as served:
        unknown = arm_id("nope")
        calls: list[Awaitable[object]] = [
            served.start("nope"),
            served.latest("nope"),
            served.upgrades.PlanRollingUpgrade(upgrade_pb.PlanRollingUpgradeRequest(scale_set=unknown)),
            served.upgrades.ExplainInstance(upgrade_pb.ExplainInstanceRequest(scale_set=unknown, instance_id="0")),
        ]
        for call in calls:
            refusal = await refused(call)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "SCALE_SET_NOT_FOUND")
            assert (refusal.resource, refusal.metadata["advice"]) == (unknown, "Put it first.")


@pytest.mark.parametrize("text", ["", "web", "/subscriptions/s", arm_id("web") + "/", arm_id("a b"), "é" * 2_000])
async def test_a_malformed_id_is_refused_with_the_form_that_it_should_have(text: str) -> None:
    async with Served() as served:
        request = upgrade_pb.StartExtensionRollingUpgradeRequest(scale_set=text)
        refusal = await refused(served.upgrades.StartExtensionRollingUpgrade(request))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
        assert "virtualMachineScaleSets/{name}" in refusal.fields["scale_set"]


async def test_all_wrong_fields_are_named_at_once() -> None:
    async with Served() as served:
        request = upgrade_pb.StartOsRollingUpgradeRequest(scale_set="web", image_version="latest", request_id="\n")
        refusal = await refused(served.upgrades.StartOsRollingUpgrade(request))
        assert list(refusal.fields) == ["scale_set", "request_id", "image_version"]
        listing = upgrade_pb.ListRollingUpgradesRequest(scale_set="x", filter="kind", order_by="name", page_size=-1)
        refusal = await refused(served.upgrades.ListRollingUpgrades(listing))
        assert list(refusal.fields) == ["scale_set", "filter", "order_by", "page_size"]
        assert refusal.fields["filter"].startswith("at character 5:")


async def test_starting_while_one_is_active_names_the_active_one() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put()
        await served.publish("1.1")
        active = (await served.start()).name
        refusal = await refused(served.start())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "UPGRADE_IN_PROGRESS")
        assert refusal.resource == active
        assert active in refusal.message


async def test_of_many_starts_at_once_one_wins() -> None:
    async with Served(upgrade_seconds=FOR_EVER_SECONDS) as served:
        await served.put()
        await served.publish("1.1")
        answers = await asyncio.gather(*(served.start() for _ in range(10)), return_exceptions=True)
        started = [answer for answer in answers if not isinstance(answer, BaseException)]
        assert len(started) == 1
        codes = {answer.code() for answer in answers if isinstance(answer, grpc.aio.AioRpcError)}
        assert codes == {grpc.StatusCode.FAILED_PRECONDITION}


async def test_every_denial_is_told_with_its_rule_its_because_and_its_place() -> None:
    async with Served() as served:
        await served.put(extensions=[extension(minor=False)])
        await served.publish("1.1")
        await served.subscriptions.WithdrawSubscription(subscription_pb.WithdrawSubscriptionRequest(name=SUBSCRIPTION))
        refusal = await refused(served.start())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_ELIGIBLE")
        assert [(type_, subject) for type_, subject, _ in refusal.denials] == [
            ("enrolled-subscriptions-only", arm_id("web")),
            ("minor-upgrades-wanted", "agent"),
        ]
        assert all("(azure-default.yaml:" in description for _, _, description in refusal.denials)


async def test_a_scale_set_that_no_policy_is_for_is_told_so() -> None:
    async with Served(policies=shipped("cautious")) as served:
        await served.put()
        refusal = await refused(served.start())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_POLICY_APPLIES")


async def test_a_server_that_is_full_says_so() -> None:
    async with Served(limits=Limits(max_active=1), upgrade_seconds=FOR_EVER_SECONDS) as served:
        for name in ("web", "db"):
            await served.put(name)
        await served.publish("1.1")
        await served.start("web")
        refusal = await refused(served.start("db"))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_UPGRADES")


async def test_a_disk_that_is_full_makes_changes_unavailable_until_there_is_room() -> None:
    memory = Memory()

    async def open_store() -> MemoryStore:
        return MemoryStore(memory)

    async with Served(open_store=open_store) as served:
        await served.put()
        await served.publish("1.1")
        memory.unavailable_because = "database or disk is full"
        refusal = await refused(served.start())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "JOURNAL_UNAVAILABLE")
        assert "disk is full" in refusal.message
        memory.unavailable_because = ""
        assert (await served.start()).name


class Cramped(SqliteFile):
    """A file that may have no more pages than it has, while `is_full` says so."""

    def connect_writer(self) -> sqlite3.Connection:
        """As its own, with the number of pages that it has as the most."""
        connection = super().connect_writer()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 8}")
        return connection


async def test_a_sqlite_file_that_may_not_grow_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    async def open_store() -> SqliteStore:
        store = await SqliteStore.open(tmp_path / "journal")
        await store.close()
        file = Cramped(tmp_path / "journal")
        writer = Writer(file)
        await writer.connect()
        return SqliteStore(writer, Readers(file))

    async with Served(open_store=open_store) as served:
        await served.put("first")
        refusal = await refused(put_until_full(served))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "JOURNAL_UNAVAILABLE")
        assert "full" in refusal.message
        assert (await refused(served.latest("first"))).reason == "NO_UPGRADE_EVER"


async def put_until_full(served: Served) -> None:
    """Put scale sets until that is refused; a hundred that are not fail the test."""
    for number in range(100):
        await served.put(f"web{number}", tags={"text": "x" * 2_000})
