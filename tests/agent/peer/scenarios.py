"""What both agents are put through: handler packages, and the goal states that they get one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from tests.agent.peer.packages import PUBLISHER, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One extension of a goal state, with settings."""

    sequence: int
    name: str = ""
    """Only where the handler has several."""
    public: str = '{"greeting": "hello"}'
    """A JSON object."""
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One handler of a goal state; without extensions it has no settings."""

    type: str
    version: str
    extensions: tuple[Extension, ...]
    is_uninstalled: bool = False
    has_several: bool = False

    @property
    def name(self) -> str:
        """The name that an agent calls it by."""
        return f"{PUBLISHER}.{self.type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One goal state."""

    title: str
    handlers: tuple[Handler, ...]
    after_restart: bool = False
    """The agent is ended and started again before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Packages and goal states that belong together."""

    name: str
    recipes: tuple[Recipe, ...]
    steps: tuple[Step, ...]


def alpha(version: str, sequence: int = 0, *, uninstalled: bool = False, level: int = 0) -> Handler:
    """The handler Alpha with one extension."""
    extensions = (Extension(sequence=sequence, level=level),)
    return Handler(type="Alpha", version=version, extensions=extensions, is_uninstalled=uninstalled)


def beta(version: str, sequence: int = 0, *, uninstalled: bool = False, level: int = 1) -> Handler:
    """The handler Beta with one extension, which by its level comes after Alpha."""
    extensions = (Extension(sequence=sequence, level=level),)
    return Handler(type="Beta", version=version, extensions=extensions, is_uninstalled=uninstalled)


def gamma(version: str, *extensions: Extension, uninstalled: bool = False) -> Handler:
    """The handler Gamma, which has several extensions."""
    return Handler(type="Gamma", version=version, extensions=extensions, is_uninstalled=uninstalled, has_several=True)


def goal(title: str, *handlers: Handler, restart: bool = False) -> Step:
    """One goal state."""
    return Step(title=title, handlers=handlers, after_restart=restart)


def _recipe(version: str, **more: object) -> Recipe:
    return Recipe(type="Alpha", version=version, **more)  # type: ignore[arg-type] # as it comes from the lines below


NOT_FOUND = 127
"""What failing commands exit with in the recorded traces: what a shell says of a command that is not there."""
WITHOUT_INSTALL = {"updateMode": "UpdateWithoutInstall"}
GOES_ON = {"continueOnUpdateFailure": True}
SEVERAL = {"supportsMultipleExtensions": True}


def _failing_move(name: str, *, old: Recipe, new: Recipe, then: tuple[Step, ...] = ()) -> Scenario:
    """From 1.0.0 to 2.0.0, where something fails; the same goal state again; and whatever follows."""
    steps = (
        goal("1.0.0", alpha("1.0.0")),
        goal("2.0.0", alpha("2.0.0", 1)),
        goal("2.0.0 again", alpha("2.0.0", 1)),
        goal("2.0.0 after a restart", alpha("2.0.0", 1), restart=True),
        *then,
    )
    return Scenario(name=name, recipes=(old, new, _recipe("3.0.0")), steps=steps)


_BACK_AND_ON = (
    goal("back to 1.0.0", alpha("1.0.0", 2)),
    goal("on to 3.0.0", alpha("3.0.0", 3)),
)

_LIFE = Scenario(
    name="a whole life",
    recipes=(
        _recipe("1.1.5"),
        _recipe("1.2.0"),
        _recipe("1.3.0", manifest=WITHOUT_INSTALL),
        _recipe("1.4.0", fails={"update": NOT_FOUND}),
        _recipe("1.4.1", fails={"enable": NOT_FOUND}),
        _recipe("1.4.2"),
    ),
    steps=(
        goal("fresh", alpha("1.1.5")),
        goal("new settings", alpha("1.1.5", 1)),
        goal("the same again", alpha("1.1.5", 1)),
        goal("after a restart", alpha("1.1.5", 1), restart=True),
        goal("upgrade with install", alpha("1.2.0", 1)),
        goal("upgrade without install", alpha("1.3.0", 1)),
        goal("the update fails", alpha("1.4.0", 1)),
        goal("that again", alpha("1.4.0", 1)),
        goal("the enable fails", alpha("1.4.1", 1)),
        goal("mended", alpha("1.4.2", 1)),
        goal("downgrade", alpha("1.2.0", 1)),
        goal("uninstall", alpha("1.2.0", 1, uninstalled=True)),
    ),
)

_FAILURES = (
    _failing_move("old disable fails", old=_recipe("1.0.0", fails={"disable": NOT_FOUND}), new=_recipe("2.0.0")),
    _failing_move(
        "old disable fails and the new version goes on",
        old=_recipe("1.0.0", fails={"disable": NOT_FOUND}),
        new=_recipe("2.0.0", manifest=GOES_ON),
    ),
    _failing_move(
        "new update fails", old=_recipe("1.0.0"), new=_recipe("2.0.0", fails={"update": NOT_FOUND}), then=_BACK_AND_ON
    ),
    _failing_move(
        "new update fails although the new version goes on",
        old=_recipe("1.0.0"),
        new=_recipe("2.0.0", fails={"update": NOT_FOUND}, manifest=GOES_ON),
    ),
    _failing_move("old uninstall fails", old=_recipe("1.0.0", fails={"uninstall": NOT_FOUND}), new=_recipe("2.0.0")),
    _failing_move(
        "old uninstall fails and the new version goes on",
        old=_recipe("1.0.0", fails={"uninstall": NOT_FOUND}),
        new=_recipe("2.0.0", manifest=GOES_ON | WITHOUT_INSTALL),
        then=_BACK_AND_ON,
    ),
    _failing_move(
        "new install fails", old=_recipe("1.0.0"), new=_recipe("2.0.0", fails={"install": NOT_FOUND}), then=_BACK_AND_ON
    ),
    _failing_move(
        "new enable fails", old=_recipe("1.0.0"), new=_recipe("2.0.0", fails={"enable": NOT_FOUND}), then=_BACK_AND_ON
    ),
    _failing_move(
        "new enable reports an error",
        old=_recipe("1.0.0"),
        new=_recipe("2.0.0", statuses={"enable": "error"}),
        then=_BACK_AND_ON,
    ),
)

_ALONE = (
    Scenario(
        name="install fails on a fresh host",
        recipes=(_recipe("1.0.0", fails={"install": 3}), _recipe("1.1.0")),
        steps=(
            goal("fails", alpha("1.0.0")),
            goal("fails again", alpha("1.0.0")),
            goal("a better one", alpha("1.1.0", 1)),
        ),
    ),
    Scenario(
        name="uninstall fails",
        recipes=(_recipe("1.0.0", fails={"uninstall": 3}),),
        steps=(goal("fresh", alpha("1.0.0")), goal("goes all the same", alpha("1.0.0", 1, uninstalled=True))),
    ),
    Scenario(
        name="nothing asks for it any more",
        recipes=(_recipe("1.0.0"), Recipe(type="Beta", version="1.0.0")),
        steps=(
            goal("both", alpha("1.0.0"), beta("1.0.0")),
            goal("Beta goes without a word", alpha("1.0.0")),
        ),
    ),
    Scenario(
        name="a version that nobody published",
        recipes=(_recipe("1.0.0"),),
        steps=(goal("fresh", alpha("1.0.0")), goal("unknown", alpha("9.9.9", 1)), goal("known", alpha("1.0.0", 1))),
    ),
    Scenario(
        name="no settings",
        recipes=(_recipe("1.0.0"), _recipe("1.1.0")),
        steps=(
            goal("fresh", Handler(type="Alpha", version="1.0.0", extensions=())),
            goal("upgrade", Handler(type="Alpha", version="1.1.0", extensions=())),
            goal("uninstall", Handler(type="Alpha", version="1.1.0", extensions=(), is_uninstalled=True)),
        ),
    ),
    Scenario(
        name="a heartbeat",
        recipes=(
            _recipe(
                "1.0.0",
                manifest={"reportHeartbeat": "true"},
                heartbeat='[{"version":1.0,"heartbeat":{"status":"NotReady","code":5,'
                '"formattedMessage":{"lang":"en-US","message":"the service is down"}}}]',
            ),
            _recipe("1.1.0", manifest={"reportHeartbeat": True}),
        ),
        steps=(goal("one that beats", alpha("1.0.0")), goal("one that never does", alpha("1.1.0", 1))),
    ),
)

_TOGETHER = (
    Scenario(
        name="two that depend on each other",
        recipes=(_recipe("1.0.0"), _recipe("1.1.0"), Recipe(type="Beta", version="1.0.0")),
        steps=(
            goal("in order", beta("1.0.0"), alpha("1.0.0")),
            goal("one moves", beta("1.0.0"), alpha("1.1.0", 1)),
            goal("both go in reverse", alpha("1.1.0", 2, uninstalled=True), beta("1.0.0", 1, uninstalled=True)),
        ),
    ),
    Scenario(
        name="the first of two reports an error",
        recipes=(
            _recipe("1.0.0", statuses={"enable": "error"}),
            _recipe("1.1.0"),
            Recipe(type="Beta", version="1.0.0"),
        ),
        steps=(
            goal("the second is left out", beta("1.0.0"), alpha("1.0.0")),
            goal("mended", beta("1.0.0"), alpha("1.1.0", 1)),
        ),
    ),
    Scenario(
        name="the first of two cannot be enabled",
        recipes=(_recipe("1.0.0", fails={"enable": 4}), Recipe(type="Beta", version="1.0.0")),
        steps=(goal("the second is left out", beta("1.0.0"), alpha("1.0.0")),),
    ),
    Scenario(
        name="one goes while another comes",
        recipes=(_recipe("1.0.0"), Recipe(type="Beta", version="1.0.0")),
        steps=(
            goal("Alpha", alpha("1.0.0")),
            goal("Beta for it", beta("1.0.0"), alpha("1.0.0", 1, uninstalled=True)),
        ),
    ),
)


def _gamma(version: str, **more: object) -> Recipe:
    return Recipe(type="Gamma", version=version, manifest=SEVERAL, **more)  # type: ignore[arg-type] # as above


_ONE, _TWO = Extension(name="one", sequence=0), Extension(name="two", sequence=4)
_TWO_ANEW = Extension(name="two", sequence=5, public='{"greeting": "good day"}')

_SEVERAL = (
    Scenario(
        name="several extensions of one handler",
        recipes=(_gamma("1.0.0"), _gamma("1.1.0")),
        steps=(
            goal("both", gamma("1.0.0", _ONE, _TWO)),
            goal("one has new settings", gamma("1.0.0", _ONE, _TWO_ANEW)),
            goal("upgrade", gamma("1.1.0", _ONE, _TWO_ANEW)),
            goal("downgrade", gamma("1.0.0", _ONE, _TWO_ANEW)),
            goal("uninstall", gamma("1.0.0", _ONE, _TWO_ANEW, uninstalled=True)),
        ),
    ),
    Scenario(
        name="several extensions and an update that fails",
        recipes=(_gamma("1.0.0"), _gamma("1.1.0", fails={"update": 3})),
        steps=(goal("both", gamma("1.0.0", _ONE, _TWO)), goal("upgrade", gamma("1.1.0", _ONE, _TWO))),
    ),
    Scenario(
        name="several extensions of a handler that supports one",
        recipes=(Recipe(type="Gamma", version="1.0.0"),),
        steps=(goal("both", gamma("1.0.0", _ONE, _TWO)),),
    ),
)

SCENARIOS = (_LIFE, *_FAILURES, *_ALONE, *_TOGETHER, *_SEVERAL)

WITHOUT_ITS_COMMAND = Scenario(
    name="a command that is not there",
    recipes=(_recipe("1.0.0"), _recipe("1.1.0", missing=frozenset({"update"}))),
    steps=(goal("fresh", alpha("1.0.0")), goal("no update", alpha("1.1.0", 1))),
)
"""Beside the others, since it is the one in which our agent is stricter."""
