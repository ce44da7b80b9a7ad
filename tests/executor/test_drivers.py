"""Who drives."""

from tidegate.executor.drivers import OnlyProcess


async def test_the_only_process_holds_what_it_claimed_until_it_lets_go() -> None:
    drivership = OnlyProcess()
    assert not drivership.holds("u", 0)
    assert await drivership.claim("u")
    assert drivership.holds("u", 10**15)
    assert drivership.until_ms("u") is None
    await drivership.release("u")
    assert not drivership.holds("u", 0)
