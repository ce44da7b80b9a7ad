import os
from pathlib import Path

import pytest

from tests.agent.conditions import until
from tidegate_agent import output, outputs
from tidegate_agent.output import Output, leftovers
from tidegate_agent.outputs import OutputKeeper


async def test_a_growing_file_is_looked_after_until_nobody_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (output, outputs):
        monkeypatch.setattr(module, "LARGEST_BYTES", 1_000)
    written = Output(tmp_path)
    inherited = os.dup(written.descriptor)
    written.close()
    keeper = OutputKeeper(tmp_path)
    keeper.look()
    (path,) = leftovers(tmp_path)
    for _ in range(3):
        os.write(inherited, b"x" * 5_000)
        await until(lambda: path.stat().st_size == 0)
    os.close(inherited)
    await until(lambda: not path.exists())
    keeper.close()


async def test_where_nothing_is_left_nothing_is_done(tmp_path: Path) -> None:
    keeper = OutputKeeper(tmp_path)
    keeper.look()
    assert keeper._next is None


async def test_a_closed_keeper_looks_no_more(tmp_path: Path) -> None:
    written = Output(tmp_path)
    keeper = OutputKeeper(tmp_path)
    keeper.look()
    assert keeper._next is not None
    keeper.close()
    assert keeper._next is None
    written.close()
