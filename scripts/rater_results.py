"""Write docs/results/raters: what the raters of every corpus with published answers are worth."""

import sys
from pathlib import Path

from mien.cli.corpus_raters import write_studies
from mien.core import registry
from mien.evaluation.corpus_raters import corpus_raters

OUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "raters"


def main() -> None:
    """Study the raters of each corpus in the folder that is given."""
    if len(sys.argv) != 2:
        sys.exit("Got no folder of corpora; run `python scripts/rater_results.py FOLDER`.")
    data = Path(sys.argv[1])
    modules = [registry.find("corpora", name) for name in registry.names("corpora")]
    rated = [one for one in modules if hasattr(one, "ratings") or hasattr(one, "traces")]
    found = []
    for module in rated:
        found += corpus_raters(module, data / module.__name__.rpartition(".")[2])
    write_studies(
        found,
        OUT / "README.md",
        OUT / "raters.json",
        title="What raters are worth",
        command="make raters DATA=FOLDER",
    )


if __name__ == "__main__":
    main()
