"""Fine-tune on a table of one's own clips: honest folds, then the refit that ships."""

import logging
import time
from pathlib import Path
from typing import Any

from mien.training.ensemble_student import describe_distillation, train_members
from mien.training.fine_tune_plan import prepare_run
from mien.training.fine_tune_search import search_and_train
from mien.training.fine_tune_shipping import check_export, ship_tuned

LOGGER = logging.getLogger(__name__)


def fine_tune(source: str, **options: Any) -> Path:
    """Train an encoder on labelled clips and write scores, report, card and a model for `mien analyze`.

    Every score comes from speakers that the model in question had not heard; what is chosen (the number of
    epochs, and the settings where they are searched) is chosen on others. The model that ships is trained on
    everything. A run that was stopped goes on where it was, and one that is finished is not repeated.

    Args:
        source: table of clips or name of a corpus, as for `prepare_run`.
        options: as for `prepare_run`, which names them all; `encoder` must be given.

    Returns:
        The run's folder `<name>-<8 hex of the settings>`, with `model/`, `evaluation/`,
        `predictions.parquet`, `recipe.toml`, `run.json` and `log.jsonl`.

    Raises:
        ConfigError: an unknown encoder, target, setting or way to adapt, or out of memory.
        DataError: labels, recordings or speakers that cannot be trained on.
        InputError: `out` cannot be written.
        WeightsError: the encoder cannot be exported.
    """
    began = time.monotonic()
    run = prepare_run(source, **options)
    if not (run.folder / "recipe.toml").exists():
        check_export(run)
        run.write_recipe()
    run = search_and_train(run) if run.settings.search else train_members(run)
    if (run.folder / "model" / "CARD.md").is_file():
        LOGGER.info("This run is finished; nothing was trained again.")
    else:
        ship_tuned(run, seconds=time.monotonic() - began)
        describe_distillation(run)
    return run.folder
