import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mien.core.errors import ConfigError
from mien.core.settings import Settings, parse, read_recipe, signature


class Training(Settings):
    warmup_steps: int = 10
    learning_rate: float = 1e-3


class Recipe(Settings):
    name: str
    training: Training = Training()
    stages: tuple[Training, ...] = ()


def test_an_unknown_key_is_named_with_what_was_expected_and_the_nearest():
    with pytest.raises(ConfigError) as caught:
        parse(Recipe, {"name": "x", "training": {"warmup_step": 1}})
    assert str(caught.value) == (
        "Got training.warmup_step, expected one of learning_rate, warmup_steps; did you mean warmup_steps?"
    )


def test_an_unknown_key_inside_a_list_is_found():
    with pytest.raises(ConfigError, match=r"Got stages\.0\.learning_rat, expected .*learning_rate\?"):
        parse(Recipe, {"name": "x", "stages": [{"learning_rat": 1}]})


def test_each_wrong_key_gets_its_own_line():
    with pytest.raises(ConfigError) as caught:
        parse(Recipe, {"training": {"learning_rate": "fast"}, "zzz": 1})
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert any("Got no name" in line for line in lines)
    assert any("Got training.learning_rate = 'fast'" in line for line in lines)


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        Training().warmup_steps = 3


def test_overrides_are_toml_values_or_text(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\n[training]\nwarmup_steps = 1\n')
    data = read_recipe(path, ["training.learning_rate=1e-4", "name=trial", "corpora=['a', 'b']", "on=true"])
    assert data == {
        "name": "trial",
        "training": {"warmup_steps": 1, "learning_rate": 1e-4},
        "corpora": ["a", "b"],
        "on": True,
    }


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.warmup_steps", "expected key=value"),
        ("=3", "expected key=value"),
        ("name.inner=3", "`name` is a value"),
        ("a.b.c.d=1", "at most 3 levels"),
    ],
)
def test_an_override_that_cannot_be_applied_is_refused(tmp_path, override, message):
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\n')
    with pytest.raises(ConfigError, match=message):
        read_recipe(path, [override])


def test_a_recipe_that_is_not_toml_is_refused_with_its_place(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\n= 3\n')
    with pytest.raises(ConfigError, match=r"recipe\.toml`, expected readable TOML.*line 2"):
        read_recipe(path)


def test_an_unknown_recipe_name_lists_those_that_travel_with_mien():
    with pytest.raises(ConfigError, match=r"Got recipe `voice-smal`, expected a \.toml file or one of"):
        read_recipe("voice-smal")


plain = st.recursive(
    st.one_of(st.integers(), st.text(), st.booleans()),
    lambda inner: st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), plain, max_size=5))
def test_the_signature_does_not_depend_on_the_order_of_keys(settings):
    turned = dict(reversed(list(settings.items())))
    assert signature(settings) == signature(turned)
    assert len(signature(settings)) == 8
    assert set(signature(settings)) <= set("0123456789abcdef")


def test_the_signature_changes_with_a_value():
    assert signature({"a": 1}) != signature({"a": 2})


def test_the_signature_stays_the_same_from_run_to_run():
    assert signature({"name": "x", "training": {"warmup_steps": 10}}) == "a4baae52"
