"""Groups of descriptors: asking for fewer columns leaves work undone and changes no number."""

import numpy as np
import pytest
from tests.features.voice.made_voice import made_voice

from mien.core.errors import ConfigError
from mien.features.voice import compare, compare_frames, egemaps, geneva_frames
from mien.features.work_groups import columns_of, with_needs

RATE_HZ = 16000
SETS = {"egemaps": egemaps, "compare": compare}
DRAWN = 6


@pytest.fixture(scope="module")
def clips():
    """Return a voice, a short end of it, and silence."""
    voice = made_voice(RATE_HZ)
    return [voice, voice[-4321:], np.zeros(2000, np.float32)]


@pytest.fixture(scope="module")
def whole(clips):
    return {
        (name, level): one.extract(clips, rate_hz=RATE_HZ, level=level)
        for name, one in SETS.items()
        for level in one.LEVELS
    }


def closures(component):
    """Return each group alone with what it needs, and some that are drawn."""
    groups, draw = component.GROUPS, np.random.default_rng(0)
    drawn = [map(str, draw.choice(list(groups), 3, replace=False)) for _ in range(DRAWN)]
    return [with_needs(groups, *names) for names in [*([one] for one in groups), *drawn]]


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        pytest.param(name, one, id="-".join(sorted(one)))
        for name, component in SETS.items()
        for one in closures(component)
    ],
)
def test_columns_of_some_groups_are_bit_for_bit_those_of_the_whole_set(name, groups, clips, whole):
    component = SETS[name]
    for level in component.LEVELS:
        columns = columns_of(component.NEEDS[level], groups)
        found = component.extract_groups(clips, groups, rate_hz=RATE_HZ, level=level)
        assert found.columns == columns
        expected = whole[name, level].only(columns)
        np.testing.assert_array_equal(found.values, expected.values)
        np.testing.assert_array_equal(found.starts, expected.starts)


@pytest.mark.parametrize("name", SETS)
def test_columns_come_in_the_order_asked_for(name, clips, whole):
    component = SETS[name]
    for level, columns in component.LEVELS.items():
        wanted = columns[-2:0:-7]
        found = component.extract(clips, rate_hz=RATE_HZ, level=level, columns=wanted)
        assert found.columns == wanted
        np.testing.assert_array_equal(found.values, whole[name, level].only(wanted).values)


def test_a_column_of_another_level_is_refused(clips):
    with pytest.raises(ConfigError, match="Did you mean `loudness_sma3_amean`"):
        egemaps.extract(clips, rate_hz=RATE_HZ, columns=["loudness_sma3_mean"])
    with pytest.raises(ConfigError, match="Got column `mfcc1_sma3`"):
        egemaps.extract(clips, rate_hz=RATE_HZ, columns=["mfcc1_sma3"])


def test_what_is_not_asked_for_is_not_computed(clips):
    loud = with_needs(egemaps.GROUPS, "loudness")
    found = geneva_frames.describe_frames(clips, RATE_HZ, groups=loud)
    every = geneva_frames.describe_frames(clips, RATE_HZ)
    assert every.voiced[:, 0].any()
    assert not found.voiced[:, :3].any()
    assert np.flatnonzero(found.spectral.any(axis=0)).tolist() == [0]
    pitch = compare_frames.describe_frames(clips, RATE_HZ, groups=frozenset({"pitch"}))
    assert pitch.voiced[:, 0].any()
    assert not pitch.voiced[:, 2:].any()
    assert not pitch.spectral.any()
    assert not pitch.crossings.any()


@pytest.mark.parametrize(
    ("column", "groups"),
    [
        ("loudness_sma3_amean", {"spectrum", "bands", "loudness"}),
        ("mfcc1V_sma3nz_amean", {"spectrum", "bands", "mfcc", "pitch"}),
        ("slopeUV0-500_sma3nz_amean", {"spectrum", "balance", "pitch"}),
        ("HNRdBACF_sma3nz_amean", {"pitch", "harmonics"}),
        ("F1amplitudeLogRelF0_sma3nz_amean", {"pitch", "harmonics", "formants"}),
        ("equivalentSoundLevel_dBp", {"level"}),
    ],
)
def test_a_column_needs_what_it_is_made_of(column, groups):
    assert egemaps.NEEDS["functionals"][column] == groups


@pytest.mark.parametrize("name", SETS)
def test_groups_stand_behind_what_they_need_and_each_is_needed(name):
    component = SETS[name]
    seen = set()
    for group, one in component.GROUPS.items():
        assert set(one.needs) <= seen
        assert one.meaning
        seen.add(group)
    assert set().union(*component.NEEDS["functionals"].values()) == seen
    for level, columns in component.LEVELS.items():
        assert tuple(component.NEEDS[level]) == columns
