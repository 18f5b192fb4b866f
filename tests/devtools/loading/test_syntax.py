"""Files that Python cannot parse."""

# ruff: noqa: RUF001 - ambiguous characters are what these programs have

import sys

import pytest

from retort.devtools.advice import advise
from retort.devtools.advice.loading.newer import newer_feature
from retort.devtools.advice.loading.parsing import error_in


def since(*version):
    """For syntax that a Python accepts: the mistake is none there."""
    return pytest.mark.skipif(sys.version_info >= version, reason="another Python: valid here")


@pytest.mark.parametrize(
    ("wrong", "right", "character"),
    [
        ("x = “hello”", 'x = "hello"', "“ (U+201C LEFT DOUBLE QUOTATION MARK)"),
        ("x = ‘it’s’", "x = 'it’s'", "‘ (U+2018"),
        ("x = [“a”, “b”]", 'x = ["a", "b"]', "“"),
        ("x = ”a” + “b”", 'x = "a" + "b"', "”"),
        ("x = „a“", 'x = "a"', "„"),
        ("x = «a»", 'x = "a"', "«"),
        ("x = 'a’", "x = 'a'", "’"),
        ("x = f('/”)", "x = f('/')", "”"),
        ("x = 1 – 2", "x = 1 - 2", "– (U+2013 EN DASH)"),
        ("if x:\n\u00a0\u00a0\u00a0 y = 1", "if x:\n    y = 1", "U+00A0 NO-BREAK SPACE"),
        ("x\u200b = 1", "x = 1", "U+200B ZERO WIDTH SPACE"),
        ("x = f（1，2）", "x = f(1,2)", "（"),
    ],
)
def test_a_character_of_a_word_processor_is_replaced(broken, wrong, right, character):
    advice = broken.advice(program=f"f = x = ''\n{wrong}\n# “as it is”\ny = '“'\n")

    assert f"has the character {character}" in advice.what
    broken.apply(advice)
    assert broken.text("program") == f"f = x = ''\n{right}\n# “as it is”\ny = '“'\n"


def test_an_apostrophe_in_a_text_that_does_not_end_is_not_the_mistake(broken):
    advice = broken.advice(program="x = 'it’s late\n")

    assert "’" not in advice.what
    assert advice.diff == ""


@pytest.mark.parametrize(
    ("wrong", "right", "name"),
    [
        ("print'a', 3", "print('a', 3)", "a print statement of Python 2"),
        ("print 'a',  # b", "print('a', end=\" \")  # b", "a print statement of Python 2"),
        ("if f: print 'é', 'b'", "if f: print('é', 'b')", "a print statement of Python 2"),
        ("exec 'x = 1'", "exec('x = 1')", "an exec statement of Python 2"),
        pytest.param(
            "try:\n    f()\nexcept ValueError, e:\n    print e",
            "try:\n    f()\nexcept ValueError as e:\n    print(e)",
            "an except clause of Python 2, with a comma",
            marks=since(3, 14),
        ),
        pytest.param(
            "try:\n    f()\nexcept ValueError, TypeError:\n    pass",
            "try:\n    f()\nexcept (ValueError, TypeError):\n    pass",
            "exceptions without parentheses, which came with Python 3.14",
            marks=since(3, 14),
        ),
        ("raise ValueError, 'no'", "raise ValueError('no')", "a raise statement of Python 2"),
        ("if 1 <> 2: pass", "if 1 != 2: pass", "the operator <> of Python 2"),
    ],
)
def test_a_statement_of_python_2_is_written_for_python_3(broken, wrong, right, name):
    advice = broken.advice(program=f"f = print\n{wrong}\n")

    assert name in advice.what
    assert "Python 2" in advice.what or "3.14" in advice.what
    broken.apply(advice)
    assert broken.text("program") == f"f = print\n{right}\n"


def test_all_print_statements_of_a_file_are_corrected(broken):
    advice = broken.advice(program="print 'a'\nif 1:\n    print 'b' % 3\n")

    assert advice.what == "program.py, line 1 has a print statement of Python 2."
    broken.apply(advice)
    assert broken.text("program") == "print('a')\nif 1:\n    print('b' % 3)\n"


@pytest.mark.parametrize(
    ("code", "version", "name"),
    [
        ("try:\n    f()\nexcept* ValueError:\n    pass\n", (3, 11), "except*"),
        ("type Name = int\n", (3, 12), "the statement type"),
        ("type Pair[T] = list[T]\n", (3, 12), "the statement type"),
        ("def first[T](items: list[T]) -> T:\n    return items[0]\n", (3, 12), "type parameters"),
        ("class Box[T]:\n    pass\n", (3, 12), "type parameters"),
        ("def f[T = int](x: T):\n    pass\n", (3, 13), "a default of a type parameter"),
        ("d = {}\nx = f'{d['a']}'\n", (3, 12), "the quotes of an f-string again"),
        ("x = f'{chr(10).join(['\\n'])}'\n", (3, 12), "an f-string"),
        ("x = t'hello {name}'\n", (3, 14), "a t-string"),
    ],
)
def test_syntax_of_a_newer_python_is_named_with_its_version(broken, code, version, name):
    if sys.version_info >= version:
        pytest.skip("another Python: this one has it")

    advice = broken.advice(program=code)

    assert name in advice.what
    assert f"which came with Python {version[0]}.{version[1]}; this is Python 3." in advice.what
    assert f"Python {version[0]}.{version[1]} or newer" in advice.fix
    if name.startswith("the quotes"):
        broken.apply(advice)
        assert broken.text("program") == "d = {}\nx = f'{d[\"a\"]}'\n"


@pytest.mark.parametrize("code", ["type = 3\nx = (\n", "x = (1,\ntype(x) = 4\n", "t'\n"])
def test_other_errors_are_not_put_down_to_the_version(code):
    error = error_in(code)

    assert error is not None
    assert newer_feature(code, error, (3, 10)) is None


@pytest.mark.parametrize(
    ("wrong", "right", "fix"),
    [
        ("if 1:\n    pass\nelse if 2:\n    pass", "if 1:\n    pass\nelif 2:\n    pass", "elif"),
        ("x = 1\nif x = 2:\n    pass", "x = 1\nif x == 2:\n    pass", "=="),
        ("if 1:\n        x = 1\n\ty = 2", "if 1:\n        x = 1\n        y = 2", "spaces"),
        ("def f():\n    x = 1\n\treturn x", "def f():\n    x = 1\n    return x", "spaces"),
    ],
)
def test_a_change_that_makes_the_file_valid_is_offered(broken, wrong, right, fix):
    advice = broken.advice(program=f"{wrong}\n")

    assert fix in advice.fix
    broken.apply(advice)
    assert broken.text("program") == f"{right}\n"


@pytest.mark.parametrize(
    ("code", "says", "fix"),
    [
        ("x = {\n  'a': 1,\n\ny = 2", "line 1: '{' was never closed.", "Write the } that belongs"),
        ("x = 1)", "line 1: unmatched ')'.", "Delete this bracket"),
        ("x = (1, [2, 3)", "line 1: closing parenthesis", "Close the [ with ]"),
        ('x = """a\ny = 1', "line 1: unterminated triple-quoted", "Write the three quotes"),
        ("def f():\nx = 1", "line 2: the function definition in line 1 has no", "Indent line 2"),
        ("if 1:\n    if 2:\n        x = 1\n   y = 2", "line 4 has an indentation that matches no",
         "Indent it like"),
        ("x = 1\n  y = 2", "line 2 is indented more than the block", "Delete the"),
        ("return 1", "line 1: 'return' outside function.", "Correct this line"),
    ],
)  # fmt: skip
def test_an_error_without_a_certain_change_has_its_line_and_no_diff(broken, code, says, fix):
    advice = broken.advice(program=f"{code}\n")

    assert f"program.py, {says}" in advice.what
    assert advice.fix.startswith(fix)
    assert advice.diff == ""
    assert advice.place.line == broken.error.lineno


def test_tabs_that_could_mean_two_things_have_no_diff(broken):
    code = "def f():\n    if 1:\n        x = 1\n\ty = 2\n"

    advice = broken.advice(program=code)

    assert "inconsistently with tabs and spaces" in advice.what
    assert advice.diff == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x = 1\ny = 'caf\xe9'\n", "program.py is not saved as UTF-8: line 2 has a byte"),
        ("x = 1\n".encode("utf-16"), "program.py is saved as UTF-16, but Python reads UTF-8."),
    ],
)
def test_a_file_in_another_encoding_is_to_be_saved_as_utf_8(mistake, content, says):
    file = mistake.folder / "program.py"
    file.write_bytes(content)
    error = SyntaxError("cannot decode", (str(file), 1, 1, ""))

    advice = advise(error, None, None)

    assert advice.what.startswith(says)
    assert advice.fix == "Save the file as UTF-8 in the editor."


def test_a_file_of_an_installed_package_is_not_to_be_corrected(broken, mistake, monkeypatch):
    mistake.write("site-packages/flask_older.py", "print 'ready'\n")
    monkeypatch.syspath_prepend(str(mistake.folder / "site-packages"))

    advice = broken.advice(program="import flask_older\n")

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert advice.what == (
        f"The package flask_older does not work with Python {version}: its file flask_older.py has"
        " a syntax error in line 1 (Missing parentheses in call to 'print')."
    )
    assert "--upgrade" in advice.fix
    assert advice.diff == ""
    assert advice.place.source == "import flask_older"


def test_a_file_of_settings_has_a_diff_only_if_all_of_it_is_valid_then(broken, mistake):
    mistake.write("shop.cfg", "A = “a”\nB = (\n")
    program = "from flask import Flask\nFlask(__name__).config.from_pyfile('shop.cfg')\n"

    assert broken.advice(program=program).diff == ""

    mistake.write("shop.cfg", "A = “a”\n")

    assert '+A = "a"' in broken.advice(program=program).diff


def test_a_file_that_has_changed_since_is_described_by_the_message_alone(broken, mistake):
    advice = broken.advice(program="print 'a'\n")
    mistake.write("program.py", "x = 1\n")

    later = advise(broken.error, None, None)

    assert "of Python 2" in advice.what
    assert later.what == (
        "Python cannot parse program.py, line 1: Missing parentheses in call to 'print'."
    )
    assert later.diff == ""


@pytest.mark.parametrize(
    ("wrong", "line", "right"),
    [
        ("def f():\n    return 1\n@d('/')\n", 4, "@d('/')\ndef f():\n    return 1\n"),
        ("def f():\n    return 1\n\n@d('/')", 5, "@d('/')\ndef f():\n    return 1\n\n"),
        (
            "def f():\n    return 1\n@d('/')\nif x:\n    pass\n",
            4,
            "@d('/')\ndef f():\n    return 1\nif x:\n    pass\n",
        ),
        (
            "@d('/')\n\ny = 1\ndef f():\n    return y\n",
            2,
            "\ny = 1\n@d('/')\ndef f():\n    return y\n",
        ),
    ],
)
def test_a_decorator_without_a_function_is_moved_above_it(broken, wrong, line, right):
    advice = broken.advice(program=f"x = d = print\n{wrong}")

    assert advice.what == f"program.py, line {line}: @d('/') has no function below it."
    assert advice.place.line == line
    assert advice.fix == "Move it directly above def f."
    broken.apply(advice)
    assert broken.text("program") == f"x = d = print\n{right}"


def test_a_decorator_between_two_functions_is_not_moved(broken):
    program = "def f():\n    pass\n@d('/')\nx = 1\ndef g():\n    pass\n"

    advice = broken.advice(program=program)

    assert advice.fix == "Move it directly above its function."
    assert advice.diff == ""


def test_a_decorator_beside_another_error_is_not_the_cause(broken):
    advice = broken.advice(program="@d('/')\nx = = 1\n")

    assert "has no function" not in advice.what


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("def f():\nreturn 1\n", "def f():\n    return 1\n"),
        (
            "def f():\nif x:\n    y = 1\nreturn 1\nz = 2\n",
            "def f():\n    if x:\n        y = 1\n    return 1\nz = 2\n",
        ),
        (
            "class A:\n    def f():\n    y = 1\n    return y\nz = 2\n",
            "class A:\n    def f():\n        y = 1\n        return y\nz = 2\n",
        ),
        ("def f():\ny = 1\nz = 2\n", ""),  # without a return, the end is not known
        ("def f():\ny = 1\n\nreturn y\n", ""),
        ("def f():\ndef g():\n    pass\nreturn 1\n", ""),
    ],
)
def test_a_function_without_indentation_ends_at_its_return(broken, wrong, right):
    advice = broken.advice(program=f"x = 0\n{wrong}")

    assert "has no indented line below it" in advice.what
    if not right:
        assert advice.diff == ""
        assert advice.fix != "Indent the lines of the function."
        return
    assert advice.fix == "Indent the lines of the function."
    broken.apply(advice)
    assert broken.text("program") == f"x = 0\n{right}"
