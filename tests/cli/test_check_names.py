"""The rule on names that nothing defines."""

import pytest


def view(body):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"\n@app.route('/')\ndef index():\n{lines}"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("return jsn.dumps({})", 7),
        ("x = 1\nreturn str(x + missing)", 8),
        ("return str([missing for x in 'ab'])", 7),
        ("return str((lambda: missing)())", 7),
        ("def inner():\n    return missing\nreturn inner()", 8),
        ("return str({x: missing for x in 'ab'})", 7),
        ("try:\n    return missing\nexcept ValueError:\n    return ''", 8),
    ],
)
def test_a_name_that_is_neither_imported_nor_set_is_an_error(findings, body, line):
    assert findings(view(body)) == [f"undefined-name program.py:{line}"]
    assert {finding.level for finding in findings.whole(view(body))} == {"error"}


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("datetime", "Add it to the imports: import datetime."),
        ("settings_", "Write settings, or import or set settings_."),
        ("sqlalchemy_session", "Import sqlalchemy_session, or set it."),
    ],
)
def test_the_fix_is_an_import_or_a_similar_name(findings, name, fix):
    [finding] = findings.whole("\nsettings = {}" + view(f"return str({name})"))

    assert finding.fix == fix


@pytest.mark.parametrize(
    ("name", "fix"), [("redirect", "from flask import redirect"), ("json", "import json")]
)
def test_a_name_of_flask_is_to_be_imported(findings, write, name, fix):
    write("shop.py", f"def target():\n    return {name}\n")
    [finding] = findings.whole("\nimport shop" + view("return shop.target()"))

    assert (finding.rule, finding.line) == ("undefined-name", 2)
    assert finding.fix == f"Add it to the imports: {fix}."


@pytest.mark.parametrize(
    "body",
    [
        "return str(len('x'))",
        "return str(later)",
        "return __name__ + __file__",
        "return str(set_by_global())",
        "return str(counter)",
        "try:\n    return unicode('x')\nexcept NameError:\n    return 'x'",
        "import sys\nif sys.version_info < (3,):\n    return unicode('x')\nreturn 'x'",
        "return str([x for x in 'ab'])",
        "class Inner:\n    a = 1\n    b = a\nreturn str(Inner.b)",
        "def inner(value: 'Missing') -> 'Missing':\n    return value\nreturn inner('x')",
        "return str(set_by_other_code)",
        "return str(set_by_setattr)",
        "return str(only_in_script)",
        "return request.path",
    ],
)
def test_names_that_are_set_somewhere_are_sound(findings, body):
    program = """
import sys
def set_by_global():
    global counter
    counter = 1
def prepare(module):
    module.set_by_other_code = 1
    setattr(module, "set_by_setattr", 1)
if __name__ == "__main__":
    only_in_script = 1
"""
    assert findings(program + view(body) + "\nlater = 1\n") == []


@pytest.mark.parametrize("statement", ["exec('x = 1')", "globals().update(x=1)", "vars()['x'] = 1"])
def test_a_module_that_sets_names_dynamically_is_left_out(findings, statement):
    assert findings(f"\nif False or not app:\n    {statement}\n" + view("return str(x)")) == []


def test_an_annotation_is_not_evaluated_by_a_call(findings, write):
    text = "from __future__ import annotations\ndef show(name: Missing) -> Missing: return name\n"
    write("shop.py", text)

    assert findings("\nimport shop" + view("x: Missing = 'a'\nreturn shop.show(x)")) == []
