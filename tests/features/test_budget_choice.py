"""A set chosen for a task, stored and applied: on planted costs, and on EmoDB."""

import json

import numpy as np
import pandas as pd
import pytest

from mien.core.errors import ConfigError, InputError
from mien.features.budget_choice import choose_descriptors, read_choice, write_choice
from mien.features.extraction import extract_table
from mien.features.group_costs import ALWAYS, groups_of, made_voice, measure_groups, measure_sets
from mien.features.group_score import GroupScore
from mien.features.voice.egemaps import GROUPS, NEEDS, extract
from mien.features.work_groups import with_needs

# seconds per second, measured once
COSTS = {
    **{ALWAYS: 4e-5, "spectrum": 4.7e-4, "bands": 4e-5, "loudness": 2e-5, "balance": 7e-5, "flux": 5e-5},
    **{
        "mfcc": 3e-5,
        "level": 1.2e-4,
        "pitch": 2e-3,
        "periods": 2e-4,
        "harmonics": 1.2e-3,
        "formants": 1.9e-3,
    },
}
BUDGET = 0.003
CLIPS = 12


@pytest.fixture(scope="module")
def emodb(data_root):
    """Return all functionals, labels and speakers of some clips of each speaker."""
    table = pd.read_csv(data_root / "emodb" / "index.csv", dtype=str)
    some = table.groupby("speaker").sample(CLIPS, random_state=0).reset_index(drop=True)
    some["file"] = [str(data_root / "emodb" / name) for name in some["file"]]
    return extract_table("egemaps", some[["file"]]), some["emotion"], some["speaker"]


@pytest.fixture(scope="module")
def chosen(emodb):
    return choose(emodb, COSTS)


def choose(emodb, costs, budget_rtf=BUDGET):
    described, labels, speakers = emodb
    options = {"clips": [made_voice(2.0, 16000)], "rate_hz": 16000, "budget_rtf": budget_rtf}
    return choose_descriptors("egemaps", described, labels, speakers=speakers, costs=costs, **options)


def test_a_set_for_real_speech_is_within_the_budget_and_tells_more_than_chance(chosen):
    last = chosen.steps[-1]
    assert last.cost_rtf <= BUDGET
    assert last.score > 0.4
    assert chosen.columns == tuple(
        name for name, needs in NEEDS["functionals"].items() if needs <= set(last.groups)
    )
    assert chosen.score["rows"] == 10 * CLIPS


def test_it_beats_sets_that_are_drawn_within_the_same_budget(emodb, chosen):
    described, labels, speakers = emodb
    blocks = {}
    for column, needs in NEEDS["functionals"].items():
        blocks.setdefault(needs, []).append(column)
    score = GroupScore(
        {needs: described[names].to_numpy() for needs, names in blocks.items()}, labels, speakers
    )
    draw, drawn, units = np.random.default_rng(0), [], list(blocks)
    for _ in range(30):
        groups, spent = frozenset(), COSTS[ALWAYS]
        for at in draw.permutation(len(units)):
            cost = COSTS[ALWAYS] + sum(COSTS[one] for one in groups | units[at])
            if cost <= BUDGET:
                groups, spent = groups | units[at], cost
        drawn.append((score(groups), spent))
    assert chosen.steps[-1].score >= max(one for one, _ in drawn)
    assert chosen.steps[-1].score > np.mean([one for one, _ in drawn])


def test_more_budget_never_scores_less_on_real_speech(emodb):
    ends = [choose(emodb, COSTS, budget_rtf=rtf).steps[-1].score for rtf in (3e-4, 8e-4, 2.6e-3, 1e-2)]
    assert ends == sorted(ends)


def test_a_choice_is_read_as_it_was_written_and_its_costs_lead_to_it_again(emodb, chosen, tmp_path):
    path = tmp_path / "x.choice.json"
    write_choice(chosen, path)
    read = read_choice(path, "egemaps")
    assert read == chosen
    again = choose(emodb, read.costs)
    assert (again.steps, again.frontier, again.columns) == (chosen.steps, chosen.frontier, chosen.columns)


def test_its_columns_of_other_clips_are_those_of_the_whole_set(chosen):
    clip = made_voice(1.0, 16000)
    fewer = extract([clip], rate_hz=16000, columns=chosen.columns)
    np.testing.assert_array_equal(fewer.values, extract([clip], rate_hz=16000).only(chosen.columns).values)


def test_files_that_hold_no_choice_of_the_set_are_refused(chosen, tmp_path):
    path = tmp_path / "x.choice.json"
    with pytest.raises(InputError, match="holds no choice"):
        read_choice(path, "egemaps")
    for text in ("", "[]", "{}", json.dumps({"steps": [{}], "frontier": []})):
        path.write_text(text)
        with pytest.raises(InputError, match="holds no choice"):
            read_choice(path, "egemaps")
    write_choice(chosen, path)
    with pytest.raises(ConfigError, match="expected one of `compare`"):
        read_choice(path, "compare")


def test_costs_of_other_groups_are_refused(emodb):
    with pytest.raises(ConfigError, match="Got no cost of pitch"):
        choose(emodb, {name: cost for name, cost in COSTS.items() if name != "pitch"})


def test_every_group_is_measured():
    clips = [made_voice(1.5, 16000)]
    costs = measure_groups("egemaps", clips)
    assert list(costs) == [ALWAYS, *GROUPS]
    assert min(costs.values()) >= 0
    assert costs[ALWAYS] > 0
    sets = [with_needs(GROUPS, one) for one in ("pitch", "level")]
    pitch, level = measure_sets("egemaps", sets, clips, rate_hz=16000)
    assert min(pitch, level) > 0
    assert groups_of("egemaps") is GROUPS


def test_the_made_up_voice_has_voice_and_pauses():
    found = extract(
        [made_voice(5.0, 16000)],
        rate_hz=16000,
        columns=["VoicedSegmentsPerSec", "F0semitoneFrom27.5Hz_sma3nz_amean"],
    )
    assert 0.5 < found.values[0, 0] < 2
    assert found.values[0, 1] == pytest.approx(12 * np.log2(140 / 27.5), abs=1.5)
