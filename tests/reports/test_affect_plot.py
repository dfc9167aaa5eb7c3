"""The matplotlib figure draws what the table holds."""

import matplotlib
import pandas as pd
import pytest

from mien.core.errors import InputError
from mien.reports.affect_plot import plot_affect

matplotlib.use("Agg")
pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot.close("all")


def test_categories_are_stacked_to_one_and_abstentions_hatched(made) -> None:
    table = made.table(segments=10)
    table["abstain"] = [index == 4 for index in range(10)]
    upper, _ = plot_affect(table).axes
    bars = [bar for bar in upper.patches if not bar.get_hatch()]
    assert len(bars) == 10 * len(made.CATEGORIES)
    assert max(bar.get_y() + bar.get_height() for bar in bars) == pytest.approx(1)
    hatched = [bar for bar in upper.patches if bar.get_hatch()]
    assert [bar.get_x() for bar in hatched] == [table["start"].iloc[4]]


def test_only_derived_dimensions_are_dotted(made) -> None:
    _, lower = plot_affect(made.table()).axes
    styles = {line.get_label(): line.get_linestyle() for line in lower.lines}
    assert styles["valence (derived)"] == ":"
    assert styles["intensity"] == "-"


def test_given_axes_are_used(made) -> None:
    figure, axes = pyplot.subplots(2)
    assert plot_affect(made.table(), axes=axes) is figure
    figure, one = pyplot.subplots()
    assert plot_affect(made.table(), axes=one) is figure
    assert one.patches


def test_several_recordings_are_drawn_side_by_side(made) -> None:
    figure = plot_affect(pd.concat([made.table("a.wav"), made.table("b.wav")]))
    assert len(figure.axes) == 4


def test_too_many_or_no_recordings_are_refused_with_a_remedy(made) -> None:
    with pytest.raises(InputError, match="pass one recording's rows"):
        plot_affect(pd.concat([made.table(f"{index}.wav") for index in range(7)]))
    with pytest.raises(InputError, match="0 files"):
        plot_affect(made.table(segments=0))
    _, axes = pyplot.subplots(2)
    with pytest.raises(InputError, match="2 files"):
        plot_affect(pd.concat([made.table("a.wav"), made.table("b.wav")]), axes=axes)


def test_models_with_only_dimensions_are_drawn(made) -> None:
    upper, lower = plot_affect(made.table(categories=())).axes
    assert not upper.patches
    assert lower.lines
