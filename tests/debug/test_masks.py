"""Secrets go by their names."""

import pytest

from retort.debug.masks import LONGEST, MASK, is_secret, masked, shown


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
def test_a_name_of_a_secret_is_known(name):
    assert is_secret(name)
    assert masked(name, "hunter2") == MASK


@pytest.mark.parametrize("name", ["name", "nm", "keyboard", "monkey", "spin", "passenger"])
def test_an_ordinary_name_is_none(name):
    assert not is_secret(name)
    assert masked(name, "Ada") == "Ada"


def test_an_empty_secret_is_seen_to_be_empty():
    assert masked("password", "") == ""


def test_a_variable_with_the_name_of_a_secret_is_masked_whatever_it_holds():
    assert shown("password", "hunter2") == MASK
    assert shown("token", b"hunter2") == MASK
    assert shown("secrets", ["hunter2"]) == MASK
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
    assert MASK in text


def test_a_secret_that_is_cut_in_the_middle_is_still_masked():
    text = shown("value", "x" * (LONGEST - 14) + " password='hunter2hunter2'")

    assert "hunter" not in text


def test_the_rest_of_such_a_value_stays_readable():
    assert shown("user", User()) == f"User(name='Ada', password={MASK}, age=36)"


def test_a_long_value_is_cut_and_says_so():
    text = shown("value", "a" * 1000)

    assert len(text) < LONGEST + 30
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


def test_a_value_that_cannot_be_shown_says_so():
    assert shown("value", Broken()).startswith("<Broken instance at ")
    assert "Broken" in shown("value", [Broken()])
