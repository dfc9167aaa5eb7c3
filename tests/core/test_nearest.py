from hypothesis import given
from hypothesis import strategies as st

from mien.core.nearest import did_you_mean, nearest


def test_nothing_is_suggested_for_a_word_like_no_other():
    assert nearest("xyzzy", ["anger", "neutral"]) == []
    assert did_you_mean("xyzzy", ["anger", "neutral"]) == ""


def test_at_most_count_names_come_back_the_most_similar_first():
    known = ["warmup", "warmup_step", "warmup_steps", "warm"]
    assert nearest("warmup_step", known, 2) == ["warmup_step", "warmup_steps"]


def test_the_suggestion_reads_as_a_sentence():
    assert did_you_mean("hapiness", ["happiness", "sadness"]).startswith(" Did you mean `happiness`")


@given(st.lists(st.text(min_size=1), unique=True), st.data())
def test_a_known_name_is_its_own_nearest(known, data):
    if known:
        name = data.draw(st.sampled_from(known))
        assert nearest(name, known)[0] == name
