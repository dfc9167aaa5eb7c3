"""Prepare a fine-tuning run: read the table, look at the encoder, resolve settings, part the clips."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mien.core.errors import ConfigError
from mien.core.registry import names
from mien.core.settings import override_settings, parse, signature
from mien.corpora.labelled_files import Missing
from mien.evaluation.run_evaluation import make_folder
from mien.nets.encoder_facts import describe_encoder
from mien.nets.load_encoder import load_encoder
from mien.prediction.model_card import ModelSummary
from mien.training.fine_tune_run import TuneRun
from mien.training.fine_tune_settings import FineTune, training_defaults
from mien.training.hearing import Hearing
from mien.training.held_out import Plan, plan_folds
from mien.training.model_card import NOT_STATED
from mien.training.target_table import Scales, TargetTable, read_targets

LOGGER = logging.getLogger(__name__)
OPEN_LICENCES = ("CC0", "CC BY 4", "CC BY-SA 4", "CC-BY-4", "CC-BY-SA-4", "Apache", "MIT", "BSD")


def prepare_run(
    source: str | TargetTable,
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
    kind: str = "",
    download: bool = False,
) -> TuneRun:
    """Read, check and part everything that a run needs, and create its folder; nothing is trained.

    Args:
        source: table of clips (`.csv`, `.tsv`, `.parquet`; columns `file`, the targets, and where known
            `speaker`, `sex`, `split`, `start`, `end`), or the name of a corpus; or what was read from one.
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
        out: folder of runs; the run's is `<name>-<kind>-<8 hex of the settings>` in it.
        kind: of run, for the name of its folder; empty for one that ships a model.
        download: True if the user asked for the encoder to be fetched.

    Raises:
        ConfigError: an unknown encoder, target, setting or way to adapt.
        DataError: labels, recordings or speakers that cannot be trained on.
        InputError: `out` cannot be written.
    """
    make_folder(out)
    target = source if isinstance(source, TargetTable) else read_targets(
        source, targets, data=data, root=root, split_column=split_column, categories=categories,
        scales=scales, missing=missing,
    )  # fmt: skip
    facts = describe_encoder(encoder, download=download)
    _check_encoder(encoder, facts, adapt)
    resolve = partial(
        _resolve, target, facts, encoder=encoder, folds=folds, epochs=epochs, licence=licence, name=name,
        seed=seed,
    )  # fmt: skip
    settings = resolve(overrides, adapt=adapt)
    plan = _plan(target, settings)
    parts = [settings.name, *([kind] if kind else []), signature(settings.plain())]
    folder = make_folder(out / "-".join(parts))
    hearing = Hearing(
        target.table, facts, encoder=encoder, cache=out / "descriptions", seed=settings.seed,
        download=download,
    )  # fmt: skip
    return TuneRun(
        settings, target, plan, folder, facts, hearing,
        vary=lambda changes, way: resolve([*overrides, *changes], adapt=way or adapt), given=tuple(overrides),
    )  # fmt: skip


def _plan(target: TargetTable, settings: FineTune) -> Plan:
    """Part the clips, and warn of what a reader of the scores must know."""
    plan = plan_folds(target.table, target.stratum, folds=settings.data.folds, seed=settings.seed)
    for note in (*target.notes, *plan.notes):
        LOGGER.warning("%s", note)
    return plan


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
