"""The floors of the house as data: who may lean on whom, and why. ``test_floors.py`` holds the house to them.

    cli -> api -> executor -> journal -> upgrade -> policy -> domain
                      \\-----> fleets ----------------------> domain
    fleets -> packages, trust -> domain
    tidegate_client -> tidegate.v1 only;  tidegate_agent -> tidegate.v1, tidegate_handler;  tidegate_handler -> nothing

To add a room, add its row to ``ROOMS``. To let a room use one more library, add it to the row and defend it.
"""

from dataclasses import dataclass

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A package of ours, the rooms it may lean on and the libraries it may use (``ANY``: all that is installed)."""

    name: str
    leans_on: frozenset[str]
    libraries: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Modules that only some of us may name; ``to`` holds rooms or single modules."""

    names: frozenset[str]
    to: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """Standard modules and builtins that the given rooms never touch."""

    rooms: frozenset[str]
    modules: frozenset[str]
    builtins: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facade:
    """A room of which the others see only some modules; ``opener`` is the one module that may see all."""

    room: str
    seen: frozenset[str]
    opener: str
    because: str


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _room(name: str, *, leans_on: str = "", libraries: str = "", because: str) -> Room:
    return Room(name=name, leans_on=_words(leans_on), libraries=_words(libraries), because=because)


ROOMS = (
    _room(
        "tidegate",
        because="The front of the package runs before any part of it, so it costs nothing and brings in nobody.",
    ),
    _room(
        "tidegate.domain",
        because="The nouns stand on the ground: every room speaks them, so they may lean on none and need no library.",
    ),
    _room(
        "tidegate.policy",
        leans_on="tidegate.domain",
        libraries="yaml jsonschema",
        because="A rule sees facts and nothing else, so it can be judged, rehearsed and explained without a server.",
    ),
    _room(
        "tidegate.upgrade",
        leans_on="tidegate.policy tidegate.domain",
        libraries="immutables",
        because="The core asks the rules; who stores, drives or shows an upgrade is none of its business.",
    ),
    _room(
        "tidegate.journal",
        leans_on="tidegate.upgrade tidegate.policy tidegate.domain",
        libraries="msgspec immutables",
        because="The journal keeps what happened; it must be readable when no machine can be reached.",
    ),
    _room(
        "tidegate.packages",
        leans_on="tidegate.domain tidegate_handler",
        because="A package is bytes and a manifest; who publishes it and who fetches it is none of its business.",
    ),
    _room(
        "tidegate.trust",
        leans_on="tidegate.domain",
        libraries="cryptography",
        because="Keys and secrets are handled in one room that knows nothing else, so that it can be read as a whole.",
    ),
    _room(
        "tidegate.fleets",
        leans_on="tidegate.domain tidegate.packages tidegate.trust",
        libraries=ANY,
        because="A fleet runs machines and knows nothing of why, so that any fleet can be put under any upgrade.",
    ),
    _room(
        "tidegate.executor",
        leans_on="tidegate.journal tidegate.fleets tidegate.packages tidegate.upgrade tidegate.policy tidegate.domain",
        libraries=ANY,
        because="The shell turns what is owed into deeds; it must run the same under a test as behind a server.",
    ),
    _room(
        "tidegate.api",
        leans_on="tidegate tidegate.v1 tidegate.executor tidegate.fleets tidegate.packages tidegate.trust "
        "tidegate.upgrade tidegate.policy tidegate.domain",
        libraries=ANY,
        because="A front door translates; what it tells of the past it asks of the executor, never of the journal.",
    ),
    _room(
        "tidegate.cli",
        leans_on="tidegate tidegate_client tidegate_handler tidegate.api tidegate.executor tidegate.journal "
        "tidegate.fleets tidegate.packages tidegate.trust tidegate.upgrade tidegate.policy tidegate.domain",
        libraries=ANY,
        because="The top of the house joins the parts, and speaks to a server as any other client does.",
    ),
    _room(
        "tidegate_client",
        leans_on="tidegate.v1",
        libraries=ANY,
        because="A client must be able to leave the house with nothing in its bag but the contract.",
    ),
    _room(
        "tidegate_agent",
        leans_on="tidegate.v1 tidegate_handler",
        libraries=ANY,
        because="An agent runs on somebody's machine, where nothing of the server but the contract may be needed.",
    ),
    _room(
        "tidegate_handler",
        because="What a handler is, others have agreed: server and agent hold to one reading of it; it needs neither.",
    ),
)

FACADES = (
    Facade(
        room="tidegate.journal",
        seen=frozenset({"tidegate.journal.promise", "tidegate.journal.register"}),
        opener="tidegate.cli.assembly",
        because="Rooms hold to the journal's promises; which journal keeps them is chosen in cli/assembly alone.",
    ),
    Facade(
        room="tidegate.fleets",
        seen=frozenset({"tidegate.fleets.promise", "tidegate.fleets.agents.promise"}),
        opener="tidegate.cli.assembly",
        because="Rooms hold to the fleet's promise; which fleet keeps it is chosen in cli/assembly alone.",
    ),
)

RESERVED = (
    Reserved(
        names=frozenset({"tidegate.v1", "grpc", "grpc_health", "grpc_reflection", "grpc_status", "google"}),
        to=frozenset({"tidegate.api", "tidegate_client", "tidegate_agent"}),
        because="The wire is spoken at the doors only, so that a second wire needs a second door and no rebuilding.",
    ),
)

BANS = (
    Ban(
        rooms=frozenset({"tidegate.domain", "tidegate.policy", "tidegate.upgrade"}),
        modules=_words(
            "asyncio concurrent multiprocessing threading subprocess signal select selectors socket ssl http urllib "
            "time random secrets os sys pathlib io shutil tempfile glob sqlite3 logging structlog importlib"
        ),
        builtins=frozenset({"open", "print", "input", "__import__"}),
        because="The same inputs give the same answer, today and in a replay; whatever asks the world belongs above.",
    ),
)

# Only the clock reads a clock. The command line may too, to show a person how long something took.
CLOCK_READERS = frozenset({"tidegate.executor.clock", "tidegate.cli"})
CLOCK_BECAUSE = (
    "Time is data: a moment enters by executor/clock and travels in reports and events, or no replay is true."
)
