"""What the operators mean."""

import pytest

from tidegate.domain.version import Version
from tidegate.policy.comparing import MEANINGS, Operandlike, fits_tags
from tidegate.policy.fact import FactValue
from tidegate.policy.operators import Operator
from tidegate.policy.version_range import read_range

V = Version


CASES: list[tuple[FactValue, Operator, Operandlike, bool]] = [
    (True, Operator.EQUALS, True, True),
    ("Canonical", Operator.EQUALS, "canonical", True),
    ("Straße", Operator.EQUALS, "STRASSE", True),
    ("Straße", Operator.MATCHES, "stra*E", True),
    ("Canonical", Operator.NOT_EQUALS, "canonical", False),
    (V("2.1"), Operator.EQUALS, V("2.1.0.0"), True),
    (20.0, Operator.EQUALS, 20.0, True),
    ("1", Operator.IN, ("1", "2"), True),
    ("WESTEUROPE", Operator.IN, ("westeurope",), True),
    ("3", Operator.NOT_IN, ("1", "2"), True),
    (V("1.10"), Operator.IN, (V("1.10.0"),), True),
    (V("1.9"), Operator.LESS_THAN, V("1.10"), True),
    (V("1.10"), Operator.GREATER_THAN, V("1.9"), True),
    (20.0, Operator.GREATER_THAN, 20.0, False),
    (20.0, Operator.AT_LEAST, 20.0, True),
    (20.0, Operator.LESS_THAN, 20.0, False),
    (20.0, Operator.AT_MOST, 20.0, True),
    ("Microsoft.Azure.Monitor", Operator.STARTS_WITH, "microsoft.", True),
    ("Microsoft.Azure.Monitor", Operator.ENDS_WITH, "MONITOR", True),
    ("Microsoft.Azure.Monitor", Operator.CONTAINS, "azure", True),
    (("1", "2"), Operator.CONTAINS, "2", True),
    (("Blue",), Operator.CONTAINS, "bLUE", True),
    (("10", "20"), Operator.CONTAINS, "1", False),
    ("Web-1", Operator.MATCHES, "web-?", True),
    ((), Operator.IS_EMPTY, True, True),
    (("1",), Operator.IS_EMPTY, True, False),
    ("x", Operator.IS_EMPTY, False, True),
    ({}, Operator.IS_EMPTY, False, False),
    (V("2.1"), Operator.SAME_MAJOR_AS, V("2.9.9"), True),
    (V("2.1"), Operator.SAME_MAJOR_AS, V("20.1"), False),
    (V("1.10"), Operator.WITHIN_VERSIONS, read_range(">=1.2 <2"), True),
    ({"Stage": "Prod-eu"}, Operator.TAGGED, (("stage", ("prod*",)),), True),
]


@pytest.mark.parametrize(("value", "operator", "operand", "held"), CASES)
def test_an_operator_means_what_it_says(value: FactValue, operator: Operator, operand: Operandlike, held: bool) -> None:
    assert MEANINGS[operator](value, operand) is held


def test_every_operator_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Operator)


def test_every_wanted_tag_must_be_there_and_fit_one_pattern() -> None:
    tags = {"stage": "production", "team": "blue"}
    assert fits_tags(tags, (("stage", ("test", "prod*")), ("TEAM", ("blue",))))
    assert not fits_tags(tags, (("stage", ("prod*",)), ("owner", ("*",))))
    assert not fits_tags(tags, (("stage", ("prod",)),))
    assert fits_tags({}, ())
