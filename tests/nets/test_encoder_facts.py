from mien.core.files import sha256_of
from mien.core.weights import known_weights
from mien.nets.encoder_facts import describe_encoder
from mien.nets.load_encoder import pretrained_encoders


def test_public_names_have_licence_shelf_and_a_known_hash():
    known = known_weights()
    for name, (_, weights) in pretrained_encoders().items():
        try:
            found = describe_encoder(name)
        except ValueError:
            continue  # its package is not installed here
        assert found.sha256 in known[weights].sha256
        assert (found.licence, found.shelf) == (known[weights].licence, known[weights].shelf)
        assert found.line == f"Model {name} · {found.shelf} shelf · {found.licence}"


def test_a_folder_says_the_licence_of_its_card_and_the_hash_of_its_weights(tiny_encoder, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_encoder / name).read_bytes())
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# Card\n")
    found = describe_encoder(str(tmp_path))
    assert (found.licence, found.shelf) == ("cc-by-4.0", "research")
    assert found.sha256 == sha256_of(tmp_path / "model.safetensors")


def test_random_weights_say_so():
    assert describe_encoder("mel-recurrent").line == (
        "Model mel-recurrent · open shelf · random weights, not trained"
    )
