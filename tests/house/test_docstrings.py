"""Public things say what they are."""

import ast
import re


def public_definitions(source):
    """Yield (name, node) of public classes, functions and methods that a reader may call."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in source.tree.body:
        if not isinstance(node, kinds) or node.name.startswith("_"):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, kinds) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


def test_every_module_says_in_its_first_line_what_it_is(sources):
    missing = [source.name for source in sources if not ast.get_docstring(source.tree)]
    assert not missing, "\n" + "\n".join(missing)


def test_every_public_class_and_function_has_a_docstring(sources):
    missing = [
        f"{source.name}:{node.lineno} {name}"
        for source in sources
        for name, node in public_definitions(source)
        if not ast.get_docstring(node) and not is_forward_or_override(name)
    ]
    assert not missing, "\n" + "\n".join(missing)


def is_forward_or_override(name):
    """`forward` of a torch module is described in its class."""
    return name.endswith(".forward")


def test_docstrings_begin_with_one_sentence_on_one_line(sources):
    wrong = [
        f"{source.name}:{node.lineno} {name}"
        for source in sources
        for name, node in public_definitions(source)
        if (text := ast.get_docstring(node)) and not re.search(r"[.:?…]$", text.splitlines()[0].strip())
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_mien_errors_that_a_public_function_raises_are_in_its_docstring(sources):
    missing = []
    for source in sources:
        for name, node in public_definitions(source):
            text = ast.get_docstring(node)
            if not isinstance(node, ast.FunctionDef) or not text or is_command(source):
                continue
            for error in raised(node):
                if error not in text:
                    missing.append(f"{source.name}:{node.lineno} {name} raises {error}")
    assert not missing, "\n" + "\n".join(missing)


def is_command(source):
    """A verb's docstring is its help text, for people who see no exceptions."""
    return source.room == "cli"


def raised(function):
    """Return the names of mien's errors in the raise statements of a function."""
    errors = {"InputError", "ConfigError", "DataError", "WeightsError", "MissingExtra"}
    found = set()
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name)
        ):
            found.add(node.exc.func.id)
    return sorted(found & errors)
