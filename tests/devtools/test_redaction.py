"""Secrets are found by their names, and by their form."""

import sys

import pytest

from retort.devtools.redaction import (
    MAX_TEXT_CHARS,
    MAX_VALUE_CHARS,
    NOT_SHOWN,
    REDACTED,
    Budget,
    is_secret,
    redact,
    redacted,
    shown,
)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "user_password",
        "passwd",
        "pwd",
        "SECRET_KEY",
        "client_secret",
        "token",
        "csrf_token",
        "accessToken",
        "api_key",
        "apikey",
        "X-API-Key",
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "session_id",
        "key",
        "private_key",
        "pin",
    ],
)
def test_the_name_of_a_secret_is_detected(name):
    assert is_secret(name)
    assert redacted(name, "hunter2") == REDACTED


@pytest.mark.parametrize("name", ["name", "nm", "keyboard", "monkey", "spin", "passenger"])
def test_an_ordinary_name_is_none(name):
    assert not is_secret(name)
    assert redacted(name, "Ada") == "Ada"


def test_an_empty_secret_is_seen_to_be_empty():
    assert redacted("password", "") == ""


def test_a_variable_with_the_name_of_a_secret_is_masked_whatever_it_holds():
    assert shown("password", "hunter2") == REDACTED
    assert shown("token", b"hunter2") == REDACTED
    assert shown("secrets", ["hunter2"]) == REDACTED
    assert shown("password", None) == "None"
    assert shown("has_password", True) == "True"


class Config(dict):
    pass


class User:
    def __repr__(self):
        return "User(name='Ada', password='hunter2', age=36)"


@pytest.mark.parametrize(
    "value",
    [
        {"name": "Ada", "password": "hunter2"},
        {"outer": {"password": "hunter2"}},
        [{"password": "hunter2"}],
        Config(password="hunter2"),
        User(),
        "name=Ada&password=hunter2",
        '{"password": "hunter2"}',
        "password: hunter2",
        [("password", "hunter2")],
        "Authorization: hunter2",
    ],
)
def test_a_secret_inside_of_a_value_is_masked(value):
    text = shown("value", value)

    assert "hunter2" not in text
    assert REDACTED in text


def test_a_secret_that_is_cut_in_the_middle_is_still_masked():
    text = shown("value", "x" * (MAX_VALUE_CHARS - 14) + " password='hunter2hunter2'")

    assert "hunter" not in text


def test_the_rest_of_such_a_value_stays_readable():
    assert shown("user", User()) == f"User(name='Ada', password={REDACTED}, age=36)"


def test_a_long_value_is_truncated_with_a_mark():
    text = shown("value", "a" * 1000)

    assert len(text) < MAX_VALUE_CHARS + 30
    assert "letters" in text


def test_a_dictionary_keeps_its_order_and_is_cut():
    assert shown("value", {"tea": 1, "cake": 2}) == "{'tea': 1, 'cake': 2}"
    assert shown("value", dict.fromkeys(range(100))).endswith("29: None, ...}")


def test_an_endless_value_is_shown():
    value = []
    value.append(value)

    assert "..." in shown("value", value)


class Broken:
    def __repr__(self):
        raise RuntimeError("no")


def test_a_value_whose_repr_fails_is_replaced():
    assert shown("value", Broken()).startswith("<Broken instance at ")
    assert "Broken" in shown("value", [Broken()])


# By their form


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("postgres://user:hunter2@host/db", "postgres://user:••••••@host/db"),
        (
            "postgresql+psycopg://u:hunter2@h:5432/d?x=1",
            "postgresql+psycopg://u:••••••@h:5432/d?x=1",
        ),
        ("redis://:hunter2@host", "redis://:••••••@host"),
        ("amqp://user:hunter%402%2F%3A@host", "amqp://user:••••••@host"),
        ("next=redis%3A%2F%2F%3Ahunter2%40host&a=b", "next=redis://:••••••@host&a=b"),
        ("mysql://user:hun@ter2@host", "mysql://user:••••••@host"),
        ("mysql://user:hun/ter2#x?@host", "mysql://user:••••••@host"),
        ("mysql://user:hun:ter2@[::1]:3306/d", "mysql://user:••••••@[::1]:3306/d"),
        ("postgres://user@server:hunter2@host", "postgres://user@server:••••••@host"),
        ("redis://:hunter2@a:1,redis://:hunter2@b:2", "redis://:••••••@a:1,redis://:••••••@b:2"),
        ("https://hunter2hunter2hunter2@example.org/x", "https://••••••@example.org/x"),
        ("http://user:12345@host", "http://user:••••••@host"),
        ("'HTTPS://U:hunter2@HOST'", "'HTTPS://U:••••••@HOST'"),
        ('{"url":"redis://:hunter2@h","to":"a@b.c"}', '{"url":"redis://:••••••@h","to":"a@b.c"}'),
    ],
)
def test_a_password_in_a_url_is_masked(text, safe):
    assert redact(text) == safe
    assert shown("value", [text]) == repr([safe])


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:5000/users/@me",
        "http://localhost:5000?mail=ada@example.org",
        "https://example.org/a:b@c",
        "http://[::1]:5000/@me",
        "ssh://git@example.org/repository",
        "http://example.org:80",
        "see :// and ada@example.org",
        "sqlite:///shop.db",
    ],
)
def test_a_url_without_a_password_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Bearer hunter2", "Bearer ••••••"),
        ("bearer  hun.ter_2-~+/==", "bearer  ••••••"),
        ("Bearer 12|hunter2, and more", "Bearer ••••••, and more"),
        ("Basic aHVudGVyMjpodW50ZXIy", "Basic ••••••"),
        ("curl -H 'Basic aHVudGVyMjo='", "curl -H 'Basic ••••••'"),
        ("Bearer%20hunter2", "Bearer%20••••••"),
        ("Authorization=Bearer hunter2", "Authorization=••••••"),
        ("Bearer Bearer hunter2", "Bearer Bearer ••••••"),
        ("no Bearer api_key: hunter2", "no Bearer •••••• ••••••"),
        ('Digest username="a", response="hunter2", nc=1 x', "Digest •••••• x"),
        ("Authorization: Custom hunter2, hunter2", "Authorization: ••••••"),
        ("Authorization: b'hunter2'", "Authorization: ••••••"),
        ("Cookie: sid=hunter2; b=hunter2\nHost: x", "Cookie: ••••••\nHost: x"),
        ("Basic authentication is off", "Basic authentication is off"),
        ("Token expired", "Token expired"),
    ],
)
def test_credentials_of_a_request_are_masked(text, safe):
    assert redact(text) == safe


PEM = "-----BEGIN {kind}-----\nhunter2\nhunter2\n-----END {kind}-----"


@pytest.mark.parametrize(
    "kind",
    ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY",
     "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"],
)  # fmt: skip
def test_a_private_key_is_masked(kind):
    key = PEM.format(kind=kind)

    assert redact(f"before\n{key}\nafter") == f"before\n{REDACTED}\nafter"
    assert shown("value", {"text": key}) == f"{{'text': '{REDACTED}'}}"
    assert shown("value", key.encode()) == f"b'{REDACTED}'"
    assert "hunter2" not in redact(key[:-20])  # without its end


def test_a_certificate_stays():
    text = PEM.format(kind="CERTIFICATE").replace("hunter2", "MIIB")

    assert redact(text) == text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 5000 + "postgres://user:hunter2@host",
        "postgres://user:" + "hunter2" * 500 + "@host",
        ["postgres://user:" + "hunter2" * 500 + "@host"],
        PEM.format(kind="PRIVATE KEY").replace("hunter2", "hunter2" * 700),
        [PEM.format(kind="PRIVATE KEY").replace("hunter2", "hunter2" * 700)],
    ],
)
def test_nothing_of_a_secret_that_is_cut_off_is_shown(value):
    assert "hunter2" not in shown("value", value)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [{"key": "hunter2", "b": 1}]},
        [Config(pin="hunter2")],
        {b"password": b"hunter2"},
        '{"a": "{\\"password\\": \\"hunter2 hunter2\\"}"}',
    ],
)
def test_a_secret_deep_inside_of_a_value_is_masked(value):
    assert "hunter2" not in shown("value", value)


def test_in_source_code_only_the_form_counts():
    line = "password = form['password']; db = 'postgres://u:hunter2@h'"

    assert redact(line, by_name=False) == line.replace("hunter2", REDACTED)


# Work


def hostile(size):
    """Texts that make an expression try one thing again and again, of about ``size`` letters."""
    pieces = [
        "a",
        "a-",
        " ",
        "a ",
        "\\",
        "'",
        '"',
        "'\\",
        "password",
        "password=",
        "password='",
        'password=\\"',
        "password=\\\\",
        "password ",
        "password\n",
        "authorization:",
        "cookie: \\",
        "://",
        "://a:",
        "x://a:b",
        "://a:1@",
        "@",
        ":",
        "Bearer ",
        "Bearer",
        "Basic  ",
        "Digest ",
        "Digest a=",
        'Digest a="',
        "Digest a=b,",
        "a=b, ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----END ",
        "-----BEGIN PRIVATE KEY----------END ",
        "-",
        "A ",
        "%3A%2F%2F",
        "%3A",
        "BEGIN+",
        "BEGIN+A",
    ]
    heads = ["", "password", "Bearer ", "Digest ", "x://", "-----BEGIN PRIVATE KEY-----", "a='"]
    for head in heads:
        for piece in pieces:
            yield head + piece * (size // len(piece))


def steps(function, *arguments):
    """How many instructions of Python the call takes."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


def test_twice_the_text_takes_at_most_twice_the_steps():
    redact("%3A%2F%2F")  # what the standard library makes at its first use does not count
    for once, twice in zip(hostile(1000), hostile(2000), strict=True):
        assert steps(redact, twice) <= 2.2 * steps(redact, once) + 50, once[:40]


def test_a_long_hostile_text_is_redacted_without_trying_each_beginning():
    # Work that grows with the square of the length would take hours here.
    for text in hostile(MAX_TEXT_CHARS):
        redact(text)


def test_a_value_in_many_parts_is_shown_without_looking_at_all_of_them():
    wide = [1] * 30
    for _ in range(4):
        wide = [wide] * 30

    assert steps(shown, "value", wide) < 200_000  # it has 24 million parts


def test_a_long_text_is_truncated_with_a_mark():
    assert redact("a b" * MAX_TEXT_CHARS).endswith(f"… ({3 * MAX_TEXT_CHARS} letters)")


def test_values_beyond_the_time_of_a_page_are_replaced_by_a_note():
    spent = Budget(seconds=0)

    assert shown("name", "Ada", spent) == NOT_SHOWN
    assert shown("password", "hunter2", spent) == NOT_SHOWN
    assert shown("name", "Ada", Budget(seconds=1000)) == "'Ada'"
