import pytest


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--teacher", "voice-smal", "--student", "mel-recurrent"], "Did you mean `voice-small`"),
        (["--teacher", "voice-small", "--student", "mel-recurrent"], "no recording that can be read"),
        (["--teacher", "voice-small"], "--student"),
    ],
)
def test_mistakes_are_one_line_that_says_what_to_do(mien, words: list[str], message: str) -> None:
    done = mien("distill", *words, "--data", ".", "--out", "small")
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
