"""How ``retort compare`` fills in forms."""

import re
from urllib.parse import parse_qsl

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WerkzeugRequest

from retort.compare.pages import read_html
from retort.compare.walk.filling import GOOD, as_request, fillings
from retort.compare.walk.patterns import matching


def form_of(controls, attributes="method=post"):
    (form,) = read_html(f"<form {attributes}>{controls}</form>".encode()).forms
    return form


def filled(controls, what=GOOD):
    return fillings(form_of(controls))[what][1]


def value_of(control):
    """The good value of one control named ``a``."""
    return [value for name, value in filled(control) if name == "a"]


def parsed(request):
    """The request as Werkzeug reads it."""
    builder = EnvironBuilder(
        request.target, method=request.method, headers=request.fields, data=request.body
    )
    return WerkzeugRequest(builder.get_environ())


@pytest.mark.parametrize(
    ("control", "value"),
    [
        ("<input name=a>", "Ada"),
        ("<input name=a value=kept>", "kept"),
        ("<input name=a type=email>", "ada@example.org"),
        ("<input name=a type=date>", "2024-02-29"),
        ("<input name=a type=date min=2030-01-01>", "2030-01-01"),
        ("<input name=a type=date max=2020-01-01>", "2020-01-01"),
        ("<input name=a type=time min=14:00>", "14:00"),
        ("<input name=a type=color>", "#336699"),
        ("<input name=a type=number>", "3"),
        ("<input name=a type=number min=18>", "18"),
        ("<input name=a type=number max=-5>", "-5"),
        ("<input name=a type=number max=2>", "2"),
        ("<input name=a type=number step=0.5>", "0.5"),
        ("<input name=a type=number min=x max=y step=any>", "3"),
        ("<input name=a type=range value=7>", "7"),
        ("<input name=a minlength=5>", "Adaaa"),
        ("<input name=a maxlength=2>", "Ad"),
        ("<input name=a maxlength=0>", ""),
        ("<input name=a minlength=abc maxlength=-1>", "Ada"),
        ("<input name=a pattern='[A-Z]{2}-\\d{4}'>", "AA-0000"),
        ("<input name=a pattern='\\d+'>", "3"),
        ("<input name=a pattern='('>", "Ada"),
        ("<textarea name=a>\nkept</textarea>", "kept"),
        ("<input name=a type=hidden value=1>", "1"),
        ("<input name=a type=hidden>", ""),
        ("<input name=a type=checkbox>", "on"),
        ("<select name=a><option>x<option>y</select>", "x"),
        ("<select name=a><option value=''>choose<option>y</select>", "y"),
        ("<select name=a><option>x<option selected>y</select>", "y"),
        ("<select name=a></select>", None),
        ("<button name=a value=1>x</button>", "1"),
        ("<button name=a type=button value=1>x</button>", None),
        ("<input name=a type=reset>", None),
    ],
)
def test_good_values_follow_type_and_attributes(control, value):
    assert value_of(control) == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("name", "value"),
    [("email", "ada@example.org"), ("user_mail", "ada@example.org"), ("message", "Ada")],
)
def test_good_values_follow_the_name(name, value):
    assert filled(f"<input name={name}>") == [(name, value)]


def test_a_length_of_five_thousand_digits_is_limited():
    (value,) = value_of(f"<input name=a minlength={'9' * 5_000}>")

    assert len(value) == 10_000


def test_several_values_of_a_list_are_chosen():
    options = "<option>x<option>y<option>z"

    assert value_of(f"<select name=a multiple>{options}</select>") == ["x", "y"]
    chosen = "<option selected>x<option>y<option selected>z"
    assert value_of(f"<select name=a multiple>{chosen}</select>") == ["x", "z"]


def test_of_radio_buttons_the_checked_one_is_sent_once():
    group = "<input type=radio name=a value=1><input type=radio name=a value=2 checked>"
    other = "<input type=radio name=b value=3><input type=radio name=b value=3>"

    assert filled(group + other) == [("a", "2"), ("b", "3")]


def test_each_text_field_is_empty_then_over_long_then_odd():
    found = fillings(
        form_of("<input name=a><textarea name=b></textarea><input name=c type=hidden>")
    )

    assert list(found) == [
        GOOD,
        *("a empty", "a over-long", "a odd"),
        *("b empty", "b over-long", "b odd"),
    ]
    assert found["a empty"][1] == [("a", ""), ("b", "Ada"), ("c", "")]
    assert len(dict(found["b over-long"][1])["b"]) == 5_000
    odd = dict(found["a odd"][1])["a"]
    assert all(part in odd for part in ("'", '"', "<b>", "ä", "😀", "\r\n", "007", "  "))


def test_lists_and_radio_buttons_get_a_value_that_they_do_not_offer():
    form = form_of(
        "<select name=a><option>x</select>"
        "<input type=radio name=b value=1><input type=radio name=b value=2>"
    )
    found = fillings(form)

    assert "O'Brien" in dict(found["a odd"][1])["a"]
    names = [name for name, _ in found["b odd"][1]]
    assert names == ["a", "b"]
    assert "O'Brien" in dict(found["b odd"][1])["b"]


def test_two_passwords_have_the_same_value():
    found = fillings(form_of("<input type=password name=a><input type=password name=b>"))

    assert found[GOOD][1][0][1] == found[GOOD][1][1][1]
    assert [value for _, value in found["a empty"][1]] == ["", ""]


def test_boxes_and_files_are_left_out_once():
    form = form_of(
        "<input name=a><input type=checkbox name=b><input type=file name=c>",
        "method=post enctype=multipart/form-data",
    )
    button, fields = fillings(form)["without boxes and files"]
    with parsed(as_request(button, "/", fields, ())) as request:
        assert request.form.to_dict() == {"a": "Ada"}
        assert request.files["c"].filename == ""


def test_each_button_sends_the_form_once():
    form = form_of(
        "<input name=a><button name=do value=save>s</button>"
        "<button name=do value=drop formaction=/drop>d</button><input type=image name=map>"
    )
    found = fillings(form)

    assert found[GOOD][1] == [("a", "Ada"), ("do", "save")]
    button, fields = found[f"{GOOD}, button 2"]
    assert (button.action, fields) == ("/drop", [("a", "Ada"), ("do", "drop")])
    assert found[f"{GOOD}, button 3"][1] == [("a", "Ada"), ("map.x", "1"), ("map.y", "1")]


def test_a_form_is_urlencoded_with_line_breaks_as_browsers_send_them():
    form = form_of("<textarea name=a>\nx\ny&amp;z ä</textarea>")
    button, fields = fillings(form)[GOOD]
    request = as_request(button, "/x?y=1", fields, (("Accept", "*/*"),))

    assert (request.method, request.target) == ("POST", "/x?y=1")
    assert request.fields == (
        ("Accept", "*/*"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    )
    assert parse_qsl(request.body.decode()) == [("a", "x\r\ny&z ä")]


def test_a_form_by_get_replaces_the_query():
    form = form_of("<input name=q value='a b'>", "action=/x?old=1")
    button, fields = fillings(form)[GOOD]

    assert as_request(button, "/x?old=1", fields, ()).target == "/x?q=a+b"


def test_a_form_as_plain_text():
    form = form_of("<input name=a value=1><input name=b>", "method=post enctype=text/plain")
    request = as_request(*_arguments(form))

    assert request.body == b"a=1\r\nb=Ada\r\n"
    assert request.fields == (("Content-Type", "text/plain"),)


def test_a_form_with_files_and_odd_names():
    form = form_of(
        "<input name='a&quot;b'><input type=file name=c><input type=file name=d accept='image/*'>",
        "method=post enctype=multipart/form-data",
    )
    with parsed(as_request(*_arguments(form))) as request:
        assert request.form.to_dict() == {'a"b': "Ada"}
        table, image = request.files["c"], request.files["d"]
        assert (table.filename, table.read()) == ("table.csv", b"a,b\n1,2\n")
        assert (image.mimetype, image.read()[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")


def test_the_body_of_a_form_is_the_same_each_time():
    form = form_of("<input type=file name=a>", "method=post enctype=multipart/form-data")

    assert as_request(*_arguments(form)) == as_request(*_arguments(form))


def test_the_charset_field_has_the_charset():
    assert filled("<input type=hidden name=_charset_>") == [("_charset_", "UTF-8")]


def _arguments(form):
    button, fields = fillings(form)[GOOD]
    return button, "/", fields, ()


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{5}",
        r"[a-z]{3,8}",
        r"[A-Z][a-z]*\s?\d+",
        r"^[^@]+@[^@]+\.[a-z]{2,}$",
        r"[0-9a-f]{8}-[0-9a-f]{4}",
        r"\+\d{2} \d+",
        r"[\w\-.]+",
        r".{10}",
    ],
)
def test_a_value_matches_its_pattern(pattern):
    assert re.fullmatch(pattern, matching(pattern, "Ada"))


@pytest.mark.parametrize("pattern", ["(", "[", r"\p{L}+", "(a|b){9}", "a{99999}", "[]"])
def test_a_pattern_that_is_not_understood_has_no_value(pattern):
    assert matching(pattern, "?") is None


def test_the_preferred_value_is_taken_if_it_matches():
    assert matching(r"\w+", "mine") == "mine"
