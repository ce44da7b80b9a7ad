"""Runs every benchmark and prints one table: `make bench`, or `python -m benchmarks decisions doors`."""

import sys

from benchmarks import decisions, doors, many_hosts, memory, probing, throughput
from benchmarks.hosts_against import race
from benchmarks.report import show

PARTS = {
    "decisions": decisions,
    "doors": doors,
    "throughput": throughput,
    "memory": memory,
    "probing": probing,
    "many_hosts": many_hosts,
    "hosts_against": race,
}


def main() -> int:
    """Measure the parts that are named, or all."""
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        sys.stderr.write(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(PARTS)}.\n")
        return 2
    show([line for name in wanted for line in PARTS[name].measure()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
