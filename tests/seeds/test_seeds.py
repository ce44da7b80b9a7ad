"""A thousand stories that nobody would think of. A red one says how to see it again."""

import pytest

from tests.seeds.simulation import simulate

CHUNK = 50
CHUNKS = 20


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_befalls_servers_and_machines_no_promise_is_broken(chunk: int, only_seed: int | None) -> None:
    if only_seed is not None:
        pytest.skip("one seed is wanted")
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        simulate(seed)


def test_one_seed_is_lived_through_when_it_is_wanted(only_seed: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    transcript = simulate(0 if only_seed is None else only_seed)
    assert transcript
    if only_seed is not None:
        with capsys.disabled():
            print("", *transcript, sep="\n")  # noqa: T201 - it was asked for


def test_a_seed_tells_the_same_story_every_time() -> None:
    assert simulate(11) == simulate(11)
