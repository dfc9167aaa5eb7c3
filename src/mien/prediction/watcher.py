"""Tell whoever started a run how far it is."""

from mien.prediction.model_card import ModelSummary


class Watcher:
    """Hear about a run's progress; this one keeps quiet, the command line shows it."""

    def started(self, model: ModelSummary, *, files: int, size: int, notes: list[str]) -> None:
        """Hear which model runs on how many files of how many bytes in all, and remarks on the list."""

    def heard(self, seconds: float, size: float) -> None:
        """Hear that so many more seconds and, as far as known, bytes were read from files still in work."""

    def finished(self, row: dict[str, object], *, size: int) -> None:
        """Hear that a file of so many bytes is done, with its row of files.csv."""

    def writing(self) -> None:
        """Hear that all files are done and the tables and report are being written."""
