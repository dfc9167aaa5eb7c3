"""Goal U3 in studies: does a shipped model doubt what is no speech?"""

from tests.studies.study_case import cell_of, text_corpus

from mien.studies.cells import run_cell
from mien.studies.non_speech import judge_non_speech
from mien.studies.study_corpora import read_corpora


def test_a_shipped_model_doubts_noises_more_than_the_speech_of_a_corpus(data_root, tmp_path):
    corpus = read_corpora(["emodb"], data=data_root, label="category")[0]
    cell = cell_of(corpus, "voice-small", tmp_path)
    run_cell(cell)
    found = judge_non_speech(cell, data_root, draws=100)
    assert 0.9 < found["non_speech_auroc"] <= 1


def test_systems_without_a_model_of_their_own_are_not_asked(tmp_path):
    cell = cell_of(text_corpus(), "tfidf+ridge", tmp_path)
    run_cell(cell)
    assert judge_non_speech(cell, None, draws=100) == {}
