import json

from mien.training.fine_tune_words import result_words


def test_a_score_is_never_said_without_interval_number_and_protocol(tmp_path):
    scores = {"uar": 0.8127, "low": 0.7511, "high": 0.8635, "classes": 7, "valence.ccc": 0.302}
    scores |= {"n": 535, "speakers": 10, "protocol": "speaker-5-fold"}
    (tmp_path / "scores.json").write_text(json.dumps({"mine": scores}))
    recall, concordance = result_words(tmp_path).splitlines()
    about = "(mine: 535 clips, 10 speakers, speaker-5-fold)"
    assert recall == (
        "Unweighted average recall 81.3 % (95 % interval 75.1 to 86.4); guessing gives 14.3 % " + about
    )
    assert concordance == f"Concordance of valence 0.302 (no interval by speaker) {about}"
