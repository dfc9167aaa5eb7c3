"""Sounds without speech, heard by a model."""

from mien.evaluation.non_speech import hear_non_speech


def test_made_sounds_are_heard_whole_and_named_without_their_folder(tiny_model):
    table = hear_non_speech(tiny_model, None)
    assert len(table) > 10
    assert table["segment"].str.startswith("non-speech/").all()
    assert table["segment"].is_unique
    assert not table["file"].str.contains("/").any()


def test_recorded_noises_are_heard_beside_them_where_they_are(tiny_model, data_root):
    assert len(hear_non_speech(tiny_model, data_root)) > len(hear_non_speech(tiny_model, None)) + 20
