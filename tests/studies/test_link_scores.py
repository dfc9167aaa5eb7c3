"""Planted links: who helps earns its place, who harms is said to, who does nothing gets no star."""

import numpy as np
import pandas as pd
import pytest

from mien.evaluation import paired_scores
from mien.evaluation.answers import with_truth
from mien.evaluation.pairing import Pair
from mien.evaluation.summed_scores import find_score
from mien.reports.ablation_words import EARNS, HARMS, OPEN, UNTOLD
from mien.studies.link_scores import compare_sides, judge_links

CLASSES = ("anger", "joy", "sadness")
DRAWS = 100


def answers(right, *, speakers=10, per_class=6, seed=0, sure=0.7):
    """Return answers of which a share `right` is right, more or less by speaker."""
    generator = np.random.default_rng(seed)
    truth = np.tile(np.repeat(np.arange(3), per_class), speakers)
    speaker = np.repeat(np.arange(speakers), 3 * per_class)
    skill = np.clip(right + generator.normal(0, 0.08, speakers), 0, 1)[speaker]
    said = np.where(
        generator.random(len(truth)) < skill, truth, (truth + generator.integers(1, 3, len(truth))) % 3
    )
    chances = np.full((len(truth), 3), (1 - sure) / 2)
    chances[np.arange(len(truth)), said] = sure
    table = pd.DataFrame(chances, columns=[f"p.{name}" for name in CLASSES])
    table["segment"] = [f"s{row}" for row in range(len(truth))]
    table["truth"], table["speaker"], table["corpus"] = np.array(CLASSES)[truth], speaker.astype(str), "made"
    return with_truth(table).assign(seed=0)


def judged(*pairs, metric="uar"):
    found = [compare_sides(*pair, metric=metric, draws=DRAWS) for pair in pairs]
    return judge_links([{"corpus": "made", "link": str(place)} | one for place, one in enumerate(found)])


def test_a_link_that_helps_earns_its_place_and_its_mirror_does_harm():
    better, worse = answers(0.85, seed=1), answers(0.6, seed=2)
    rows, tests = judged((better, worse), (worse, better))
    assert tests == 2
    assert list(rows["verdict"]) == [EARNS, HARMS]
    assert rows["difference"].iloc[0] == pytest.approx(-rows["difference"].iloc[1])
    assert rows["low"].iloc[0] > 0 > rows["high"].iloc[1]
    assert rows["stars"].ne("").all()


def same_system_twice(generator):
    """Return a pair of equally good systems on 8 speakers, one of them as easy to hear as the other."""
    truth, speaker = np.tile(np.repeat(CLASSES, 3), 8).astype(object), np.repeat(np.arange(8), 9)
    skill = np.clip(0.7 + generator.normal(0, 0.1, 8), 0, 1)[speaker]
    sides = []
    for _ in range(2):
        wrong = generator.permuted(np.tile(CLASSES, (len(truth), 1)), axis=1)[:, 0].astype(object)
        said = np.where(generator.random(len(truth)) < skill, truth, wrong)
        sides.append([pd.DataFrame({"truth": truth, "prediction": said})])
    return Pair(pd.DataFrame({"corpus": "made", "speaker": speaker}), *sides, [])


def test_links_that_do_nothing_get_a_star_in_at_most_one_of_twenty_simulations():
    generator = np.random.default_rng(3)
    false_alarms = []
    for _ in range(200):
        pairs = [same_system_twice(generator) for _ in range(2)]
        score = find_score("uar", pairs[0].first[0])
        found = [
            paired_scores.compare_scores(one, score, paired_scores.Testing("permutation", 13, 0))
            for one in pairs
        ]
        rows, _ = judge_links([{"corpus": "made", "link": "none", "metric": "uar"} | one for one in found])
        false_alarms.append(rows["verdict"].isin([EARNS, HARMS]).any())
    assert sum(false_alarms) <= 10
    assert any(false_alarms)  # a test that never finds anything would pass as well


def test_where_nothing_is_shown_the_size_that_could_have_been_seen_is_named():
    rows, _ = judged((answers(0.72, seed=3), answers(0.7, seed=4)))
    row = rows.iloc[0]
    assert row["verdict"].startswith(OPEN)
    assert f"≥ {100 * row['detectable']:.1f} points" in row["verdict"]
    assert "10 speakers" in row["verdict"]


def test_too_few_speakers_are_said_to_be_too_few_and_no_link_is_called_useless():
    rows, _ = judged((answers(0.9, speakers=4, seed=5), answers(0.4, speakers=4, seed=6)))
    assert rows["verdict"].iloc[0].startswith(UNTOLD)
    assert "4 speakers" in rows["verdict"].iloc[0]


def test_the_same_answers_on_both_sides_show_no_difference():
    one = answers(0.7)
    rows, _ = judged((one, one))
    assert rows["verdict"].iloc[0] == f"{OPEN}: the score is the same with and without"


def test_by_log_likelihood_less_is_better():
    well, badly = answers(0.7, seed=7), answers(0.7, seed=7, sure=0.999)
    rows, _ = judged((well, badly), metric="nll")
    assert rows["difference"].iloc[0] < 0
    assert rows["verdict"].iloc[0] == EARNS


def test_p_values_are_corrected_over_the_links_of_a_corpus_as_holm_says():
    pairs = [(answers(0.7 + 0.05 * step, seed=20 + step), answers(0.7, seed=30 + step)) for step in range(3)]
    rows, tests = judged(*pairs)
    p, order = rows["p"].to_numpy(), rows["p"].to_numpy().argsort()
    stepped = np.minimum(np.maximum.accumulate(p[order] * np.array([3, 2, 1])), 1)
    assert tests == 3
    assert rows["p_corrected"].to_numpy()[order] == pytest.approx(stepped)


def test_sides_that_answered_other_clips_are_not_judged_and_say_why():
    rows, tests = judged((answers(0.7), answers(0.7).iloc[1:]))
    assert tests == 0
    assert rows["verdict"].iloc[0].startswith("not judged")
    assert "items only in" in rows["note"].iloc[0]


def test_unknown_speakers_leave_the_difference_untold():
    nobody = [answers(share, seed=seed).assign(speaker=pd.NA) for share, seed in ((0.9, 8), (0.5, 9))]
    rows, tests = judged(tuple(nobody))
    assert tests == 0
    assert rows["verdict"].iloc[0].startswith(f"{UNTOLD}: no test by speaker")
