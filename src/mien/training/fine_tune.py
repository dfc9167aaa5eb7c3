"""Fine-tune on a table of one's own clips: honest folds, then the refit that ships."""

import json
import logging
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mien.core.errors import ConfigError
from mien.core.files import write_atomically
from mien.core.registry import names
from mien.core.settings import override_settings, parse, signature
from mien.corpora.labelled_files import Missing
from mien.corpora.split import Fold
from mien.evaluation.run_evaluation import make_folder
from mien.nets.encoder_facts import describe_encoder
from mien.nets.load_encoder import load_encoder
from mien.prediction.model_card import ModelSummary
from mien.training.adapters import CATEGORY, DIMENSIONS, build_tuned
from mien.training.fine_tune_run import TuneRun
from mien.training.fine_tune_settings import FineTune, TuneTraining, training_defaults
from mien.training.fine_tune_shipping import check_export, ship_tuned
from mien.training.held_out import plan_folds
from mien.training.loop import fit
from mien.training.model_card import NOT_STATED
from mien.training.objectives.targets import check_targets
from mien.training.progress import Moment, show_progress
from mien.training.supervised import Supervised
from mien.training.target_table import Scales, TargetTable, read_targets
from mien.training.tune_batches import TuneBatches, answer, member_weights

LOGGER = logging.getLogger(__name__)
WARM_STEPS, MOST_WARM_EPOCHS, WARM_BATCH = 300, 60, 32
"""How long heads are trained before the encoder moves."""

OPEN_LICENCES = ("CC0", "CC BY 4", "CC BY-SA 4", "CC-BY-4", "CC-BY-SA-4", "Apache", "MIT", "BSD")


def fine_tune(
    source: str,
    *,
    encoder: str,
    adapt: str = "probe",
    targets: Sequence[str] = (),
    data: Path | None = None,
    root: Path | None = None,
    folds: int = 5,
    split_column: str | None = None,
    categories: Sequence[str] = (),
    scales: Scales | None = None,
    missing: Missing = "raise",
    epochs: int | None = None,
    licence: str | None = None,
    name: str | None = None,
    seed: int = 7,
    overrides: Sequence[str] = (),
    out: Path = Path("runs"),
    download: bool = False,
) -> Path:
    """Train an encoder on labelled clips and write scores, report, card and a model for `mien analyze`.

    Every score comes from speakers that the model in question had not heard; what is chosen (the number of
    epochs) is chosen on others. The model that ships is trained on everything for as many epochs as the folds
    needed. A run that was stopped goes on where it was, and one that is finished is not repeated.

    Args:
        source: table of clips (`.csv`, `.tsv`, `.parquet`; columns `file`, the targets, and where known
            `speaker`, `sex`, `split`, `start`, `end`), or the name of a corpus.
        encoder: as for `load_encoder`.
        adapt: `probe` freezes the encoder, `lora` adds low-rank matrices, `full` trains every weight.
        targets: columns to learn: one of categories, any number of ratings.
        data: folder of corpora, for a corpus.
        root: folder that relative paths of the table start from.
        folds: of speakers; not used where the table has a split.
        split_column: column with train, dev, test; `none` ignores one that is there.
        categories: that may occur, in the order of the outputs.
        scales: rating → lowest and highest value.
        missing: `raise` or `drop` clips whose files are not there.
        epochs: passes over the data at most; by default what fits the way to adapt.
        licence: of the weights; `not stated` by default.
        name: of the model; by default made of table, encoder and way to adapt.
        seed: seeds everything.
        overrides: settings such as `training.learning_rate=1e-4`.
        out: folder of runs.
        download: True if the user asked for the encoder to be fetched.

    Returns:
        The run's folder `<name>-<8 hex of the settings>`, with `model/`, `evaluation/`,
        `predictions.parquet`, `recipe.toml`, `run.json` and `log.jsonl`.

    Raises:
        ConfigError: an unknown encoder, target, setting or way to adapt, or out of memory.
        DataError: labels, recordings or speakers that cannot be trained on.
        InputError: `out` cannot be written.
    """
    began = time.monotonic()
    make_folder(out)
    target = read_targets(
        source, targets, data=data, root=root, split_column=split_column, categories=categories,
        scales=scales, missing=missing,
    )  # fmt: skip
    facts = describe_encoder(encoder, download=download)
    _check_encoder(encoder, facts, adapt)
    settings = _resolve(
        target, facts, overrides, encoder=encoder, adapt=adapt, folds=folds, epochs=epochs, licence=licence,
        name=name, seed=seed,
    )  # fmt: skip
    plan = plan_folds(target.table, target.stratum, folds=settings.data.folds, seed=settings.seed)
    for note in (*target.notes, *plan.notes):
        LOGGER.warning("%s", note)
    folder = make_folder(out / f"{settings.name}-{signature(settings.model_dump(mode='json'))}")
    run = TuneRun(settings, target, plan, folder, facts, out / "descriptions", download=download)
    train_parts(run)
    if (folder / "model" / "CARD.md").is_file():
        LOGGER.info("This run is finished; nothing was trained again.")
    else:
        ship_tuned(run, seconds=time.monotonic() - began)
    return folder


def _resolve(
    target: TargetTable,
    facts: ModelSummary,
    overrides: Sequence[str],
    *,
    encoder: str,
    adapt: str,
    folds: int,
    epochs: int | None,
    licence: str | None,
    name: str | None,
    seed: int,
) -> FineTune:
    """Return the settings that were asked for, with what fits the way to adapt where nothing was said."""
    data = {
        "source": target.name,
        "content": target.content(),
        "category": target.category,
        "categories": list(target.categories),
        "dimensions": list(target.scales),
        "scales": [list(scale) for scale in target.scales.values()],
        "folds": folds,
    }
    training = training_defaults(adapt, pretrained=bool(facts.sha256))
    plain: dict[str, Any] = {
        "name": name or f"{target.name}-{Path(encoder).name.split(':')[-1]}-{adapt}",
        "licence": licence or NOT_STATED,
        "shelf": shelf_of(licence, facts.shelf, target.shelf),
        "seed": seed,
        "data": data,
        "net": {"encoder": encoder, "weights": facts.sha256, "adapt": adapt},
        "training": training | ({"epochs": epochs} if epochs else {}),
    }
    override_settings(plain, overrides)
    return parse(FineTune, plain)


def _check_encoder(encoder: str, facts: ModelSummary, adapt: str) -> None:
    """Refuse an encoder that is not there, reads words, or has nothing to keep."""
    if facts.sha256:
        return
    if encoder.replace("_", "-") not in names("encoders"):
        load_encoder(encoder)  # says which there are
    if adapt != "full":
        raise ConfigError(
            f"Got --adapt {adapt} with `{encoder}`, whose weights are random: there is nothing to keep; use "
            "--adapt full, or a trained encoder such as whisper-tiny."
        )


def shelf_of(licence: str | None, *shelves: str) -> str:
    """Return `open` where the weights' licence and everything they were made of are open, else `research`.

    Args:
        licence: of the weights.
        shelves: of encoder and recordings.

    Example:
        >>> shelf_of("CC BY 4.0", "open"), shelf_of("CC BY-NC 4.0", "open"), shelf_of(None, "open")
        ('open', 'research', 'research')
    """
    words = (licence or "").upper()
    stated = any(words.startswith(one.upper()) for one in OPEN_LICENCES)
    return "open" if stated and set(shelves) <= {"open"} else "research"


def train_parts(run: TuneRun) -> None:
    """Train the folds and the refit that are not there yet.

    Raises:
        DataError: a fold's training part has one category only.
        ConfigError: out of memory, or settings that do not fit.
        WeightsError: the encoder cannot be exported.
    """
    if not (run.folder / "recipe.toml").exists():
        check_export(run)
        run.write_recipe()
    for number, fold in enumerate(run.plan.folds):
        if not run.fold_file(number).exists():
            _train_fold(run, fold, number)
    if not run.refit_file.exists():
        _train_refit(run)


def _train_fold(run: TuneRun, fold: Fold, number: int) -> None:
    """Train without a fold's test clips, choose the epoch on its dev clips, and store its answers."""
    settings, began = run.settings, time.monotonic()
    for task, values in run.data.targets.items():
        check_targets(
            values[fold.train],
            kind="category" if task == CATEGORY else "dimensions",
            count=len(settings.data.categories if task == CATEGORY else settings.data.dimensions),
            task=settings.data.category or ", ".join(settings.data.dimensions),
        )
    config = settings.training
    if not len(fold.dev):
        config = config.model_copy(update={"patience": 0})
    net, fitted = _fit(run, fold.train, fold.dev, number=number, config=config, title=f"fold {number + 1}")
    outputs = answer(net, run.data, fold.test)
    empty = np.zeros((len(fold.test), settings.net.members, 0), np.float32)
    with write_atomically(run.fold_file(number)) as temporary:
        np.savez(
            temporary,
            rows=fold.test,
            category=outputs.get(CATEGORY, empty),
            dimensions=outputs.get(DIMENSIONS, empty),
            epoch=fitted.epoch,
        )
    _close_part(run, f"fold-{number}", fitted, began, clips=len(fold.train), dev_clips=len(fold.dev))


def _train_refit(run: TuneRun) -> None:
    """Train on all clips, for the median of the epochs that the folds chose."""
    began = time.monotonic()
    epochs = run.refit_epochs()
    config = run.settings.training.model_copy(update={"epochs": epochs, "patience": 0})
    number, rows = len(run.plan.folds), run.plan.refit
    _, fitted = _fit(run, rows, rows[:0], number=number, config=config, title="refit")
    inside = run.folder / "refit"
    (inside / "weights.safetensors").replace(run.refit_file)
    _close_part(run, "refit", fitted, began, clips=len(rows), dev_clips=0)


def _fit(run: TuneRun, train: Any, dev: Any, *, number: int, config: Any, title: str) -> tuple[Any, Any]:
    """Train one network; dev may be empty."""
    settings = run.settings
    seed = settings.seed + number
    torch.manual_seed(seed)
    net = run.build(train)
    weights = member_weights(
        run.target.classes, train, members=settings.net.members, balance=config.balance, seed=seed
    )
    if settings.net.warm_start and settings.net.weights and settings.net.adapt != "probe":
        _warm_start(run, net, train, weights, seed=seed)
    batches = TuneBatches(run.data, train, weights, config, seed)
    name = f"fold-{number}" if number < len(run.plan.folds) else "refit"
    with show_progress(f"{settings.name} {title}") as progress:
        fitted = fit(
            net,
            batches,
            config=config,
            seed=seed,
            folder=run.folder / name,
            dev=(lambda objective: run.dev_score(objective, dev)) if len(dev) else None,
            progress=lambda moment: progress(moment) if _is_told(moment, settings.net.adapt) else None,
        )
    return net, fitted


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


def _is_told(moment: Moment, adapt: str) -> bool:
    """Tell whether an epoch is worth a line: those of a probe pass in a moment."""
    quick = adapt == "probe" and moment.record is not None
    return not quick or moment.epoch % 25 == 0 or moment.epoch == moment.epochs


def _close_part(run: TuneRun, name: str, fitted: Any, began: float, **counts: int) -> None:
    """Throw away what only a stopped part needs, and note what it took."""
    inside = run.folder / name
    shutil.rmtree(inside / "checkpoints", ignore_errors=True)
    (inside / "weights.safetensors").unlink(missing_ok=True)
    spent = {
        "part": name,
        "epochs": len(fitted.records),
        "epoch": fitted.epoch,
        "dev": fitted.score,
        "seconds": round(time.monotonic() - began, 1),
        **counts,
    }
    with (run.folder / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(spent) + "\n")
