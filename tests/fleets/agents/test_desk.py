"""Machines join with tokens, hosts are known by their credentials, and nobody is taken for another."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.domain.examples import WEB, scale_set
from tests.fleets.agents.peers import Peer, joined, joining, replaced
from tests.fleets.agents.tokens import opened
from tests.fleets.agents.world import World, put_packages, until, world
from tests.fleets.orders import Answers, order, to_version
from tests.trust.authorities import Hands, authority_in
from tidegate.domain.host import HostName
from tidegate.domain.host_refusal import HostNotFound, InstanceIdTaken, JoinTokenInvalid, NotAuthenticated
from tidegate.domain.order import ImageMove
from tidegate.domain.refusal import MalformedRequest, ScaleSetNotFound
from tidegate.domain.resource_id import ScaleSetId
from tidegate.domain.version import Version
from tidegate.fleets.agents.host_store import HostsNotKept
from tidegate_agent.keys import make_certificate_request

API = ScaleSetId(subscription="sub", resource_group="fleet", name="api")


@pytest.fixture
async def made() -> AsyncIterator[World]:
    async with world() as made:
        await put_packages(made.packages, ["2.0.0.0"])
        await made.fleet.place(scale_set(has_probe=False))
        yield made


def written_in(folder: Path) -> bytes:
    """Everything in all files of the folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def token(made: World, instance_id: str = "", live_seconds: float = 3_600.0) -> str:
    return (await made.desk.create_token(WEB, instance_id, live_seconds)).text


async def test_a_machine_with_a_token_becomes_a_host(made: World) -> None:
    told = await made.desk.join(joining(await token(made), "web-0", zone="2"))
    assert str(told.name) == f"{WEB}/virtualMachines/web-0"
    assert made.desk.authenticate(told.credential).name == told.name
    host = await made.desk.host(told.name)
    assert (host.zone, host.labels, host.platform, host.is_connected) == ("2", {"team": "web"}, "linux test", False)
    assert (host.goal_incarnation, host.reached_incarnation) == (1, 0)
    assert [instance.instance_id for instance in await made.fleet.instances(WEB)] == ["web-0"]


async def test_a_token_makes_one_host(made: World) -> None:
    text = await token(made)
    await made.desk.join(joining(text, "a"))
    with pytest.raises(JoinTokenInvalid, match="used already"):
        await made.desk.join(joining(text, "b", key=1))
    with pytest.raises(JoinTokenInvalid, match="used already"):
        await made.desk.join(joining(text, "b"))
    with pytest.raises(JoinTokenInvalid, match="used already"):
        await made.desk.join(joining(text, "a", key=1))


async def test_the_same_machine_may_repeat_it_and_gets_a_new_credential(made: World) -> None:
    text = await token(made)
    first = await made.desk.join(joining(text, "a"))
    again = await made.desk.join(joining(text, "A", zone="3"))
    assert again.name == first.name
    assert (await made.desk.host(first.name)).zone == "3"
    with pytest.raises(NotAuthenticated):
        made.desk.authenticate(first.credential)
    assert made.desk.authenticate(again.credential).name == first.name
    assert (await made.desk.host(first.name)).goal_incarnation == 1


async def test_of_two_that_join_at_once_with_one_token_one_is_a_host(made: World) -> None:
    text = await token(made)
    calls = [made.desk.join(joining(text, f"host-{number}", key=number % 2)) for number in range(2)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["JoinTokenInvalid", "Joined"]


async def test_a_name_is_one_hosts_whatever_its_case(made: World) -> None:
    await joined(made.desk, WEB, "web-0")
    with pytest.raises(InstanceIdTaken):
        await joined(made.desk, WEB, "WEB-0")
    text = await token(made)
    with pytest.raises(InstanceIdTaken):
        await made.desk.join(joining(text, "web-0", key=1))
    assert (await made.desk.join(joining(text, "web-1", key=1))).name.instance_id == "web-1", "the token is not spent"


async def test_the_same_name_may_be_had_in_another_scale_set(made: World) -> None:
    await made.fleet.place(scale_set(has_probe=False, scale_set_id=API))
    await joined(made.desk, WEB, "a")
    assert (await joined(made.desk, API, "a")).name.scale_set == API


async def test_a_token_for_one_name_is_good_for_no_other(made: World) -> None:
    text = await token(made, "web-0")
    with pytest.raises(JoinTokenInvalid, match="web-0"):
        await made.desk.join(joining(text, "web-1"))
    assert (await made.desk.join(joining(text, "Web-0"))).name.instance_id == "Web-0"


async def test_a_token_that_has_expired_is_good_for_nothing_and_is_cleared_away(made: World) -> None:
    text = await token(made, live_seconds=0.0)
    with pytest.raises(JoinTokenInvalid, match="expired"):
        await made.desk.join(joining(text, "a"))
    await token(made)
    assert len(made.fleet.book.tokens) == 1
    assert len(list(made.store.tokens())) == 1


async def test_whoever_guesses_learns_nothing(made: World) -> None:
    real = opened(await token(made))
    expired = opened(await token(made, live_seconds=0.0))
    guesses = [
        "",
        "rubbish",
        f"{real['id']}.{'A' * 43}",
        f"{expired['id']}.{'A' * 43}",
        f"{'0' * 16}.{real['secret']}",
    ]
    told = set()
    for guess in guesses:
        with pytest.raises(JoinTokenInvalid) as refused:
            await made.desk.join(dataclasses.replace(joining(await token(made), "a"), token=guess))
        told.add(str(refused.value))
    assert len(told) == 1
    assert not any(real["secret"] in text for text in told)


async def test_a_token_needs_a_scale_set_that_is_there(made: World) -> None:
    with pytest.raises(ScaleSetNotFound):
        await made.desk.create_token(API, "", 60.0)
    await made.fleet.place(scale_set(has_probe=False, scale_set_id=API))
    text = (await made.desk.create_token(API, "", 60.0)).text
    await made.fleet.forget(API)
    with pytest.raises(JoinTokenInvalid):
        await made.desk.join(joining(text, "a"))


async def test_a_certificate_that_nothing_can_be_sealed_for_is_refused_before_the_token_is_spent(made: World) -> None:
    text = await token(made)
    with pytest.raises(MalformedRequest):
        await made.desk.join(dataclasses.replace(joining(text, "a"), settings_certificate="rubbish"))
    await made.desk.join(joining(text, "a"))


async def test_credentials_are_told_apart(made: World) -> None:
    one, other = await joined(made.desk, WEB, "a"), await joined(made.desk, WEB, "b")
    mixed = one.credential[:22] + other.credential[22:]
    for wrong in ("", "rubbish", mixed, one.credential[:-1], "tgh1_" + "0" * 16 + one.credential[21:]):
        with pytest.raises(NotAuthenticated):
            made.desk.authenticate(wrong)


async def test_no_secret_is_in_the_store(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    async with world(file=file) as made:
        await made.fleet.place(scale_set(has_probe=False))
        text = await token(made)
        told = await made.desk.join(joining(text, "a"))
    content = written_in(tmp_path)
    assert opened(text)["secret"].encode() not in content
    assert told.credential.encode() not in content
    assert told.credential[22:].encode() not in content


async def test_a_host_is_known_after_a_restart_and_so_is_its_token(tmp_path: Path) -> None:
    file = tmp_path / "hosts.sqlite3"
    async with world(file=file) as before:
        await before.fleet.place(scale_set(has_probe=False))
        text = await token(before)
        told = await before.desk.join(joining(text, "a"))
    async with world(file=file) as after:
        assert after.desk.authenticate(told.credential).name == told.name
        await after.fleet.place(scale_set(has_probe=False))
        again = await after.desk.join(joining(text, "a"))
        with pytest.raises(NotAuthenticated):
            after.desk.authenticate(told.credential)
        assert after.desk.authenticate(again.credential).name == told.name


async def test_the_later_of_two_lines_stays(made: World) -> None:
    peer = await made.add("a")
    await until(lambda: peer.reached == 1)
    other = Peer(made.desk, peer.credential)
    other.reached, other.installed = peer.reached, peer.installed
    other.start()
    assert await replaced(peer)
    assert (await made.desk.host(made.desk.authenticate(peer.credential).name)).is_connected
    await other.stop()


async def test_a_host_that_leaves_is_none_any_more(made: World) -> None:
    peer = await made.add("a")
    host = made.desk.authenticate(peer.credential)
    await made.desk.leave(host)
    assert isinstance(await peer.ended(), NotAuthenticated)
    with pytest.raises(NotAuthenticated):
        made.desk.authenticate(peer.credential)
    with pytest.raises(NotAuthenticated):
        await made.desk.connect(host, peer.hello())
    with pytest.raises(NotAuthenticated):
        await made.desk.leave(host)
    assert await made.fleet.instances(WEB) == ()
    await joined(made.desk, WEB, "a")


async def test_removing_a_host_fails_what_it_was_at(made: World) -> None:
    peer = await made.add("a")
    await until(lambda: peer.reached == 1 and not peer.results)
    peer.may_work.clear()
    answers = Answers()
    await made.fleet.begin([order("a", to_version("2.5"))], answers)
    await made.desk.remove(HostName(scale_set=WEB, instance_id="A"))
    await answers.come(1)
    assert answers.codes == [("a", ["InstanceNotFound"])]
    with pytest.raises(HostNotFound):
        await made.desk.remove(HostName(scale_set=WEB, instance_id="a"))
    with pytest.raises(HostNotFound):
        await made.desk.host(HostName(scale_set=WEB, instance_id="a"))


async def test_removing_a_host_takes_no_answer_away_that_is_not_kept_yet(made: World) -> None:
    peer = await made.add("a")
    await until(lambda: peer.reached == 1 and not peer.results)
    answers = Answers()
    made.store._connection.execute("CREATE TRIGGER full BEFORE INSERT ON work BEGIN SELECT RAISE(FAIL, 'full'); END")
    with pytest.raises(HostsNotKept):
        await made.fleet.begin([order("a", ImageMove(version=Version("2.0.0")))], answers)
    assert answers.codes == []
    await made.desk.remove(HostName(scale_set=WEB, instance_id="a"))
    await answers.come(1)
    assert answers.codes == [("a", ["ImageUpgradeNotSupported"])]


async def test_hosts_are_listed_by_name_in_pages_without_their_handlers(made: World) -> None:
    await made.fleet.place(scale_set(has_probe=False, scale_set_id=API))
    peers = [await made.add(name) for name in ("c", "a", "B")]
    await joined(made.desk, API, "z")
    await until(lambda: all(peer.reached == 1 and not peer.results for peer in peers))
    found = await made.desk.hosts(WEB, "", 2)
    assert [host.name.instance_id for host in found] == ["a", "B"]
    assert [host.name.instance_id for host in await made.desk.hosts(WEB, found[-1].name.key, 10)] == ["c"]
    assert [host.name.instance_id for host in await made.desk.hosts(None, "", 10)] == ["z", "a", "B", "c"]
    assert {host.handlers for host in found} == {()}
    assert (await made.desk.host(found[0].name)).handlers[0].installed_version == "2.0.0.0"


async def test_who_asks_for_hosts_of_an_unknown_scale_set_is_told_so(made: World) -> None:
    with pytest.raises(ScaleSetNotFound):
        await made.desk.hosts(API, "", 10)


async def test_with_an_authority_a_host_gets_a_certificate_of_its_own(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, Hands())
    async with world(issuer=authority) as made:
        await made.fleet.place(scale_set(has_probe=False))
        text = await token(made)
        document = opened(text)
        assert document["ca"] == authority.certificate_pem
        assert "PRIVATE KEY" in document["key"]
        request = make_certificate_request("web-0").certificate
        with pytest.raises(MalformedRequest):
            await made.desk.join(joining(text, "web-0"))
        wanted = dataclasses.replace(joining(text, "web-0"), certificate_request=request)
        with pytest.raises(JoinTokenInvalid, match="certificate"):
            await made.desk.join(dataclasses.replace(wanted, shown_token_id="0123456789abcdef"))
        told = await made.desk.join(dataclasses.replace(wanted, shown_token_id=document["id"]))
        assert told.certificate.startswith("-----BEGIN CERTIFICATE")
        assert told.certificate_expires_at_ms is not None
        host = made.desk.authenticate(told.credential)
        renewed = await made.desk.renew(host, make_certificate_request("web-0").certificate)
        assert renewed.certificate != told.certificate
        assert renewed.authority_certificate == authority.certificate_pem
        await made.desk.leave(host)
        with pytest.raises(NotAuthenticated):
            await made.desk.renew(host, request)


async def test_without_an_authority_there_is_no_certificate(made: World) -> None:
    told = await joined(made.desk, WEB, "a")
    assert told.certificate == ""
    with pytest.raises(MalformedRequest):
        await made.desk.renew(made.desk.authenticate(told.credential), "request")


async def test_a_name_that_may_not_be_had_is_refused() -> None:
    def no_numbers(name: HostName) -> None:
        if name.instance_id.isdigit():
            raise InstanceIdTaken(str(name))

    async with world(check_name=no_numbers) as made:
        await made.fleet.place(scale_set(has_probe=False))
        with pytest.raises(InstanceIdTaken):
            await joined(made.desk, WEB, "3")
        await joined(made.desk, WEB, "three")
