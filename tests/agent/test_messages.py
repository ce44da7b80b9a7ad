"""Values and messages, there and back, and what handlers may write that no message can hold."""

import pytest

from tidegate.v1 import agent_service_pb2 as wire
from tidegate.v1.extension_catalog_service_pb2 import ExtensionPackage, ExtensionType
from tidegate_agent.goal_state import ExtensionGoal, GoalState, HandlerGoal, PackageReference, Wanted
from tidegate_agent.messages import GoalStateMalformed, failures_of, goal_state, report_messages, result_message
from tidegate_agent.report import ExtensionFailure, ExtensionReport, ExtensionSubstatus, HandlerReport, Outcome
from tidegate_handler.version import HandlerVersion

SHA256 = "ab" * 32


def handler(**fields: object) -> wire.HandlerGoal:
    given: dict[str, object] = {
        "extension_type": ExtensionType(publisher="Tests", type="Agent"),
        "version": "1.10",
        "state": wire.HANDLER_GOAL_STATE_ENABLED,
        "package": ExtensionPackage(sha256=SHA256, size_bytes=7),
        "extensions": [wire.ExtensionGoal(extension_name="agent", sequence_number=3)],
    }
    return wire.HandlerGoal(**(given | fields))  # type: ignore[arg-type] # each field has a type of its own


def test_a_goal_state_is_read_whole() -> None:
    extension = wire.ExtensionGoal(
        extension_name="agent",
        has_settings=True,
        sequence_number=3,
        public_settings_json='{"a": 1}',
        protected_settings=b"sealed",
        dependency_level=2,
    )
    message = wire.GoalState(
        incarnation=4,
        operation_id="o",
        handlers=[
            handler(extensions=[extension], is_multi_config=True),
            wire.HandlerGoal(
                extension_type=ExtensionType(publisher="Tests", type="Old"),
                version="2.0",
                state=wire.HANDLER_GOAL_STATE_UNINSTALL,
            ),
        ],
    )
    assert goal_state(message) == GoalState(
        incarnation=4,
        operation_id="o",
        handlers=(
            HandlerGoal(
                publisher="Tests",
                type="Agent",
                version=HandlerVersion("1.10"),
                package=PackageReference(sha256=SHA256, size_bytes=7),
                extensions=(
                    ExtensionGoal(
                        extension_name="agent",
                        has_settings=True,
                        sequence_number=3,
                        public_settings_json='{"a": 1}',
                        protected_settings=b"sealed",
                        dependency_level=2,
                    ),
                ),
                is_multi_config=True,
            ),
            HandlerGoal(publisher="Tests", type="Old", version=HandlerVersion("2.0"), wanted=Wanted.UNINSTALL),
        ),
    )


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (wire.GoalState(), "the incarnation 0 is none"),
        (handler(version="latest"), "is not a version"),
        (handler(state=wire.HANDLER_GOAL_STATE_UNSPECIFIED), "something unknown here: 0"),
        (handler(state=77), "something unknown here: 77"),
        (handler(extension_type=ExtensionType(publisher="..", type="x")), "cannot be a handler's publisher"),
        (handler(extension_type=ExtensionType(publisher="a/b", type="x")), "cannot be a handler's publisher"),
        (handler(extension_type=ExtensionType(publisher="a", type="")), "cannot be a handler's publisher"),
        (handler(package=ExtensionPackage(sha256="../../etc", size_bytes=1)), "is no package"),
        (handler(package=ExtensionPackage(sha256=SHA256)), "of 0 bytes is no package"),
        (handler(extensions=[wire.ExtensionGoal(extension_name="../x")]), "cannot be an extension's name"),
        (handler(extensions=[wire.ExtensionGoal()]), "cannot be an extension's name"),
        (handler(extensions=[wire.ExtensionGoal(extension_name="a", sequence_number=-1)]), "sequence number -1"),
    ],
)
def test_what_cannot_be_is_not_made_anything_of(message: wire.GoalState | wire.HandlerGoal, why: str) -> None:
    whole = message if isinstance(message, wire.GoalState) else wire.GoalState(incarnation=1, handlers=[message])
    with pytest.raises(GoalStateMalformed, match=why):
        goal_state(whole)


def test_a_goal_state_that_cannot_be_read_fails_each_of_its_extensions() -> None:
    message = wire.GoalState(incarnation=1, handlers=[handler(version="x"), handler(extensions=[])])
    assert failures_of(message, "Why.") == (ExtensionFailure(extension_name="agent", code=-1, message="Why."),)
    assert len(failures_of(wire.GoalState(incarnation=1), "Why.")) == 1


def report(**extension: object) -> HandlerReport:
    given: dict[str, object] = {"extension_name": "agent", "sequence_number": 0, "status": "success"}
    return HandlerReport(
        publisher="Tests",
        type="Agent",
        version="1.10",
        status="Ready",
        installed_version="1.10",
        handler_state="Enabled",
        extensions=(ExtensionReport(**(given | extension)),),  # type: ignore[arg-type] # as above
    )


def test_an_outcome_goes_up_whole() -> None:
    failure = ExtensionFailure(extension_name="agent", code=1009, message="It failed.")
    part = ExtensionSubstatus(name="AppHealthStatus", status="success", code=0, message="up")
    outcome = Outcome(
        incarnation=4,
        operation_id="o",
        failures=(failure,),
        handlers=(report(code=7, operation="Enable", message="m", substatus=(part,)),),
    )
    message = result_message(outcome)
    assert (message.incarnation, message.operation_id) == (4, "o")
    assert message.failures == [wire.ExtensionFailure(extension_name="agent", code=1009, message="It failed.")]
    (told,) = message.handlers
    assert (told.publisher, told.type, told.version, told.status) == ("Tests", "Agent", "1.10", "Ready")
    assert (told.installed_version, told.handler_state) == ("1.10", "Enabled")
    (extension,) = told.extensions
    assert (extension.extension_name, extension.code, extension.operation, extension.message) == (
        "agent",
        7,
        "Enable",
        "m",
    )
    assert [(each.name, each.status, each.message) for each in extension.substatus] == [
        ("AppHealthStatus", "success", "up")
    ]


def test_what_no_message_can_hold_is_made_to_fit() -> None:
    (message,) = report_messages([report(code=2**40, sequence_number=2**70, message="half \ud800 a character")])
    (extension,) = message.extensions
    assert extension.code == 2**31 - 1
    assert extension.sequence_number == 2**63 - 1
    assert extension.message == "half ? a character"
    assert message.SerializeToString()


def test_reports_that_grow_without_end_still_fit_into_a_message() -> None:
    parts = tuple(ExtensionSubstatus(name=f"part {n}", status="error", message="é" * 5_000) for n in range(80))
    few = report_messages([report(message="é" * 100_000, substatus=parts)])
    assert len(few[0].extensions[0].substatus) == 64
    many = report_messages([report(substatus=parts)] * 30)
    assert len(many) == 30
    assert sum(message.ByteSize() for message in many) <= 1024 * 1024
    beyond = report_messages([report(substatus=parts[:8])] * 2_000)
    assert 100 < len(beyond) < 2_000
    assert sum(message.ByteSize() for message in beyond) <= 1024 * 1024
