import json
import wave

import numpy as np
import pandas as pd
import pytest
from tests.studies.study_case import cell_of, text_corpus

from mien.studies.answerers import total_size
from mien.studies.cells import read_cell, run_cell
from mien.studies.cost import COLUMNS, cost_columns, find_answerer, measure_cost
from mien.studies.energy import core_power, energy_wh
from mien.studies.fresh_process import answer_alone
from mien.studies.stream_readers import Size
from mien.studies.study_corpora import StudyCorpus


def texts():
    return text_corpus(speakers=3, per_class=3)


def tones(folder, *, speakers=3, per_class=3):
    """Return recordings of two classes that differ in loudness."""
    rows, generator = [], np.random.default_rng(0)
    for number in range(2 * speakers * per_class):
        label, speaker = ("loud", "soft")[number % 2], f"s{number % speakers}"
        samples = (0.5 if label == "loud" else 0.05) * generator.uniform(-1, 1, 8000)
        path = folder / f"{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        rows.append({"segment": f"w{number}", "file": str(path), "label": label, "speaker": speaker})
    table = pd.DataFrame(rows).assign(start=0.0, end=0.5, emotion=lambda one: one["label"])
    return StudyCorpus("tones", table, "emotion", ("voice",))


def answered(corpus, word, folder):
    cell = cell_of(corpus, word, folder)
    run_cell(cell)
    assert "failure" not in read_cell(cell.home).facts
    return cell


def said_alone(cell):
    """Return what the system that is timed says, and what was judged, of the same segments."""
    answerer, segments = find_answerer(cell)
    names = cell.corpus.table["segment"].iloc[[one.row for one in segments]]
    judged = read_cell(cell.home).answers.set_index("segment").loc[names]
    columns = [name for name in judged if name.startswith("p.")]
    return answer_alone(answerer, segments).said, judged[columns].to_numpy()


@pytest.mark.parametrize("word", ["tfidf+svm", "majority"])
def test_what_is_timed_on_texts_says_what_was_judged(tmp_path, word):
    said, judged = said_alone(answered(texts(), word, tmp_path))
    np.testing.assert_allclose(said, judged, atol=1e-9)


def test_what_is_timed_on_sound_says_what_was_judged(tmp_path):
    said, judged = said_alone(answered(tones(tmp_path), "egemaps+speaker+logistic", tmp_path))
    np.testing.assert_allclose(said, judged, atol=1e-3)


def test_parameters_of_a_linear_model_on_descriptors_are_its_weights(tmp_path):
    found = measure_cost(cell_of(tones(tmp_path), "egemaps+svm", tmp_path))
    assert found["parameters"] == 88 + 1  # one sum decides between two classes
    assert found["multiply_adds"] is None
    assert "egemaps" in found["note"]
    assert found["latency_ms"] > 0
    assert found["times_real_time"] > 0
    assert found["peak_mb"] > 20


def test_a_text_has_no_real_time(tmp_path):
    found = measure_cost(answered(texts(), "majority", tmp_path))
    assert found["times_real_time"] is None
    assert (found["parameters"], found["multiply_adds"]) == (3, 0)


def test_fused_systems_cost_the_sum_of_their_parts(tmp_path):
    words = ("late(tfidf+logistic,tfidf+ridge)", "tfidf+logistic", "tfidf+ridge")
    late, *parts = (find_answerer(cell_of(texts(), word, tmp_path))[0].size() for word in words)
    assert late.parameters == sum(one.parameters for one in parts)


def test_what_is_unknown_of_one_part_is_unknown_of_all():
    assert total_size([Size(1, 2.0, 3.0), Size(None, 2.0, 3.0, "trees")]) == Size(None, 4.0, 6.0, "trees")


def test_costs_are_measured_once_and_energy_is_that_of_all_seeds(tmp_path):
    cells = [cell_of(texts(), "majority", tmp_path, seed=seed) for seed in (0, 1)]
    for cell in cells:
        run_cell(cell)
    first = cost_columns(cells)
    assert set(COLUMNS) < set(first)
    assert cost_columns(cells) == first
    spent = sum(read_cell(cell.home).facts["core_s"] for cell in cells)
    assert first["energy_wh"] == pytest.approx(energy_wh(spent, core_power().watts))
    facts = json.loads((cells[0].home / "cell.json").read_text())
    (cells[0].home / "cell.json").write_text(json.dumps(facts | {"core_s": facts["core_s"] + 3600}))
    assert cost_columns(cells)["energy_wh"] == pytest.approx(first["energy_wh"] + core_power().watts)


def test_stored_predictions_have_no_cost_and_say_so(tmp_path):
    texts_of = texts()
    majority = answered(texts_of, "majority", tmp_path)
    path = tmp_path / "said.csv"
    read_cell(majority.home).answers.assign(category=texts_of.table["label"]).to_csv(path, index=False)
    cell = answered(texts_of, str(path), tmp_path)
    found = cost_columns([cell])
    assert all(found[name] is None for name in (*COLUMNS, "energy_wh"))
    assert "stored" in found["note"]


def test_a_system_that_cannot_be_timed_leaves_a_note(tmp_path):
    corpus = tones(tmp_path)
    cell = answered(corpus, "egemaps+svm", tmp_path)
    (tmp_path / "0.wav").unlink()
    found = measure_cost(cell)
    assert found["latency_ms"] is None
    assert "cost not measured" in found["note"]
