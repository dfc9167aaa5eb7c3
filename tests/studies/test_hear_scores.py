"""Scores of answers agree with naive twins, and intervals draw whole speakers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score

from mien.studies.hear_encoders import Moments
from mien.studies.hear_events import Cleaning, active_labels, choose_cleaning, event_table, events_of
from mien.studies.hear_scores import event_counts, event_result, event_score, scene_result
from mien.studies.hear_task import HearTask


def unheard(row):
    """Fail, as scores need no sound."""
    pytest.fail(f"clip {row} was heard")


def scene_task(metric, *, several=False, groups=True):
    chance = np.random.default_rng(0)
    labels = ("a", "b", "c")
    single = [labels[one] for one in chance.integers(3, size=60)]
    label = [(one, "c") if several and place % 3 == 0 and one != "c" else ((one,) if several else one)
             for place, one in enumerate(single)]  # fmt: skip
    group = [f"s{place % 10}" for place in range(60)] if groups else None
    clips = pd.DataFrame({"clip": [f"c{place}" for place in range(60)], "group": group, "label": label})
    clips["fold"] = [str(place % 5) for place in range(60)]
    return HearTask("t", "t", kind="scene", several=several, metric=metric, labels=labels, clips=clips,
                    sound=unheard, seconds=1.0, licence="made")  # fmt: skip


def answers_of(task):
    chance = np.random.default_rng(1)
    return (task.targets() + chance.uniform(0, 1.5, (60, 3))).astype(np.float32)


def test_uar_is_that_of_scikit_learn_over_all_folds_together():
    task = scene_task("uar")
    answers = answers_of(task)
    halves = [(np.arange(30), answers[:30]), (np.arange(30, 60), answers[30:])]
    found = scene_result(task, halves)
    twin = balanced_accuracy_score(task.targets().argmax(axis=1), answers.argmax(axis=1))
    assert found.value == pytest.approx(twin)
    assert found.units == 10
    assert found.low < found.value < found.high


def test_average_precision_is_the_mean_of_the_folds():
    task = scene_task("map", several=True)
    answers, truth = answers_of(task), task.targets()
    halves = [(np.arange(30), answers[:30]), (np.arange(30, 60), 0.01 * answers[30:])]
    twin = np.mean([average_precision_score(truth[rows], given, average="macro") for rows, given in halves])
    assert scene_result(task, halves).value == pytest.approx(twin)


def test_without_speakers_the_interval_draws_clips():
    found = scene_result(
        scene_task("accuracy", groups=False), [(np.arange(60), answers_of(scene_task("uar")))]
    )
    assert found.units == 60


def event_task():
    events = pd.DataFrame(
        [("x", 0.5, 0.9, "laugh"), ("x", 1.5, 1.7, "sigh"), ("y", 0.2, 0.3, "laugh")],
        columns=["clip", "start", "end", "label"],
    )
    clips = pd.DataFrame({"clip": ["x", "y", "z"], "fold": ["0", "1", "2"], "group": ["0", "1", "2"]})
    return HearTask("e", "e", kind="timestamp", several=True, metric="onset-f1", labels=("laugh", "sigh"),
                    clips=clips, sound=unheard, seconds=2.0, licence="made", events=events)  # fmt: skip


def test_onsets_are_counted_by_clip_and_label():
    found = pd.DataFrame(
        [("x", 0.6, "laugh"), ("x", 1.6, "laugh"), ("y", 0.5, "laugh"), ("z", 0.1, "sigh")],
        columns=["clip", "start", "label"],
    )
    counts = event_counts(event_task(), np.arange(3), found)
    assert counts["matched"].tolist() == [1, 0, 0]
    assert counts["true"].tolist() == [2, 1, 0]
    assert counts["predicted"].tolist() == [2, 1, 1]
    assert event_score(event_task(), np.arange(3), found) == pytest.approx(2 * 1 / (3 + 4))
    assert event_result(event_task(), np.arange(3), found).value == pytest.approx(2 / 7)
    assert event_score(event_task(), np.array([1]), found) == 0.0


def test_events_are_made_of_their_own_labels():
    task = event_task()
    ms = 50.0 + 100 * np.arange(20)
    found = [Moments(active_labels(task, row, ms), ms) for row in range(3)]
    table = event_table(task, np.arange(3), found, Cleaning())
    np.testing.assert_allclose(table["start"], task.events["start"], atol=1e-9)
    np.testing.assert_allclose(table["end"], task.events["end"], atol=1e-9)
    assert choose_cleaning(task, np.arange(3), found)[1] == 1.0


def test_an_event_shorter_than_a_step_is_still_taught():
    ms = 500.0 + 1000 * np.arange(2)
    active = active_labels(event_task(), 1, ms)
    assert active.tolist() == [[1, 0], [0, 0]]


def test_median_filter_and_least_duration_clean_what_flickers():
    ms = 25.0 + 50 * np.arange(12)
    active = np.array([0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0.0])[:, None]
    raw = events_of(Moments(active, ms), ["a"], Cleaning())
    smooth = events_of(Moments(active, ms), ["a"], Cleaning(median_ms=150.0))
    long = events_of(Moments(active, ms), ["a"], Cleaning(least_ms=100.0))
    assert [one[0] for one in raw] == pytest.approx([0.05, 0.25, 0.4])
    assert [one[:2] for one in smooth] == [pytest.approx((0.25, 0.5))]
    assert [one[0] for one in long] == pytest.approx([0.25, 0.4])


def test_a_lower_threshold_finds_more():
    ms = 50.0 + 100 * np.arange(4)
    faint = Moments(np.array([[0.1], [0.4], [0.1], [0.9]]), ms)
    assert len(events_of(faint, ["a"], Cleaning(0.5))) == 1
    assert len(events_of(faint, ["a"], Cleaning(0.35))) == 2
