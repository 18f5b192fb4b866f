"""Values of the options are read back as they were given, in each format."""

import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from retort.deploy import quoting
from retort.deploy.names import text as one_line

AMBIGUOUS = [
    *(
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "n",
        "true",
        "False",
        "null",
        "Null",
        "~",
        "",
        "=",
        "<<",
        "none",
    ),
    *("1", "-1", "1.5", "1e3", ".5", "0x1f", "0o17", "017", "1_000", "1:30", "2026-12-01", ".inf"),
    *("a: b", "a #b", "#", "- a", "--", "-", "?", "!tag", "&a", "*a", "|", ">", "%a", "@a", "`a`"),
    *(
        "[a]",
        "{a}",
        "a,b",
        "'",
        '"',
        "\\",
        "a\\nb",
        " a",
        "a ",
        "a:",
        ":a",
        "é",
        "日本",
        "😀",
        "---",
    ),
    *("$", "$$", "$(HOME)", "${HOME}", "%n", "%%", "100%i", "\u00a0", "\u200b", "\u0301"),
]
LINES = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
    )
)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_reader_of_yaml_gets_each_text_back(text):
    assert yaml.safe_load(f"key: {quoting.yaml(text)}\n") == {"key": text}
    assert yaml.safe_load(f"- {quoting.yaml(text)}\n") == [text]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_reader_of_yaml_gets_ambiguous_text_back(text):
    assert yaml.safe_load(f"key: {quoting.yaml(text)}\n") == {"key": text}


@pytest.mark.parametrize("text", ["shop", "registry/shop:1", "--ops-port=9000", "shop.web:app"])
def test_simple_words_have_no_quotes(text):
    assert quoting.yaml(text) == text


def test_numbers_are_numbers():
    assert yaml.safe_load(quoting.yaml(8000)) == 8000


def expanded_by_kubernetes(text):
    """As in Kubernetes' expansion package: ``$$`` is ``$``, and ``$(HOME)`` a variable."""
    return re.sub(r"\$(\$|\(HOME\))", lambda found: "$" if found[1] == "$" else "/root", text)


def expanded_by_compose(text):
    def replace(found):
        assert found[1] == "$", f"{text!r} has a variable"
        return "$"

    return re.sub(r"\$(\$|\{|[A-Za-z_])", replace, text)


@given(LINES)
@example("$(HOME)$$(HOME)$")
def test_values_of_kubernetes_are_read_back(objects, text):
    found = objects(f"--env=A={text}", "--migrate=a '$(HOME)'", target="shop:f(1)")
    migrate, web = (
        found[kind]["spec"]["template"]["spec"]["containers"][0] for kind in ("Job", "Deployment")
    )

    for env in (migrate["env"], web["env"]):
        [value] = [one["value"] for one in env if one["name"] == "A"]
        assert expanded_by_kubernetes(value) == text
    assert [expanded_by_kubernetes(word) for word in migrate["command"]] == ["a", "$(HOME)"]
    assert web["command"][2] == "shop:f(1)"


@given(LINES)
@example("${HOME}$HOME$$")
def test_values_of_compose_are_read_back(compose, text):
    content = compose(f"--env=A={text}", "--migrate=a '${B}'", target="shop:f('$HOME')")
    web, migrate = (content["services"][name] for name in ("web", "migrate"))

    assert expanded_by_compose(web["environment"]["A"]) == text
    assert expanded_by_compose(migrate["environment"]["A"]) == text
    assert [expanded_by_compose(word) for word in migrate["entrypoint"]] == ["a", "${B}"]
    assert expanded_by_compose(web["entrypoint"][2]) == "shop:f('$HOME')"


def words_of_unit(value):
    """The words of a setting: systemd.syntax(7), with what is used here of its rules."""
    words, position = [], 0
    pattern = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"\'\\]+))(?=\s|$)')
    while position < len(value.rstrip(" ")):
        found = pattern.match(value, position)
        assert found, (value, position)
        word = found[2] if found[2] is not None else re.sub(r"\\(.)", r"\1", found[1])
        words.append(word)
        position = found.end()
    return words


def without_specifiers(word):
    assert "%" not in word.replace("%%", ""), word
    return word.replace("%%", "%")


@given(LINES)
@example('"\\%i $HOME ${A} \\n;')
def test_values_of_a_unit_are_read_back(write, text):
    target = f"shop:f({text!r})" if text.isprintable() else "shop"
    unit = write("systemd", target, f"--env=A={text}").replace("\\\n", " ")
    lines = dict(line.split("=", 1) for line in unit.splitlines() if re.match("[A-Z]", line))

    assert [without_specifiers(word) for word in words_of_unit(lines["Environment"])] == [
        f"A={text}"
    ]
    word = without_specifiers(words_of_unit(lines["ExecStart"])[2])
    assert word.replace("$$", "$") == target
    assert "$" not in word.replace("$$", "")


@given(st.text())
def test_a_text_of_several_lines_or_with_control_characters_is_refused(text):
    whole = f"a{text}\n" if "\n" not in text else text
    with pytest.raises(ValueError, match="control character"):
        one_line(whole, "--env A")


@pytest.mark.parametrize(
    "character", ["\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\ud800", "\ufeff"]
)
def test_each_kind_of_control_character_is_refused(character):
    with pytest.raises(
        ValueError, match=r"^--env A: the value has a line break or another control"
    ):
        one_line(f"a{character}b", "--env A")
