import itertools

from hypothesis import given
from hypothesis import strategies as st

from mien.signals.windows import window_spans

SIZES = st.integers(1, 40)


def spans_by_trying_every_start(samples, length, hop, shortest):
    """Naive twin: look at every sample as a start."""
    starts = [at for at in range(samples) if at % hop == 0]
    full = [(at, at + length) for at in starts if at + length <= samples]
    last = full[-1][1] if full else 0
    short = [(at, samples) for at in starts if at + length > samples and samples > last]
    if short and (short[0][0] == 0 or samples - short[0][0] >= shortest):
        full.append(short[0])
    return full


@given(samples=st.integers(0, 200), length=SIZES, hop=SIZES, shortest=SIZES)
def test_spans_agree_with_the_naive_twin(samples, length, hop, shortest):
    found = list(window_spans(samples, length=length, hop=hop, shortest=shortest))
    assert found == spans_by_trying_every_start(samples, length, hop, shortest)


@given(samples=st.integers(1, 500), length=SIZES)
def test_windows_without_overlap_add_up_to_the_signal(samples, length):
    spans = list(window_spans(samples, length=length, hop=length, shortest=1))
    assert spans[0][0] == 0
    assert spans[-1][1] == samples
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(spans))


def test_a_signal_shorter_than_every_limit_is_one_window():
    assert list(window_spans(3, length=10, hop=10, shortest=5)) == [(0, 3)]


def test_no_samples_have_no_window():
    assert list(window_spans(0, length=10, hop=10, shortest=5)) == []
