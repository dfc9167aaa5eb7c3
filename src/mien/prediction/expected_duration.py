"""Guess from its header how long a recording will turn out, for progress only."""

from pathlib import Path


def expected_duration_s(path: Path) -> float | None:
    """Return the duration that a file's header declares, in seconds; None where it declares none.

    Headers may lie: never use it for times in a table.
    """
    import soundfile

    try:
        found = float(soundfile.info(str(path)).duration)
        return found if found > 0 else None
    except (soundfile.LibsndfileError, RuntimeError, OSError):
        return _container_duration_s(path)


def _container_duration_s(path: Path) -> float | None:
    """Ask FFmpeg, which knows every other container."""
    try:
        import av

        with av.open(str(path), metadata_errors="ignore") as container:
            return container.duration / 1e6 if container.duration else None
    except (ImportError, OSError, ValueError):
        return None
