"""A source is a plain value, so that it can be kept and compared."""

from tidegate.policy.source import PolicySource


def test_the_same_text_of_the_same_file_is_the_same_source() -> None:
    one, same = PolicySource(file="a.yaml", text="x"), PolicySource(file="a.yaml", text="x")
    assert one == same
    assert hash(one) == hash(same)
    assert one != PolicySource(file="b.yaml", text="x")
