"""The table of operators."""

from tidegate.policy.fact import FactType
from tidegate.policy.operators import LAWS, Form, Operator, operators_for


def test_every_operator_has_its_law() -> None:
    assert set(LAWS) == set(Operator)
    for law in LAWS.values():
        assert law.doc.endswith(".")
        assert law.types
        assert set(law.reference) <= set(law.types)


def test_every_type_of_fact_can_be_asked_something() -> None:
    for type_ in FactType:
        assert operators_for(type_)


def test_only_what_has_an_order_is_ordered() -> None:
    assert Operator.LESS_THAN not in operators_for(FactType.STRING)
    assert Operator.LESS_THAN not in operators_for(FactType.BOOLEAN)
    assert Operator.LESS_THAN in operators_for(FactType.VERSION)


def test_a_text_may_be_looked_for_among_texts() -> None:
    assert LAWS[Operator.IN].reference[FactType.STRING] is FactType.STRINGS
    assert LAWS[Operator.IN].form is Form.MANY
