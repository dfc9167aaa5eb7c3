"""Fit one network of a fine-tuning run on some of its clips."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from mien.training.adapters import CATEGORY, build_tuned
from mien.training.fine_tune_run import TuneRun
from mien.training.fine_tune_settings import TuneTraining
from mien.training.loop import Fit, fit
from mien.training.objectives.targets import check_targets
from mien.training.progress import Moment, show_progress
from mien.training.supervised import Supervised
from mien.training.tune_batches import TuneBatches, member_weights

Progress = Callable[[Moment], None]
WARM_STEPS, MOST_WARM_EPOCHS, WARM_BATCH = 300, 60, 32
"""How long heads are trained before the encoder moves."""


def check_rows(run: TuneRun, rows: Any) -> None:
    """Refuse clips that cannot be trained on.

    Args:
        run: says what is learned.
        rows: `(clips,)`, positions in the table.

    Raises:
        DataError: they have one category only, or a rating of one value only.
    """
    data = run.settings.data
    for task, values in run.data.targets.items():
        check_targets(
            values[rows],
            kind="category" if task == CATEGORY else "dimensions",
            count=len(data.categories if task == CATEGORY else data.dimensions),
            task=data.category or ", ".join(data.dimensions),
        )


def fit_rows(
    run: TuneRun,
    train: Any,
    dev: Any,
    *,
    seed: int,
    config: TuneTraining | None = None,
    folder: Path | None = None,
    title: str = "",
) -> tuple[Supervised, Fit]:
    """Train one network of a run, and choose its epoch on dev.

    Args:
        run: settings and clips.
        train: `(clips,)`, positions in the table of what trains.
        dev: `(clips,)`, positions of what chooses the epoch; with none, the last epoch is taken.
        seed: seeds the weights and the order of clips.
        config: how to train; by default the run's own way.
        folder: for checkpoints; None keeps none.
        title: what progress is shown under; empty shows none.

    Raises:
        ConfigError: out of memory, or settings that do not fit.
        DataError: a loss that is no number.
    """
    settings = run.settings
    config = config or settings.training
    if not len(dev):
        config = config.model_copy(update={"patience": 0})
    torch.manual_seed(seed)
    net = run.build(train)
    weights = member_weights(
        run.target.classes, train, members=settings.net.members, balance=config.balance, seed=seed,
        apart=settings.net.ensemble is not None,
    )  # fmt: skip
    if settings.net.warm_start and settings.net.weights and settings.net.adapt != "probe":
        _warm_start(run, net, train, weights, seed=seed)
    batches = TuneBatches(run.data, train, weights, config, seed)
    how: dict[str, Any] = {"config": config, "seed": seed, "folder": folder}
    how["dev"] = (lambda objective: run.dev_score(objective, dev)) if len(dev) else None
    with show_progress(f"{settings.name} {title}") if title else nullcontext() as progress:
        return net, fit(net, batches, **how, progress=_telling(progress, settings.net.adapt))


def _warm_start(run: TuneRun, net: Supervised, train: Any, weights: Any, *, seed: int) -> None:
    """Train mix and heads on the encoder as it is, so that it need not move for what they do not know yet.

    Source:
        A. Kumar et al., Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution,
        ICLR 2022.
    """
    data, config = run.settings.data, run.settings.net.model_copy(update={"adapt": "probe"})
    probe = build_tuned(
        net.encoder.described, config, categories=len(data.categories), dimensions=len(data.dimensions)
    )
    probe.mix, probe.heads = net.mix, net.heads
    steps = -(-len(train) // WARM_BATCH)
    training = TuneTraining(
        epochs=min(MOST_WARM_EPOCHS, -(-WARM_STEPS // steps)),
        learning_rate=1e-3,
        average_decay=0.95,
        batch_size=WARM_BATCH,
    )
    fit(probe, TuneBatches(run.data_as_is, train, weights, training, seed), config=training, seed=seed)


def _telling(progress: Progress | None, adapt: str) -> Progress | None:
    """Return what passes on the moments that are worth a line: epochs of a probe pass in a moment."""

    def tell(moment: Moment) -> None:
        quick = adapt == "probe" and moment.record is not None
        if not quick or moment.epoch % 25 == 0 or moment.epoch == moment.epochs:
            progress(moment)

    return None if progress is None else tell
