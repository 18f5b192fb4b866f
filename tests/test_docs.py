"""The documentation names everything a user can reach, and its programs run."""

import dataclasses
import importlib.metadata
import inspect
import re
from pathlib import Path

import pytest

import retort
from retort.cli import cli
from retort.lifecycle import overrides

PROJECT = Path(__file__).parent.parent
DOCS = PROJECT / "docs"
KINDS = "class|function|method|attribute|property|data|exception|module"
DIRECTIVE = re.compile(rf"^\.\. (?:auto)?(?:{KINDS}):: (\S+?)(?:\(|$)", re.M)


def text_of(page):
    return (DOCS / page).read_text(encoding="utf-8")


def commands(group, *before):
    for name, command in group.commands.items():
        yield " ".join([*before, name]), command
        yield from commands(command, *before, name) if hasattr(command, "commands") else ()


def options(command):
    for parameter in command.params:
        if parameter.param_type_name == "option" and not getattr(parameter, "hidden", False):
            yield from (*parameter.opts, *parameter.secondary_opts)


def names_of_the_reference():
    pages = (DOCS / "api").glob("*.md")
    return {name for page in pages for name in DIRECTIVE.findall(page.read_text("utf-8"))}


def test_the_reference_has_every_public_name():
    public = {f"retort.{name}" for name in retort.__all__ if not name.startswith("__")}

    assert public <= names_of_the_reference()


def test_every_page_of_the_reference_is_in_its_table():
    linked = set(re.findall(r"\]\(api/([\w-]+)\.md\)", text_of("api.md")))

    assert linked == {page.stem for page in (DOCS / "api").glob("*.md")}


# What readers search for; the search of the pages finds words of their text.
SEARCHED = {
    "openapi": "openapi.md",
    "migrate": "recipes.md",
    "rollback": "rollout.md",
    "background task": "recipes.md",
    "gunicorn": "gunicorn.md",
    "pypi": "faq.md",
    "websocket": "faq.md",
}


@pytest.mark.parametrize(("word", "page"), SEARCHED.items())
def test_a_page_has_the_word_that_readers_search_for(word, page):
    assert re.search(rf"\b{word}", text_of(page), re.I)


def test_every_page_is_in_the_navigation():
    listed = set()
    for page in [*DOCS.rglob("index.md"), DOCS / "api.md"]:
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            names = [line for line in tree.splitlines() if line and line[0] != ":"]
            listed |= {(page.parent / f"{name}.md").resolve() for name in names}

    assert listed | {DOCS / "index.md"} == set(DOCS.rglob("*.md"))


def test_nothing_claims_that_the_package_is_on_an_index():
    for page in [PROJECT / "README.md", *DOCS.rglob("*.md"), *DOCS.glob("deploy/*")]:
        claims = re.findall(r"^\$ .*pip install .*\bretort-web\b", page.read_text("utf-8"), re.M)
        assert claims == [], page


@pytest.mark.parametrize(("name", "command"), list(commands(cli)))
def test_every_command_and_option_is_documented(name, command):
    section = re.search(rf"^## `retort {name}`\n(.*?)(?=^## |\Z)", text_of("cli.md"), re.M | re.S)

    assert section, f"docs/cli.md has no section on `retort {name}`"
    missing = [option for option in options(command) if f"`{option}" not in section[1]]
    assert missing == []


def test_the_options_of_every_command_are_documented():
    assert [option for option in options(cli) if f"`{option}" not in text_of("cli.md")] == []


def test_every_config_key_is_documented_and_every_documented_key_exists():
    documented = set(re.findall(r"^### `([A-Z_]+)`$", text_of("config.md"), re.M))

    assert documented == {*retort.Flask.default_config, *retort.Retort.default_config}


@pytest.mark.parametrize("default_of", [retort.Flask, retort.Retort], ids=["Flask", "Retort"])
def test_the_documented_defaults_are_the_ones_in_force(default_of):
    for key, value in default_of.default_config.items():
        section = re.search(rf"^### `{key}`\n(.*?)(?=^###? |\Z)", text_of("config.md"), re.M | re.S)
        stated = re.search(rf"^{default_of.__name__}: `(.*?)`", section[1], re.M) or re.search(
            r"^Default: `(.*?)`", section[1], re.M
        )
        assert stated, f"docs/config.md gives no default of {key}"
        assert stated[1] == repr(value), key


def test_the_readme_shows_the_tutorials_program_as_it_is():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")

    assert (PROJECT / "examples" / "login" / "login.py").read_text() in readme


def test_the_changelog_has_a_place_for_what_comes_next():
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert "\n## Unreleased\n" in changelog
    sections = set(re.findall(r"^### (\w+)$", changelog, re.M))
    assert sections <= {"Added", "Changed", "Fixed", "Removed", "Security"}


def test_every_relative_link_in_the_repository_pages_leads_to_a_file():
    for page in [*PROJECT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_what_a_package_index_shows_has_no_links_into_a_checkout():
    text = importlib.metadata.metadata("retort-web").get_payload()

    assert "$ retort run --debug login.py" in text
    assert "pip install retort-web" not in text
    assert "@app.route('/login',methods = ['POST', 'GET'])" in text
    assert "times" in text
    assert [link for link in re.findall(r"\]\(([^)]*)", text) if "://" not in link] == []
    assert "$ make" not in text


def is_ours(member):
    """Whether Retort wrote this function, property or class method."""
    function = getattr(member, "fget", None) or getattr(member, "__func__", member)
    return inspect.isfunction(function) and function.__module__.startswith("retort")


def own_methods(cls):
    """The public methods of a class that Retort wrote, its own and those it inherits."""
    public = (name for name in dir(cls) if not name.startswith("_"))
    return [name for name in public if is_ours(inspect.getattr_static(cls, name))]


def public_classes():
    members = [member for member in vars(retort).values() if isinstance(member, type)]
    return [member for member in members if not issubclass(member, Exception)]


@pytest.mark.parametrize("cls", public_classes())
def test_every_public_method_has_a_docstring(cls):
    methods = own_methods(cls)

    assert methods or dataclasses.is_dataclass(cls)
    assert [name for name in methods if not inspect.getdoc(getattr(cls, name))] == []


def test_every_public_class_and_function_has_a_docstring():
    members = [getattr(retort, name) for name in retort.__all__]
    described = [m for m in members if inspect.isfunction(m) or isinstance(m, type)]

    assert len(described) > 20
    assert [member for member in described if not member.__doc__] == []


def table_below(heading):
    """The rows of the first table below a heading of docs/override-points.md."""
    section = re.search(
        rf"^### {heading}\n(.*?)(?=^## |^### |\Z)", text_of("override-points.md"), re.M | re.S
    )
    return re.findall(r"^(\| `.*)$", section[1], re.M)


def test_the_page_on_override_points_has_the_tables_of_the_code():
    methods = [
        f"| `{point.name}` | {point.use} | {'yes ' if point.is_planned else ''}|"
        for point in overrides.METHODS
    ]
    composed_from = [f"| `{point.name}` | {point.use} |" for point in overrides.ATTRIBUTES]
    read = [f"| `{point.name}` | {point.use} |" for point in overrides.READ_WHEN_USED]

    assert table_below("Methods") == methods
    assert table_below("Attributes on which plans depend") == composed_from
    assert table_below("Attributes that are read when they are used") == read


# Decorators and the like, which programs call, and nothing else does.
CALLED_BY_PROGRAMS = {
    *("route", "get", "head", "post", "put", "patch", "delete", "options", "query", "endpoint"),
    *("before_request", "after_request", "teardown_request", "teardown_appcontext"),
    *("url_value_preprocessor", "url_defaults", "context_processor", "shell_context_processor"),
    *("websocket", "before_websocket", "after_websocket", "teardown_websocket"),
    "ensure_async",
    *("before_serving", "while_serving", "after_serving", "startup", "shutdown"),
    *("add_background_task", "test_app"),
    *("errorhandler", "template_filter", "template_test", "template_global", "replace_view"),
}
# What is no part of Flask, and no override point.
INTERNAL = {
    "current_plans",
    "end_setup",
    "is_in_setup",
    "registry_changes",
    "import_name",
    "serving",
}


def test_every_public_name_of_an_application_is_an_override_point_or_called_by_programs_only():
    app = retort.Flask("points")
    tables = overrides.METHODS + overrides.ATTRIBUTES + overrides.READ_WHEN_USED
    named = [point.name for point in tables]

    assert len(named) == len(set(named))
    public = {name for name in dir(app) if not name.startswith("_")}
    assert public - set(named) == CALLED_BY_PROGRAMS | INTERNAL
    in_reference = {f"retort.Flask.{name}" for name in public - INTERNAL}
    assert in_reference <= names_of_the_reference()
    assert [name for name in named if not hasattr(app, name)] == []
