import pytest

from mien.core.errors import ConfigError
from mien.studies.system_words import LEARNERS, read_system, read_systems


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_is_read_with_its_streams(learner):
    found = read_system(f"egemaps,minilm+{learner}")
    assert (found.kind, found.streams, found.learner) == ("learned", ("egemaps", "minilm"), learner)


def test_per_speaker_normalization_is_a_condition_of_its_own():
    assert read_system("egemaps+speaker+svm").per_speaker
    assert not read_system("egemaps+svm").per_speaker


def test_fused_systems_may_have_several_streams_themselves():
    found = read_system("late(egemaps,minilm+svm,voice-small,whisper-tiny+probe)")
    assert [part.name for part in found.parts] == ["egemaps,minilm+svm", "voice-small", "whisper-tiny+probe"]
    assert [part.kind for part in found.parts] == ["learned", "shipped", "tuned"]


def test_predictions_on_disk_are_a_system(tmp_path):
    (tmp_path / "predictions.parquet").write_bytes(b"")
    assert read_system(str(tmp_path)).kind == "stored"
    assert read_system("answers.csv").kind == "stored"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("egemaps", "Got system `egemaps`"),
        ("egemaps+svn", "Did you mean `svm`?"),
        ("voice-smal", "Did you mean `voice-small`"),
        ("+svm", "Got system `+svm`"),
        ("egemaps+loud+svm", "between stream and learner stands only `speaker`"),
        ("egemaps,minilm+lora", "expected one encoder for lora"),
        ("late(egemaps+svm)", "at least two systems to fuse"),
    ],
)
def test_a_word_that_is_no_system_says_what_one_is(word, said):
    with pytest.raises(ConfigError, match="Got") as error:
        read_system(word)
    assert said in str(error.value)


def test_a_system_twice_is_refused():
    with pytest.raises(ConfigError, match="twice"):
        read_systems(["majority", "majority"])
    with pytest.raises(ConfigError, match="no system"):
        read_systems([])
