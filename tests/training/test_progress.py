"""What a person sees of a run."""

import io
import logging

import pytest
from rich.console import Console

from mien.training import progress as module
from mien.training.progress import Moment, show_progress
from mien.training.run_log import EpochRecord


def test_elsewhere_than_on_a_terminal_each_epoch_is_one_line(caplog):
    silent = Console(file=io.StringIO(), force_terminal=False)
    with caplog.at_level(logging.INFO), show_progress("trial", console=silent) as progress:
        for epoch in (1, 2):
            progress(Moment(epoch, 2, 1, 2, 0.9))
            progress(Moment(epoch, 2, 2, 2, 0.8))
            progress(Moment(epoch, 2, 2, 2, 0.8, EpochRecord(epoch, 0.85, dev=0.5)))
    assert [line.split(",")[0] for line in caplog.messages] == [
        "trial epoch 1/2 loss 0.8500 dev 0.5000",
        "trial epoch 2/2 loss 0.8500 dev 0.5000",
    ]
    assert caplog.messages[1].endswith(", 0 s left")


def test_a_long_epoch_says_now_and_then_where_it_is(caplog, monkeypatch):
    monkeypatch.setattr(module, "LINE_EVERY_S", 0.0)
    with (
        caplog.at_level(logging.INFO),
        show_progress("trial", console=Console(file=io.StringIO())) as progress,
    ):
        progress(Moment(3, 10, 7, 40, 0.9))
    assert caplog.messages == ["trial epoch 3/10 step 7/40 loss 0.9000"]


def test_on_a_terminal_a_bar_moves(caplog):
    drawn = io.StringIO()
    terminal = Console(file=drawn, force_terminal=True, width=120)
    with caplog.at_level(logging.INFO), show_progress("trial", console=terminal) as progress:
        progress(Moment(2, 2, 2, 2, 0.8, EpochRecord(2, 0.85)))
    assert "epoch 2/2 loss 0.8500" in drawn.getvalue()
    assert not caplog.messages


@pytest.mark.parametrize(("epoch", "step", "share"), [(1, 0, 0.0), (1, 5, 0.25), (2, 10, 1.0), (2, 99, 1.0)])
def test_the_share_counts_steps(epoch, step, share):
    assert Moment(epoch, 2, step, 10, 0.0).share == pytest.approx(share)
