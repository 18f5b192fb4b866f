"""What JSON lacks in a return value: its key, its type and the conversion."""

import pytest

PROGRAM = """
    import contextlib, dataclasses, datetime, sqlite3
    from flask import Flask, jsonify, make_response, request

    app = Flask(__name__)

    {before}

    @app.get('/')
    def index():
        {body}
"""


def view(mistake, body, before=""):
    body = body.replace("\n", "\n        ")
    before = before.replace("\n", "\n    ")
    mistake.write("program.py", PROGRAM.replace("{body}", body).replace("{before}", before))


FOUND = [
    ("{'tags': {'a'}}", "set at ['tags']", "Write list({'a'}).", {"tags": ["a"]}),
    (
        "{'user': {'roles': [frozenset('a')]}}",
        "frozenset at ['user']['roles'][0]",
        "Write list(frozenset('a')).",
        {"user": {"roles": [["a"]]}},
    ),
    ("{'raw': b'x'}", "bytes at ['raw']", "Write b'x'.decode().", {"raw": "x"}),
    (
        "[datetime.time(12)]",
        "time at [0]",
        "Write datetime.time(12).isoformat().",
        ["12:00:00"],
    ),
    (
        "{'left': datetime.timedelta(1) * 2}",
        "timedelta at ['left']",
        "Write (datetime.timedelta(1) * 2).total_seconds().",
        {"left": 172800.0},
    ),
    ("{'all': {1: 2}.keys()}", "dict_keys at ['all']", "Write list({1: 2}.keys()).", {"all": [1]}),
    ("dict(tags={'a'})", "set at ['tags']", "Write list({'a'}).", {"tags": ["a"]}),
]


@pytest.mark.parametrize(("returned", "found", "fix", "sent"), FOUND, ids=[row[0] for row in FOUND])
def test_the_key_of_what_json_lacks_is_named_and_converted(mistake, returned, found, fix, sent):
    view(mistake, f"return {returned}")

    advice = mistake.advised("GET", "/")

    assert advice.what == f"JSON cannot represent the {found} in the value that index() returned."
    assert advice.place.source == f"return {returned}"
    assert advice.fix == fix
    assert mistake.mended("GET", "/").json == sent


def test_a_dict_that_was_assigned_before_is_followed(mistake):
    view(mistake, "page = {'tags': {'a'}}\nreturn page")

    advice = mistake.advised("GET", "/")

    assert advice.place.source == "return page"
    assert mistake.mended("GET", "/").json == {"tags": ["a"]}


def test_a_dict_that_is_changed_later_gets_no_diff(mistake):
    view(mistake, "page = {'tags': []}\npage['tags'] = {'a'}\nreturn page")

    advice = mistake.advised("GET", "/")

    assert "set at ['tags']" in advice.what
    assert advice.fix == "Send list(value) in its place."
    assert advice.diff == ""


def test_rows_of_a_query_become_dicts(mistake):
    view(
        mistake,
        "with contextlib.closing(sqlite3.connect(':memory:')) as db:\n"
        "    db.row_factory = sqlite3.Row\n"
        "    rows = db.execute('select 1 as id union select 2').fetchall()\n"
        "    return {'rows': rows}",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "JSON cannot represent the Row at ['rows'][0] in the value that index() returned."
    )
    assert mistake.mended("GET", "/").json == {"rows": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize(
    ("call", "found", "sent"),
    [
        ("jsonify({'a'})", "set that index() passed to jsonify()", ["a"]),
        (
            "jsonify(tags={'a'}, n=1)",
            "set at ['tags'] in the value that index() passed to jsonify()",
            {"n": 1, "tags": ["a"]},
        ),
        (
            "jsonify({'tags': {'a'}}), 201",
            "set at ['tags'] in the value that index() passed to jsonify()",
            {"tags": ["a"]},
        ),
    ],
)
def test_the_argument_of_jsonify_is_converted(mistake, call, found, sent):
    view(mistake, f"return {call}")

    assert mistake.advised("GET", "/").what == f"JSON cannot represent the {found}."
    assert mistake.mended("GET", "/").json == sent


def test_a_model_with_a_method_for_it_is_converted_and_another_is_not(mistake):
    model = "class User:\n    def to_dict(self):\n        return {'id': 1}"
    view(mistake, "user = User()\nreturn {'user': user}", model)

    assert mistake.advised("GET", "/").fix == "Write user.to_dict()."
    assert mistake.mended("GET", "/").json == {"user": {"id": 1}}

    view(mistake, "return {'user': User()}", "class User:\n    pass")

    advice = mistake.advised("GET", "/")
    assert advice.fix == "Send a dict with the attributes that are needed."
    assert advice.diff == ""


def test_a_conversion_that_fails_is_not_written(mistake):
    view(mistake, "return {'raw': b'\\xff'}")

    advice = mistake.advised("GET", "/")

    assert "bytes at ['raw']" in advice.what
    assert advice.diff == ""


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ("{(1, 2): 'a'}", "JSON cannot represent the key (1, 2) (tuple)"),
        ("{'a': {1: 2, 'b': 3}}", "The keys of the dict at ['a']"),
        ("{'f': print}", "JSON cannot represent the function print at ['f']"),
        ("{'c': int}", "JSON cannot represent the class int at ['c']"),
    ],
)
def test_keys_and_functions_are_described(mistake, returned, says):
    view(mistake, f"return {returned}")

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith(says)
    assert advice.place.source == f"return {returned}"


def test_a_value_that_contains_itself_is_found(mistake):
    view(mistake, "page = {}\npage['page'] = page\nreturn page")

    assert "['page']" in mistake.advised("GET", "/").what
    assert "contains itself" in mistake.advice.what


def test_the_provider_of_the_program_decides_what_json_lacks(mistake):
    view(
        mistake,
        "return {'a': Point(), 'b': {1}}",
        "class Point:\n    pass\n\nbefore = app.json.default\n"
        "app.json.default = lambda value: 'point' if isinstance(value, Point) else before(value)",
    )

    assert "set at ['b']" in mistake.advised("GET", "/").what
    assert mistake.mended("GET", "/").json == {"a": "point", "b": [1]}


def test_two_returns_that_may_have_given_the_dict_are_not_told_apart(mistake):
    view(mistake, "if request.args:\n    return {'b': {2}}\nreturn {'a': {1}}")

    advice = mistake.advised("GET", "/")

    assert advice.what == "JSON cannot represent the set at ['a']."
    assert advice.place is None


def test_text_that_the_view_writes_as_json_is_not_said_to_be_returned(mistake):
    view(mistake, "return app.json.dumps({'a': {1}})")

    advice = mistake.advised("GET", "/")

    assert advice.what == "JSON cannot represent the set at ['a']."
    assert advice.place.source == "return app.json.dumps({'a': {1}})"


def test_a_value_of_the_filter_tojson_is_found_at_its_line(mistake):
    view(mistake, "return render_template('page.html', tags={'a'})")
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.replace("make_response", "render_template"))
    mistake.write("templates/page.html", "{{ tags|tojson }}")

    advice = mistake.advised("GET", "/")

    assert advice.what == "JSON cannot represent the set."
    assert advice.place.source == "{{ tags|tojson }}"


def test_a_value_that_the_session_cannot_store_is_named_with_its_key(mistake):
    view(mistake, "session['tags'] = {'a'}\nreturn 'hello'", "app.secret_key = 'key of a test'")
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.replace("make_response", "session"))

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "JSON cannot represent the set at ['tags'] in the value that the session stores."
    )
    assert advice.fix == "Store list(value) in its place."
