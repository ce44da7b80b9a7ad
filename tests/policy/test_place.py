"""Places read as editors and compilers write them."""

from tidegate.policy.place import Place


def test_a_place_reads_as_file_line_column() -> None:
    assert str(Place(file="rules/a.yaml", line=3, column=14)) == "rules/a.yaml:3:14"


def test_places_are_ordered_as_the_text_is() -> None:
    early, late = Place(file="a", line=2, column=9), Place(file="a", line=10, column=1)
    assert sorted([late, early]) == [early, late]
