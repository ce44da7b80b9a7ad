"""Stories: whole upgrades as transcripts. `pytest --rewrite` writes them anew; then read what changed as a stranger."""

from pathlib import Path

import pytest

from tests.upgrade.storyteller import Storyteller
from tests.upgrade.transcript import read_transcript, replay

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_the_story_goes_as_it_is_written(story: Path, rewrite: bool) -> None:
    replay(story, Storyteller().tell, rewrite)


def test_there_are_stories() -> None:
    assert len(STORIES) >= 15


def test_a_story_that_goes_otherwise_is_found(tmp_path: Path) -> None:
    story = tmp_path / "wrong.txt"
    story.write_text("# It begins.\nstart instances=1\n----\nbatch 1: 7\n\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"wrong\.txt:1: start instances=1"):
        replay(story, Storyteller().tell, rewrite=False)


def test_rewriting_keeps_remarks_and_writes_what_comes_of_the_commands(tmp_path: Path) -> None:
    story = tmp_path / "new.txt"
    story.write_text("# It begins.\nstart instances=1\n----\nnonsense\n\nwait 1\n----\n\n", encoding="utf-8")
    replay(story, Storyteller().tell, rewrite=True)
    first, second = read_transcript(story.read_text(encoding="utf-8"))
    assert first.text.startswith("# It begins.")
    assert first.output.startswith("batch 1: 0\n= CHECKING RollingForward")
    assert second.output == ""
    replay(story, Storyteller().tell, rewrite=False)
