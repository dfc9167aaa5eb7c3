"""Judge simple systems on every corpus at hand, by `mien compare`, and commit what comes of it.

Usage: python scripts/baselines.py DATA [--only voice shared words matrix] [--workers 2]

DATA holds one folder per corpus. Cells that an earlier run finished are kept in `build/baselines/`. For each
study `docs/results/baselines/<study>/` gets `study.md`, `study.tex`, `study.json`, `study.parquet` and
`methods.txt`.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
OUT = CHECKOUT / "docs" / "results" / "baselines"
WORK = CHECKOUT / "build" / "baselines"
KEPT = ("study.md", "study.tex", "study.json", "methods.txt")
VOICE = "emodb ravdess-speech nemo urdu deeply-nonverbal"
STUDIES = {
    "voice": f"--corpus {VOICE} --reference egemaps+svm --systems majority egemaps+svm egemaps+speaker+svm "
    "compare+svm whisper-tiny+svm whisper-tiny+speaker+svm",
    "shared": "--corpus emodb ravdess-speech nemo urdu --label category --reference egemaps+svm "
    "--systems egemaps+svm compare+svm whisper-tiny+svm voice-small",
    "words": "--corpus meld tweeteval emorynlp reccon-dailydialog --metric weighted_f1 --reference tfidf+svm "
    "--systems majority tfidf+svm tfidf+logistic word-vectors+logistic vader+logistic minilm+logistic",
    "matrix": "--corpus emodb ravdess-speech nemo urdu --protocol matrix --reference egemaps+svm "
    "--systems egemaps+svm compare+svm whisper-tiny+svm",
}
"""Study → what `mien compare` is told."""


def main(data: Path, studies: list[str], workers: int) -> None:
    """Run the studies and copy their tables."""
    for name in studies:
        folders = f"--data {shlex.quote(str(data))} --out {WORK / name} --cache {WORK / 'cache'}"
        command = f"compare {STUDIES[name]} {folders}"
        words = [sys.executable, "-m", "mien", *shlex.split(command), "--workers", str(workers)]
        done = subprocess.run(words, check=False)
        if done.returncode not in (0, 1):  # 1: some cells are empty, and say why
            sys.exit(done.returncode)
        (OUT / name).mkdir(parents=True, exist_ok=True)
        for file in KEPT:
            text = (WORK / name / file).read_text(encoding="utf-8")
            # what was run, without where it lay
            text = text.replace(str(data), "DATA").replace(f"{WORK}/", "")
            (OUT / name / file).write_text(text, encoding="utf-8")
        shutil.copyfile(WORK / name / "study.parquet", OUT / name / "study.parquet")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", choices=STUDIES, default=list(STUDIES))
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    main(given.data, given.only, given.workers)
