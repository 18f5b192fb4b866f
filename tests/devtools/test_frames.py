"""Source lines of frames: each is quoted as it stands in the file."""

import sys

import pytest
from werkzeug.debug.tbtools import DebugTraceback

from retort.devtools.frames import errors_of

CALL_WITH_ITS_END_ON_A_LINE_OF_ITS_OWN = """
def view():
    return fail(
        1,
    )
"""
CHAINED_CALLS = """
def view():
    return (
        text.strip()
        .fail(
            1
        )
    )
"""
OPERANDS = """
def view():
    return (1 + 2 +
        None)
"""
SUBSCRIPT = """
def view():
    value = table[
        'missing'
    ]
"""
ARGUMENTS_THAT_REACH_FURTHER_RIGHT = """
def view():
    fail(1,
         'a text that ends far to the right of the start of the call')
"""
TEXT_THAT_IS_NOT_ASCII = """
def view():
    größe = 'é', fail(
        1)
"""
ONE_LINE = """
def view():
    return fail(1) + 2
"""


def current_line(tmp_path, program):
    file = tmp_path / "program.py"
    file.write_text(
        f"text = ''\ntable = {{}}\ndef fail(value):\n    raise ValueError\n{program}",
        encoding="utf-8",
    )
    names = {}
    exec(compile(file.read_bytes(), str(file), "exec"), names)
    try:
        names["view"]()
    except Exception as error:
        shown, *_ = errors_of(DebugTraceback(error), error, with_values=False)
    [frame] = [one for one in shown.own if one.function == "view"]
    [line] = [one for one in frame.lines if one.is_current]
    return line, file.read_text(encoding="utf-8").splitlines()[line.number - 1], frame


@pytest.mark.parametrize(
    ("program", "marked"),
    [
        (CALL_WITH_ITS_END_ON_A_LINE_OF_ITS_OWN, "fail("),
        (CHAINED_CALLS, None),  # versions of Python name different lines
        (OPERANDS, "1 + 2 +"),
        (SUBSCRIPT, "table["),
        (ARGUMENTS_THAT_REACH_FURTHER_RIGHT, "fail(1,"),
        (TEXT_THAT_IS_NOT_ASCII, "fail("),
        (ONE_LINE, "fail(1)"),
    ],
)
def test_a_statement_of_several_lines_is_quoted_as_written(tmp_path, program, marked):
    line, written, frame = current_line(tmp_path, program)

    assert "".join(line.text) == written
    assert frame.source == written.strip()
    if marked is not None and sys.version_info >= (3, 11):
        assert line.text[1] == marked
