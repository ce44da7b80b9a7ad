"""Fair turns: a subject and its baseline measured alternately, so that a noisy machine is noisy for both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Medians over all rounds, in things per second; `spread_percent` is how far the rounds' ratios lie apart."""

    subject_per_second: float
    baseline_per_second: float
    ratio: float
    spread_percent: float


def _compared(subject: list[float], baseline: list[float]) -> Comparison:
    ratios = [ours / theirs for ours, theirs in zip(subject, baseline, strict=True)]
    middle = statistics.median(ratios)
    return Comparison(
        subject_per_second=statistics.median(subject),
        baseline_per_second=statistics.median(baseline),
        ratio=middle,
        spread_percent=100 * (max(ratios) - min(ratios)) / middle,
    )


def compare(subject: Callable[[], int], baseline: Callable[[], int], rounds: int) -> Comparison:
    """Call both in turn, `rounds` times; each returns how many things it did.

    The time is this process's own, so that whatever else the machine does counts for neither.
    """
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, work in enumerate((subject, baseline)):
            begin = time.process_time()
            done = work()
            rates[side].append(done / (time.process_time() - begin))
    return _compared(*rates)


async def compare_async(
    subject: Callable[[], Awaitable[int]], baseline: Callable[[], Awaitable[int]], rounds: int
) -> Comparison:
    """As `compare`, for work on the event loop, by the clock on the wall."""
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, work in enumerate((subject, baseline)):
            begin = time.perf_counter()
            done = await work()
            rates[side].append(done / (time.perf_counter() - begin))
    return _compared(*rates)
