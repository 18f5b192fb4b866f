"""Which parts of a sentence are in code font."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retort.devtools.html.inline_code import inline_code, split


def shown(text):
    """The sentence with its code between braces."""
    return "".join(f"{{{part}}}" if is_code else part for is_code, part in split(text))


@pytest.mark.parametrize(
    "text",
    [
        "POST {/login} arrived; {login()} ({login.py:11}) accepts GET only.",
        "Write {@app.get('/nope')} above a function.",
        "Set {app.config['METHOD_OVERRIDE'] = True}.",
        "Read {request.get_json()['nm']}, or {request.args.get(\"nm\")}.",
        "{url_for('success', name=(1, 2))} needs a value.",
        "Add {method=\"post\"} to {<form action='/login'>}.",
        "The route lacks {methods=['GET', 'POST']}.",
        '{TypeError}: can only concatenate str (not {"int"}) to str',
        "{jinja2.exceptions.UndefinedError}: {'user'} is undefined",
        "{SESSION_COOKIE_SECURE} is on, {session_interface} is not.",
        "Open {/success/<name>}, or {/}.",
        "The body is {application/json}; start with {--port} 5001.",
        "{user} was {None}: it is not {'None'}.".replace("{user}", "user"),
        "No field {'nm'}. Received: {'name'}.",
    ],
)
def test_names_as_a_program_has_them_are_code(text):
    assert shown(text.replace("{", "").replace("}", "")) == text


@pytest.mark.parametrize(
    "text",
    [
        "A form's fields, the views' list: it's here (see the docs), e.g. there.",
        "303 (See Other) is followed with GET: RFC 9110 section 15.4.4.",
        "The value(s) of GET and/or POST.",
        "None of these endpoints exists.",
        "See http://127.0.0.1:5000/login now. It's at 5 p.m. today.",
        "",
    ],
)
def test_ordinary_words_are_text(text):
    assert shown(text) == text


def test_other_code_is_put_between_backticks():
    assert shown("Write `return` in front of it.") == "Write {return} in front of it."


def test_a_bracket_that_is_not_closed_is_text():
    assert shown("was never closed: login(request.form['nm']") == (
        "was never closed: login({request.form['nm']}"
    )


def test_text_and_code_are_escaped():
    assert inline_code("<script> & url_for('<b>')") == (
        "<code>&lt;script&gt;</code> &amp; <code>url_for(&#39;&lt;b&gt;&#39;)</code>"
    )


@given(st.text(alphabet="ab_.'\"`()[]<>/@= \n-", max_size=60))
def test_no_letter_is_lost_and_none_is_added(text):
    parts = "".join(part for _, part in split(text))

    assert parts.replace("`", "") == text.replace("`", "")
