"""Real clips, a real exported model, every kind of rung."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from mien.core.errors import ConfigError, DataError
from mien.evaluation.ladder_answers import answer_ladder, balanced_subset, every_rung, predict_with
from mien.evaluation.robustness import judge_robustness
from mien.prediction.predictor import load_predictor
from mien.signals.degrade import LADDER, apply, clip_generator

RATE_HZ = 16000
SOME = [("white-noise", 5), ("babble", 3), ("packet-loss", 4)]


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    """Return eight short noises on disk, loud ones called anger, of four speakers in two folds."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(8):
        path = tmp_path / f"c{number}.wav"
        level = 0.3 if number % 2 else 0.03
        soundfile.write(path, level * generator.uniform(-1, 1, 6000 + 500 * number), RATE_HZ)
        rows.append(
            {
                "segment": f"c{number}",
                "file": str(path),
                "speaker": f"p{number // 2}",
                "corpus": "made",
                "category": "anger" if number % 2 else "neutral",
                "fold": number // 4,
            }
        )
    return pd.DataFrame(rows, index=range(10, 18))


def loud_is_anger(clips: list[np.ndarray]) -> pd.DataFrame:
    loud = np.array([np.abs(clip).max() > 0.1 for clip in clips], float)
    return pd.DataFrame({"p.anger": loud, "p.neutral": 1 - loud})


def test_clean_clips_come_first_and_every_rung_holds_every_clip(clips):
    found = list(answer_ladder(clips, loud_is_anger, rungs=SOME))
    assert [(name, level) for name, level, _ in found] == [("clean", 0), *SOME]
    for _, _, answers in found:
        assert answers["segment"].tolist() == clips["segment"].tolist()
    assert (found[0][2]["truth"] == found[0][2]["prediction"]).all()
    judged = judge_robustness(
        found[0][2], {(name, level): answers for name, level, answers in found[1:]}, draws=100
    )
    assert judged.rungs["level"].tolist() == [0, 5, 3, 4]


def test_the_model_hears_what_apply_makes_of_each_clip(clips):
    heard = {}

    def remember(samples):
        heard[len(heard)] = samples
        return loud_is_anger(samples)

    list(answer_ladder(clips, remember, rungs=[("white-noise", 5)], seed=3))
    clean = soundfile.read(clips["file"].iloc[2], dtype="float32")[0]
    np.testing.assert_array_equal(heard[0][2], clean)
    generator = clip_generator("c2", "white-noise", seed=3)
    np.testing.assert_array_equal(
        heard[1][2], apply(clean, "white-noise", 5, rate_hz=RATE_HZ, generator=generator)
    )


def test_each_clip_is_answered_by_the_model_of_its_fold(clips):
    asked = {0: [], 1: []}

    def model(fold):
        def predict(samples):
            asked[fold] += [len(one) for one in samples]
            return loud_is_anger(samples)

        return predict

    shuffled = clips.sample(frac=1.0, random_state=0)
    found = list(answer_ladder(shuffled, {0: model(0), 1: model(1)}, rungs=[("gain", 1)]))
    assert sorted(asked[0]) == sorted(2 * [6000, 6500, 7000, 7500])
    assert sorted(asked[1]) == sorted(2 * [8000, 8500, 9000, 9500])
    assert found[0][2]["segment"].tolist() == shuffled["segment"].tolist()
    assert (found[0][2]["truth"] == found[0][2]["prediction"]).all()


def test_recorded_noise_is_left_out_where_there_is_none_and_heard_where_there_is(clips):
    assert len(every_rung()) == 5 * len(LADDER)
    assert {name for name, _ in every_rung()} - {name for name, _ in every_rung(noises=False)} == {
        "recorded-noise"
    }
    with pytest.raises(ConfigError, match="Got no noises"):
        list(answer_ladder(clips, loud_is_anger, rungs=[("recorded-noise", 1)]))
    rain = np.random.default_rng(1).uniform(-1, 1, 4000).astype(np.float32)
    found = list(answer_ladder(clips, loud_is_anger, noises=[rain], rungs=[("recorded-noise", 1)]))
    assert len(found) == 2


def test_an_exported_model_answers_with_its_categories(clips, tiny_model):
    predictor = load_predictor(tiny_model)
    names = list(predictor.summary.categories)
    labelled = clips.assign(category=[names[number % len(names)] for number in range(len(clips))])
    found = list(answer_ladder(labelled, predict_with(predictor), rungs=[("opus", 5)]))
    for _, _, answers in found:
        p = answers[[f"p.{name}" for name in names]].to_numpy()
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    assert not np.allclose(p, found[0][2][[f"p.{name}" for name in names]].to_numpy())


def test_a_subset_is_even_over_speakers_then_categories():
    rows = [("big", f"p{number % 4}", "joy" if number % 7 else "fear") for number in range(400)]
    rows += [("big", "rare", "joy")] * 3 + [("small", "q", "joy")] * 5
    clips = pd.DataFrame(rows, columns=["corpus", "speaker", "category"])
    chosen = balanced_subset(clips, 43, seed=1)
    counts = chosen[chosen["corpus"] == "big"]["speaker"].value_counts()
    assert counts.to_dict() == {"p0": 10, "p1": 10, "p2": 10, "p3": 10, "rare": 3}
    fear = chosen[chosen["category"] == "fear"]["speaker"].value_counts()
    assert fear.to_dict() == dict.fromkeys(["p0", "p1", "p2", "p3"], 5)
    assert (chosen["corpus"] == "small").sum() == 5
    assert chosen.index.is_monotonic_increasing
    assert not balanced_subset(clips, 43, seed=2).index.equals(chosen.index)


def test_bad_models_and_clips_are_refused(clips):
    with pytest.raises(ConfigError, match="Got models for folds 0, expected one for fold 1 too"):
        list(answer_ladder(clips, {0: loud_is_anger}, rungs=SOME))
    with pytest.raises(DataError, match="Got 1 answers of the model for 8 clips"):
        list(answer_ladder(clips, lambda samples: loud_is_anger(samples[:1]), rungs=SOME))
    with pytest.raises(DataError, match="Got 1 known speakers"):
        list(answer_ladder(clips.assign(speaker="p"), loud_is_anger, rungs=[("babble", 1)]))
