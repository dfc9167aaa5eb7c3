from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import mien
from mien.core.errors import ConfigError, InputError
from mien.core.tables import FILE_COLUMNS, check_predictions
from mien.prediction.predictor import load_predictor
from mien.prediction.watcher import Watcher


def test_a_file_gives_a_checked_table(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    path = write_noise(tmp_path / "a b ü.wav", seconds=7.0)
    affect = mien.analyze(path, model=tiny_model, segments="windows")
    table = check_predictions(affect.table)
    assert table["start"].tolist() == [0.0, 3.0, 6.0]
    assert table["end"].tolist() == [3.0, 6.0, 7.0]
    assert set(table["file"]) == {str(path)}
    assert table["segment"].is_unique
    assert {"p.anger", "valence.derived", "arousal.derived", "dominance.derived", "intensity"} <= set(table)
    assert affect.files["status"].tolist() == ["ok"]
    assert affect.files.columns.tolist() == list(FILE_COLUMNS)
    assert affect.files["duration_s"].tolist() == [7.0]
    assert affect.files["seconds_used"].tolist() == [7.0]
    assert affect.failures.empty


def test_windows_of_one_file_equal_listed_segments(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    path = write_noise(tmp_path / "a.wav", seconds=6.0)
    listed = pd.DataFrame(
        {"file": str(path), "start": [3.0, 0.0], "end": [6.0, 3.0], "segment": ["late", "early"]}
    )
    windows = mien.analyze(path, model=tiny_model, segments="windows").table
    table = mien.analyze(listed, model=tiny_model).table
    assert table["segment"].tolist() == ["late", "early"]
    assert np.allclose(table["p.anger"][::-1], windows["p.anger"], atol=1e-6)


def test_parts_of_a_long_segment_are_one_row_weighted_by_duration(
    tiny_model: Path, write_noise, tmp_path: Path
) -> None:
    path = write_noise(tmp_path / "long.wav", seconds=20.0)
    table = mien.analyze(path, model=tiny_model, segments="whole").table
    assert table[["start", "end"]].values.tolist() == [[0.0, 20.0]]
    samples, _ = soundfile.read(path, dtype="float32")
    predictor = load_predictor(tiny_model)
    first, second = (predictor.predict([part]).p[0].mean(axis=0) for part in np.split(samples, [15 * 16000]))
    assert table["p.anger"][0] == pytest.approx((15 * first[0] + 5 * second[0]) / 20, abs=1e-4)


def test_a_segment_too_short_for_the_model_abstains_with_a_note(
    tiny_model: Path, write_noise, tmp_path: Path
) -> None:
    path = write_noise(tmp_path / "short.wav", seconds=0.2)
    affect = mien.analyze(path, model=tiny_model, segments="whole")
    check_predictions(affect.table)
    assert affect.table["abstain"].tolist() == [True]
    assert "shorter than the model's 0.4 s: abstained" in affect.files["note"][0]


def test_total_doubt_above_the_threshold_abstains(build_model, write_noise, tmp_path: Path) -> None:
    path = write_noise(tmp_path / "a.wav")
    for threshold, abstains in ((0.01, True), (5.0, False)):
        model = build_model(tmp_path / f"m{threshold}", abstain_above=threshold)
        assert mien.analyze(path, model=model, segments="whole").table["abstain"].tolist() == [abstains]


def test_a_model_without_categories_has_no_doubt_columns_filled(
    build_model, write_noise, tmp_path: Path
) -> None:
    class Regression:
        summary = mien.ModelSummary("regression", dimensions=("arousal",), members=1)

        def predict(self, clips):
            from mien.prediction.predictor import Outputs

            return Outputs(np.zeros((len(clips), 1, 0)), {"arousal": np.full((len(clips), 1), 0.5)})

    affect = mien.analyze(write_noise(tmp_path / "a.wav"), model=Regression(), segments="whole")
    table = check_predictions(affect.table)
    assert table["arousal"].tolist() == [0.5]
    assert table["aleatoric.category"].isna().all()
    assert not [name for name in table if name.startswith("p.") or name.endswith(".derived")]


def test_a_model_that_answers_nan_fails_the_file_only(write_noise, tmp_path: Path) -> None:
    class Broken:
        summary = mien.ModelSummary("broken", categories=("anger", "neutral"), members=1)

        def predict(self, clips):
            from mien.prediction.predictor import Outputs

            p = np.full((len(clips), 1, 2), 0.5)
            p[[np.abs(clip).max() > 0.5 for clip in clips]] = np.nan
            return Outputs(p)

    paths = [write_noise(tmp_path / "quiet.wav", level=0.1), write_noise(tmp_path / "loud.wav", level=0.9)]
    affect = mien.analyze(paths, model=Broken(), segments="whole")
    assert affect.files["status"].tolist() == ["ok", "failed"]
    assert "no finite answer" in affect.failures["reason"][0]
    check_predictions(affect.table)


def test_bad_files_fail_and_the_others_go_on(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    good = write_noise(tmp_path / "good.wav")
    (tmp_path / "text.wav").write_text("this is no audio")
    (tmp_path / "empty.wav").write_bytes(b"")
    missing = tmp_path / "missing.wav"
    paths = [tmp_path / "text.wav", good, tmp_path / "empty.wav", missing]
    affect = mien.analyze(paths, model=tiny_model)
    assert dict(zip(affect.files["file"], affect.files["status"], strict=True))[str(good)] in (
        "ok",
        "no-speech",
    )
    assert len(affect.failures) == 3
    for file, reason in affect.failures.itertuples(index=False):
        assert Path(file).name in reason
        assert "\n" not in reason


def test_silence_is_a_note_and_no_failure(tiny_model: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(32000), 16000)
    affect = mien.analyze(tmp_path / "silence.wav", model=tiny_model)
    assert affect.files["status"].tolist() == ["no-speech"]
    assert "no speech found" in affect.files["note"][0]
    assert affect.table.empty
    assert affect.table["abstain"].dtype == bool


def test_the_same_file_twice_is_analyzed_once(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    path = write_noise(tmp_path / "a.wav")
    affect = mien.analyze([path, tmp_path, path], model=tiny_model, segments="whole")
    assert len(affect.files) == 1
    assert len(affect.table) == 1


def test_files_of_many_chunks_keep_their_order_in_any_number_of_processes(
    tiny_model: Path, write_noise, tmp_path: Path
) -> None:
    for number in range(40):
        write_noise(tmp_path / f"{number:02d}.wav", seconds=0.5, level=0.02 * (number + 1), seed=number)
    alone = mien.analyze(tmp_path, model=tiny_model, segments="whole", workers=1)
    spread = mien.analyze(tmp_path, model=tiny_model, segments="whole", workers=2)
    kept = mien.analyze(tmp_path, model=tiny_model, segments="whole", workers=2, out=tmp_path / "out")
    assert [Path(file).stem for file in alone.table["file"]] == [f"{number:02d}" for number in range(40)]
    pd.testing.assert_frame_equal(alone.table, spread.table)
    pd.testing.assert_frame_equal(alone.table, kept.table)


def test_a_loaded_predictor_is_taken_as_it_is(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    affect = mien.analyze(write_noise(tmp_path / "a.wav"), model=load_predictor(tiny_model), segments="whole")
    assert affect.model.name == "tiny"


def test_nothing_given_is_refused(tiny_model: Path) -> None:
    with pytest.raises(InputError, match="Got no paths"):
        mien.analyze([], model=tiny_model)


def test_flags_of_a_folder_without_a_folder_are_refused(
    tiny_model: Path, write_noise, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="add --out"):
        mien.analyze(write_noise(tmp_path / "a.wav"), model=tiny_model, resume=True)


def test_no_workers_are_refused(tiny_model: Path, write_noise, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        mien.analyze(write_noise(tmp_path / "a.wav"), model=tiny_model, workers=0)


def test_a_watcher_hears_of_every_second_and_every_file(
    tiny_model: Path, write_noise, tmp_path: Path
) -> None:
    class Ear(Watcher):
        def __init__(self) -> None:
            self.events: list[str] = []
            self.seconds = 0.0

        def started(self, model, *, files, size, notes) -> None:
            self.events.append(f"{model.name} {files}")

        def heard(self, seconds: float, size: float) -> None:
            self.seconds += seconds

        def finished(self, row, *, size) -> None:
            self.events.append(f"{row['status']} {size > 0}")

        def writing(self) -> None:
            self.events.append("writing")

    ear = Ear()
    mien.analyze(
        write_noise(tmp_path / "a.wav", seconds=2.5), model=tiny_model, segments="whole", watcher=ear
    )
    assert ear.events == ["tiny 1", "ok True", "writing"]
    assert ear.seconds == pytest.approx(2.5)


def test_real_speech_gives_segments_within_the_recording(tiny_model: Path, data_root: Path) -> None:
    path = data_root / "emodb" / "audio" / "03a01Fa.flac"
    if not path.is_file():
        pytest.skip(f"no recording at {path}")
    affect = mien.analyze(path, model=tiny_model)
    check_predictions(affect.table)
    assert affect.files["status"].tolist() == ["ok"]
    assert affect.table["start"].min() >= 0
    assert affect.table["end"].max() <= affect.files["duration_s"][0] + 1e-6
