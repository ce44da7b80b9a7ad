"""Decisions and traces as a person reads them."""

from tests.cli.samples import HALT, page
from tidegate.cli.decision_page import decision_head, decision_page, trace_page
from tidegate_client.messages import Decision, FactValue, TraceStep, Verdict


def test_a_decision_says_what_which_where_why_and_on_what() -> None:
    assert page(decision_page(HALT)).splitlines() == [
        "halt  too-many-unhealthy  rules/azure-default.yaml:85:5",
        "  40% of instances are in an unhealthy state.",
        "  progress.unhealthyUpgradedPercent = 40",
        "  scaleSet.capacity = 10  (72 s old)",
    ]


def test_where_no_rule_spoke_there_is_no_rule() -> None:
    assert page(decision_head(Decision(verdict=Verdict.VERDICT_GO_ON))) == "go on"


def test_brackets_of_a_server_are_no_markup() -> None:
    assert "[bold]no[/bold]" in page(decision_page(Decision(because="[bold]no[/bold]")))


def test_a_trace_is_indented_as_the_conditions_are() -> None:
    steps = [
        TraceStep(rule="r", place="p.yaml:3:5", depth=0, condition="DENY because no", held=True),
        TraceStep(
            rule="r",
            place="p.yaml:4:7",
            depth=1,
            condition="subscription.enrolled equals false",
            held=False,
            value=FactValue(bool_value=True),
        ),
    ]
    assert page(trace_page(steps)).splitlines() == [
        "yes r: DENY because no  p.yaml:3:5",
        "  no  subscription.enrolled equals false  is true  p.yaml:4:7",
    ]
