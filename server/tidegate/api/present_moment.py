"""Moments and lengths of time on the wire."""

from __future__ import annotations

from google.protobuf import duration_pb2, timestamp_pb2


def present_moment(at_ms: int) -> timestamp_pb2.Timestamp:
    """The moment `at_ms` milliseconds after the Unix epoch, UTC."""
    seconds, milliseconds = divmod(at_ms, 1_000)
    return timestamp_pb2.Timestamp(seconds=seconds, nanos=milliseconds * 1_000_000)


def present_moment_if_any(at_ms: int | None) -> timestamp_pb2.Timestamp | None:
    """As `present_moment`; a moment that has not come stays absent."""
    return None if at_ms is None else present_moment(at_ms)


def present_duration(seconds: float) -> duration_pb2.Duration:
    """A length of time, to the microsecond; of a negative one both parts are negative, as the format wants it."""
    whole, microseconds = divmod(round(abs(seconds) * 1_000_000), 1_000_000)
    sign = -1 if seconds < 0 else 1
    return duration_pb2.Duration(seconds=sign * whole, nanos=sign * microseconds * 1_000)
