import pytest

from mien.core import errors


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("InputError", ValueError),
        ("ConfigError", ValueError),
        ("DataError", ValueError),
        ("WeightsError", ValueError),
        ("MissingExtra", ImportError),
    ],
)
def test_every_error_can_be_caught_as_mien_s_and_as_its_builtin_kind(name, parent):
    error = getattr(errors, name)
    assert issubclass(error, errors.MienError)
    assert issubclass(error, parent)
