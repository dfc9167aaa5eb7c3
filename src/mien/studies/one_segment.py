"""One segment as it reaches a system that is in use: its samples or its words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mien.studies.study_corpora import TEXT, VOICE, StudyCorpus


@dataclass(frozen=True)
class OneSegment:
    """Hold what is heard or read.

    Attributes:
        row: in the table of the corpus.
        text: its words; empty where there are none.
        samples: mono, `(S,)`, at the recording's own rate; None where there is no recording.
        rate_hz: of the samples.
    """

    row: int
    text: str = ""
    samples: NDArray[np.float32] | None = None
    rate_hz: int = 0

    @property
    def duration_s(self) -> float:
        """Return how long it is, in seconds; 0 for a text."""
        return 0.0 if self.samples is None else len(self.samples) / self.rate_hz


def read_segments(corpus: StudyCorpus, rows: Sequence[int]) -> list[OneSegment]:
    """Return the samples and words of some rows of a corpus.

    Args:
        corpus: its segments.
        rows: positions in its table.

    Raises:
        InputError: a recording cannot be read.
    """
    return [_read(corpus, int(row)) for row in rows]


def _read(corpus: StudyCorpus, row: int) -> OneSegment:
    about = corpus.table.iloc[row]
    text = str(about["text"]) if TEXT in corpus.modality and pd.notna(about["text"]) else ""
    if VOICE not in corpus.modality:
        return OneSegment(row, text)
    from mien.signals.decode import decode

    signal = decode(about["file"], mono=True)
    start, end = about.get("start"), about.get("end")
    first = 0 if pd.isna(start) else round(start * signal.rate_hz)
    last = None if pd.isna(end) else round(end * signal.rate_hz)
    return OneSegment(row, text, signal.samples[0, first:last], signal.rate_hz)
