"""Files and functions stay short enough to read."""

import ast

MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 45


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node):
    """Lines from `def` to the end, without the docstring."""
    total = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node) is None:
        return total
    first = node.body[0]
    return total - (first.end_lineno - first.lineno + 1)


def states_a_reason(source, node):
    lines = source.text.splitlines()[max(node.lineno - 2, 0) : node.end_lineno]
    return any("# long because " in line for line in lines)


def test_files_are_at_most_400_lines(all_sources):
    long = [s.name for s in all_sources if len(s.text.splitlines()) > MOST_FILE_LINES]
    assert not long, "\n" + "\n".join(long)


def test_functions_are_at_most_45_lines_or_say_why(sources):
    long = [
        f"{source.name}:{node.lineno} {node.name} has {length(node)} lines"
        for source in sources
        for node in functions(source.tree)
        if length(node) > MOST_FUNCTION_LINES and not states_a_reason(source, node)
    ]
    assert not long, "\n" + "\n".join(long)


def test_the_docstring_does_not_count_and_a_reason_excuses(source_of):
    body = "\n".join("    x = 1" for _ in range(50))
    source = source_of(
        f'def f():\n    """One.\n\n    Two.\n    """\n    # long because it is a list\n{body}\n'
    )
    (node,) = functions(source.tree)
    assert length(node) == 52
    assert states_a_reason(source, node)
