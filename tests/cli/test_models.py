import json

from mien.prediction.model_card import shipped


def test_models_lists_each_shipped_model_with_licence_size_and_card(mien) -> None:
    done = mien("models")
    assert done.returncode == 0
    for model in shipped():
        assert model.name in done.stdout
        assert model.licence in done.stdout
        assert f"{model.size_mb:.1f} MB" in done.stdout
        assert "CARD.md" in done.stdout
    assert done.stdout


def test_every_listed_score_comes_with_n_protocol_and_interval(mien) -> None:
    for line in mien("models").stdout.splitlines():
        if " UAR " in line:
            assert "n = " in line
            assert "[" in line


def test_models_as_json_is_one_object_per_model(mien) -> None:
    done = mien("models", "--json")
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert names == [model.name for model in shipped()]


def test_a_named_model_shows_its_card(mien) -> None:
    for model in shipped():
        assert mien("models", model.name).stdout.strip() == model.card.strip()
