from hypothesis import given
from hypothesis import strategies as st

from mien.signals.speech_regions import RegionFinder

PROBABILITIES = st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.9]), max_size=300)


def finder(**changes) -> RegionFinder:
    return RegionFinder(**{"on": 0.5, "off": 0.35, "shortest": 2, "pause": 3, "longest": 20, **changes})


def find(probabilities, **changes):
    one = finder(**changes)
    return [*one.push(probabilities), *one.finish()]


def spans(regions):
    return [(region.start, region.end) for region in regions]


def test_speech_between_silences_is_one_region():
    assert spans(find([0, 0, 0.9, 0.9, 0.9, 0, 0, 0, 0])) == [(2, 5)]


def test_a_pause_that_is_too_short_does_not_end_a_region():
    assert spans(find([0.9, 0.9, 0, 0, 0.9, 0.9])) == [(0, 6)]


def test_a_pause_that_is_long_enough_ends_a_region():
    assert spans(find([0.9, 0.9, 0, 0, 0, 0.9, 0.9])) == [(0, 2), (5, 7)]


def test_speech_that_is_too_short_is_left_out():
    assert find([0.9, 0, 0, 0, 0]) == []


def test_doubtful_frames_hold_speech_but_do_not_begin_it():
    assert spans(find([0.4, 0.4, 0.9, 0.4, 0.4, 0, 0, 0])) == [(2, 5)]


def test_long_speech_is_split_at_its_least_speech_like_point():
    probabilities = [0.9] * 60
    probabilities[14] = probabilities[15] = probabilities[16] = 0.4
    regions = find(probabilities)
    assert regions[0].end == 15
    assert regions[0].is_continued
    assert regions[1].continues


@given(PROBABILITIES)
def test_regions_are_ordered_disjoint_and_within_bounds(probabilities):
    regions = find(probabilities)
    edges = [edge for region in regions for edge in (region.start, region.end)]
    assert edges == sorted(edges)
    assert all(0 <= region.start < region.end <= len(probabilities) for region in regions)
    assert all(region.end - region.start <= 20 for region in regions)


@given(PROBABILITIES)
def test_frames_one_by_one_give_the_same_regions(probabilities):
    one = finder()
    found = [region for p in probabilities for region in one.push([p])] + one.finish()
    assert found == find(probabilities)


@given(PROBABILITIES)
def test_no_frame_that_surely_is_speech_is_lost_but_in_short_regions(probabilities):
    regions = find(probabilities, shortest=1)
    covered = {frame for region in regions for frame in range(region.start, region.end)}
    assert {frame for frame, p in enumerate(probabilities) if p >= 0.5} <= covered
