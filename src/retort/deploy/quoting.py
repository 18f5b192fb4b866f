"""Values as the file formats write them.

YAML is written here, because the comments in the output are half of its use, and no library that
Retort depends on writes YAML.
"""

from __future__ import annotations

import re

# Begins with a letter, or as an option: it is neither a number nor a date nor a time.
_PLAIN = re.compile(r"(?:--)?[A-Za-z](?:[-A-Za-z0-9._/=]|:(?=[-A-Za-z0-9._/=]))*", re.A)
_WORDS_WITH_A_MEANING = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf")
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_UNIT_WORD = re.compile(r"[-A-Za-z0-9._/:=,@+]+", re.A)


def yaml(value: object) -> str:
    """A scalar of YAML, in double quotes if it could be read as something else.

    Readers of YAML 1.1 and 1.2 get the same string.
    """
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_WITH_A_MEANING:
        return text
    return '"' + "".join(_yaml_character(one) for one in text) + '"'


def _yaml_character(character: str) -> str:
    short = _SHORT.get(character)
    if short is not None:
        return short
    number = ord(character)
    if character.isprintable() and number != 0xFEFF:
        return character
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def kubernetes(text: str) -> str:
    """A word of a command or the value of a variable, in which ``$(NAME)`` has no meaning."""
    return text.replace("$", "$$")


def compose(text: str) -> str:
    """A value in a Compose file, in which ``${NAME}`` has no meaning."""
    return text.replace("$", "$$")


def unit_word(word: str) -> str:
    """A word of ``ExecStart``: systemd.service(5), systemd.syntax(7)."""
    return unit_value(word).replace("$", "$$")


def unit_value(text: str) -> str:
    """A value of ``Environment``, in quotes unless it is one simple word."""
    if _UNIT_WORD.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("%", "%%") + '"'
