"""Operations on ``None``: where the value came from, and what is not said without evidence."""

import ast
import sys

import pytest

from retort.devtools.advice import advise
from retort.devtools.advice.none.reaching import definitions_of, statement_at

TOP = """
from flask import Flask, g, request, session
import os, re

app = Flask(__name__)
app.secret_key = 'a key'

"""
HAS_POSITIONS = sys.version_info >= (3, 11)


def advised(mistake, body, path="/", method="GET", before="", route="'/'", **options):
    """The advice on a view with this body."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))
    mistake.write(
        "program.py",
        f"{TOP}{before}\n@app.route({route}, methods=['GET', 'POST'])\n"
        f"def index({options.pop('arguments', '')}):\n{lines}",
    )
    return mistake.advised(method, path, **options)


# The request


def test_a_value_that_is_missing_in_the_address_gets_a_default(mistake):
    advice = advised(mistake, "user = request.args.get('nm')\nreturn 'welcome ' + user")

    assert advice.what == "user is None: / was opened without ?nm=..."
    assert advice.why == "Its value comes from line 10: user = request.args.get('nm')"
    assert advice.place.source == "return 'welcome ' + user"
    assert advice.fix == "Give a default: request.args.get('nm', '')."
    assert mistake.mended("GET", "/").text == "welcome "


@pytest.mark.parametrize(
    ("read", "because"),
    [
        ("request.args.get('nm')", "/ was opened without ?nm=..."),
        ("request.args.get('nm', None)", "/ was opened without ?nm=..."),
        ("request.form.get('nm')", "GET / came without the form field 'nm'."),
        (
            "request.values.get('nm')",
            "GET / came without 'nm' in the query string or in a form.",
        ),
        ("request.files.get('nm')", "GET / came without the file 'nm'."),
        ("request.cookies.get('nm')", "GET / came without the cookie 'nm'."),
        ("request.headers.get('X-Nm')", "GET / came without the header X-Nm."),
        ("session.get('nm')", "the session has no value for 'nm'."),
        ("g.get('nm')", "g has no value for 'nm'."),
        ("os.environ.get('NOT_SET')", "the environment variable NOT_SET is not set."),
        ("os.getenv('NOT_SET')", "the environment variable NOT_SET is not set."),
        ("app.config.get('NOT_SET')", None),
        ("{}.get('nm')", None),
        ("re.match('a', 'b')", "the pattern did not match."),
        ("re.compile('a').search('b')", None),
    ],
)
def test_the_reason_is_named_where_the_request_proves_it(mistake, read, because):
    advice = advised(mistake, f"user = {read}\nreturn 'welcome ' + user")

    line = f"it is the value of {read}, line 10." if because is None else because
    assert advice.what == f"user is None: {line}"


def test_a_field_that_is_in_the_query_string_is_said_to_be_there(mistake):
    advice = advised(
        mistake, "user = request.form.get('nm')\nreturn user.upper()", "/?nm=Bob", "POST"
    )

    assert advice.what == (
        "user is None: POST / came without the form field 'nm', which is in the query string"
        " (request.args)."
    )


def test_a_part_of_the_request_is_known_by_another_name(mistake):
    advice = advised(mistake, "args = request.args\nreturn 'welcome ' + args.get('nm')")

    assert advice.what == "args.get('nm') is None: / was opened without ?nm=..."
    assert mistake.mended("GET", "/").text == "welcome "


def test_a_value_that_cannot_be_converted_is_not_said_to_be_missing(mistake):
    body = "page = request.args.get('page', type=int)\nreturn str(page + 1)"

    assert advised(mistake, body, "/?page=x").what == (
        "page is None: int() does not accept the value of 'page' in request.args."
    )
    assert advised(mistake, body, "/").what == "page is None: / was opened without ?page=..."


def test_a_conversion_that_may_return_none_itself_is_not_blamed(mistake):
    advice = advised(
        mistake,
        "page = request.args.get('page', type=lambda text: None)\nreturn page + 1",
        "/?page=x",
    )

    assert "accept" not in advice.what
    assert "without" not in advice.what


def test_a_dictionary_without_the_key_is_named(mistake):
    advice = advised(mistake, "user = {'nam': 1}\nname = user.get('name')\nreturn 'a' + name")

    assert advice.what == "name is None: user has no key 'name'."
    assert advice.diff == ""


# Functions of the program


def test_a_function_without_return_is_named(mistake):
    advice = advised(
        mistake,
        "user = find('Bob')\nreturn user.name",
        before="def find(name):\n    name.upper()\n",
    )

    assert advice.what == (
        "user is None: find() (program.py:7) has no return, so that it returned None."
    )
    assert advice.fix == "End find() with a return."


def test_a_function_that_returned_none_is_named(mistake):
    advice = advised(
        mistake,
        "return find('Bob').name",
        before="def find(name):\n    return {}.get(name)\n",
    )

    assert advice.what == "find('Bob') is None: find() (program.py:7) returned None."


def test_an_argument_is_traced_to_the_call(mistake):
    advice = advised(
        mistake,
        "return greet(request.args.get('nm'), end='!')",
        before="def greet(name, end):\n    return 'welcome ' + name + end\n",
    )

    assert advice.what == "name is None: / was opened without ?nm=..."
    assert advice.why == (
        "Its value comes from line 12: return greet(request.args.get('nm'), end='!')"
    )
    assert mistake.mended("GET", "/").text == "welcome !"


def test_an_argument_of_a_method_is_traced_to_the_call(mistake):
    advice = advised(
        mistake,
        "greeter = Greeter()\nname = request.args.get('nm')\nreturn greeter.greet(name)",
        before="class Greeter:\n    def greet(self, name):\n        return 'welcome ' + name\n",
    )

    assert advice.what == "name is None: / was opened without ?nm=..."


def test_an_argument_that_was_left_out_is_named(mistake):
    advice = advised(
        mistake, "return greet()", before="def greet(name=None):\n    return 'welcome ' + name\n"
    )

    assert advice.what == (
        "name is None: index() calls greet() without name, whose default is None."
    )


def test_an_argument_of_the_view_that_its_route_lacks_is_named(mistake):
    advice = advised(mistake, "return 'welcome ' + name", arguments="name=None")

    assert advice.what == "name is None: the route / has no <name>, and the default is None."


@pytest.mark.parametrize(
    "call", ["greet(*[None])", "greet(**{'name': None})", "greet(greet('x') and None)"]
)
def test_an_argument_that_cannot_be_traced_is_only_said_to_be_none(mistake, call):
    advice = advised(
        mistake, f"return {call}", before="def greet(name):\n    return 'welcome ' + name\n"
    )

    assert advice.what == "name is None."


def test_a_sorted_list_is_not_assigned(mistake):
    advice = advised(mistake, "names = ['b', 'a']\nnames = names.sort()\nreturn names[0]")

    assert advice.what == (
        "names is None: names.sort() returned None, as the methods of a list that change it do."
    )
    assert advice.fix == "Write names.sort() in a line of its own."


# What is not certain


def test_of_two_statements_in_a_line_none_is_explained(mistake):
    view = "def index():\n    user = request.args.get('nm')\n    if user.name: user.name\n"
    mistake.write("program.py", f"{TOP}@app.get('/')\n{view}")
    mistake.ask("GET", "/")

    assert mistake.errors
    assert mistake.advice is None


@pytest.mark.parametrize(
    "body",
    [
        # Two assignments
        "user = None\nif request.args:\n    user = request.args.get('a')\nreturn 'a' + user",
        "user = request.args.get('a')\nfor name in ():\n    user = None\nreturn 'a' + user",
        (
            "try:\n    user = request.args.get('a')\n    user = int(user)\n"
            "except (TypeError, ValueError):\n    pass\nreturn 'a' + user"
        ),
        "user = request.args.get('a') if request.args else None\nreturn 'a' + user",
        "user = request.args.get('a') and request.args.get('b')\nreturn 'a' + user",
        # An assignment without an expression
        "for user in [None]:\n    return 'a' + user",
        "user, _ = (None, 1) if request.path else (1, 2)\nreturn 'a' + user",
        # Another function
        (
            "user = request.args.get('a')\ndef change():\n    nonlocal user\n"
            "    user = None\nchange()\nreturn 'a' + user"
        ),
    ],
)
def test_of_several_assignments_none_is_blamed(mistake, body):
    advice = advised(mistake, body)

    assert advice.what == "user is None."
    assert advice.why == ""
    assert advice.diff == ""


@pytest.mark.parametrize(
    "body",
    [
        "user = request.args.get('a') or request.args.get('b')\nreturn 'a' + user",
        "user = 'x'\nif request.path:\n    user = request.args.get('b')\nreturn 'a' + user",
        (
            "if not request.path:\n    user = 'x'\n    return user\n"
            "else:\n    user = request.args.get('b')\nreturn 'a' + user"
        ),
        "if (user := request.args.get('b')) is None:\n    return 'a' + user",
        "other = request.args.get('b')\nuser = other\nother = 'x'\nreturn 'a' + user",
        "_, user = 1, request.args.get('b')\nreturn 'a' + user",
        "for _ in range(2):\n    user = request.args.get('b')\n    print('a' + user)",
        "with open(__file__) as file:\n    user = request.args.get('b')\nreturn 'a' + user",
    ],
)
def test_the_only_assignment_that_can_have_given_none_is_named(mistake, body):
    assert advised(mistake, body).what == "user is None: / was opened without ?b=..."


def test_a_request_that_another_name_hides_is_not_read(mistake):
    advice = advised(
        mistake,
        "request = Other()\nuser = request.args.get('nm')\nreturn 'a' + user",
        before="class Other:\n    class args:\n        get = staticmethod(lambda key: None)\n",
    )

    assert advice.what == "user is None: it is the value of request.args.get('nm'), line 14."


def test_a_default_is_not_given_where_none_is_tested_for(mistake):
    advice = advised(
        mistake,
        "user = request.args.get('nm')\nwelcome = 'welcome ' + user\nif user is None:\n"
        "    return 'who?'\nreturn welcome",
    )

    assert advice.what == "user is None: / was opened without ?nm=..."
    assert advice.diff == ""
    assert advice.fix == "Before this line, handle the case that user is None."


@pytest.mark.parametrize("new", ["request.cookies.get('nm')", "request.args.get('name')"])
def test_a_file_that_has_changed_since_it_was_loaded_is_not_read(mistake, new):
    program = f"{TOP}@app.get('/')\ndef index():\n    user = {{}}\n    return 'a' + user\n"
    file = mistake.write("program.py", program.format("request.args.get('nm')"))
    app = mistake.load()
    file.write_text(program.format(new), encoding="utf-8")

    with app.test_request_context("/") as context, pytest.raises(TypeError) as caught:
        app.view_functions["index"]()

    assert advise(caught.value, app, context.request) is None


def test_an_error_in_a_library_is_not_explained(mistake):
    mistake.write(
        "program.py", f"{TOP}@app.get('/')\ndef index():\n    import json\n    json.loads(None)\n"
    )
    mistake.ask("GET", "/")

    assert mistake.advice is None


# Operations


@pytest.mark.parametrize(
    ("expression", "operand"),
    [
        ("user + 'a'", "user"),
        ("'a' + user + 'b'", "user"),
        ("1 - user", "user"),
        ("user < 1", "user"),
        ("1 >= user", "user"),
        ("user.name", "user"),
        ("user.name.upper()", "user"),
        ("user[0]", "user"),
        ("user['a']['b']", "user"),
        ("user()", "user"),
        ("[one for one in user]", "user"),
        ("list(user)", "user"),
        ("len(user)", "user"),
        ("int(user)", "user"),
        ("'a' in user", "user"),
        ("str([*user])", "user"),
    ],
)
def test_the_operand_that_is_none_is_found(mistake, expression, operand):
    advice = advised(mistake, f"user = request.args.get('nm')\nreturn str({expression})")

    assert advice.what == f"{operand} is None: / was opened without ?nm=..."


@pytest.mark.parametrize(
    "statement",
    [
        "for one in user:\n    pass",
        "a, b = user",
        "user[0] = 1",
        "user.name = 1",
        "user += 'a'",
        "x = 'a'\nx += user",
        "with open(user.name):\n    pass",
        "return (\n    'a' +\n    user\n    + 'b'\n)",
    ],
)
def test_statements_that_use_none_are_explained(mistake, statement):
    advice = advised(mistake, f"user = request.args.get('nm')\n{statement}\nreturn ''")

    assert advice.what == "user is None: / was opened without ?nm=..."


def test_one_of_two_operations_is_selected_by_the_local_variables(mistake):
    advice = advised(
        mistake,
        "a, b = request.args.get('a'), request.args.get('b')\nreturn a.strip() + b.strip()",
        "/?a=1",
    )

    assert advice.what == "b is None: / was opened without ?b=..."


@pytest.mark.skipif(not HAS_POSITIONS, reason="another Python: 3.10 has no columns")
def test_one_of_two_operations_is_selected_by_its_column(mistake):
    advice = advised(
        mistake, "return request.args.get('a').strip() + request.args.get('b').strip()", "/?a=1"
    )

    assert advice.what == "request.args.get('b') is None: / was opened without ?b=..."


# The analysis of assignments


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = 1\nx = 2\nHERE", [2]),
        ("x = 1\nif a:\n    x = 2\nHERE", [1, 3]),
        ("if a:\n    x = 1\nelse:\n    x = 2\nHERE", [2, 4]),
        ("x = 1\nif a:\n    x = 2\n    return\nHERE", [1]),
        ("x = 1\nwhile a:\n    HERE\n    x = 2", [1, 4]),
        ("x = 1\nfor x in a:\n    HERE", [2]),
        ("x = 1\nfor b in a:\n    x = 2\n    break\nelse:\n    x = 3\nHERE", [3, 6]),
        ("x = 1\nfor b in a:\n    x = 2\n    continue\nHERE", [1, 3]),
        ("try:\n    x = 1\nexcept E:\n    x = 2\nHERE", [2, 4]),
        ("x = 1\ntry:\n    x = 2\nexcept E:\n    HERE", [1, 3]),
        ("x = 1\ntry:\n    x = 2\nexcept E as x:\n    HERE", [2]),
        ("x = 1\ntry:\n    x = 2\n    x = 3\nfinally:\n    HERE", [1, 3, 4]),
        ("x = 1\nwith a as x:\n    HERE", [2]),
        ("x = 1\nwith a:\n    x = 2\nHERE", [1, 3]),
        ("match a:\n    case 1:\n        x = 1\n    case x:\n        pass\nHERE", [1, 3]),
        ("x = 1\nmatch a:\n    case 1 if (x := 2):\n        pass\nHERE", [1, 2]),
        ("x = 1\nimport x\nHERE", [2]),
        ("x = 1\ndef x(): pass\nHERE", [2]),
        ("x = 1\ndef f():\n    x = 2\nHERE", [1]),
        ("x: int = 1\nHERE", [1]),
        ("x: int\nHERE", []),
        ("x = 1\nx += 1\nHERE", [2]),
        ("x = 1\nif a and (x := 2): pass\nHERE", [1, 2]),
        ("x = 1\ndel x\nHERE", [2]),
    ],
)
def test_the_assignments_that_reach_a_line(source, lines):
    body = "".join(f"    {line}\n" for line in source.split("\n"))
    [function] = ast.parse(f"def f(a):\n{body}").body
    at = source.split("\n").index(next(one for one in source.split("\n") if "HERE" in one))
    target = statement_at(function.body, at + 2)

    found = definitions_of(function, "x", target)

    assert sorted(one.statement.lineno - 1 for one in found) == lines


@pytest.mark.parametrize(
    "source", ["global x\nx = 1\nHERE", "y = x\nHERE", "x = 1\n[x for x in (HERE,)]"]
)
def test_a_name_that_is_not_only_local_has_no_known_assignments(source):
    body = "".join(f"    {line}\n" for line in source.split("\n"))
    [function] = ast.parse(f"def f():\n{body}").body

    assert definitions_of(function, "x", function.body[-1]) is None
