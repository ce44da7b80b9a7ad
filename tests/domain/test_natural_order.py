"""Instance ids and zones are sorted as people read them."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.natural_order import natural_key


def test_numbers_are_compared_as_numbers() -> None:
    assert sorted(["10", "9", "web10", "web9", "", "web"], key=natural_key) == ["", "9", "10", "web", "web9", "web10"]


def test_different_texts_are_never_equal() -> None:
    assert natural_key("1") != natural_key("01")
    assert sorted(["01", "1", "001"], key=natural_key) == ["001", "01", "1"]


@given(st.lists(st.text(alphabet="ab_01²٣9", max_size=5)))
def test_any_texts_can_be_sorted_and_the_order_does_not_depend_on_where_they_came_from(texts: list[str]) -> None:
    backwards = texts[::-1]
    assert sorted(texts, key=natural_key) == sorted(backwards, key=natural_key)
