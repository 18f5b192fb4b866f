"""Config: each loader, the keys it ignores, and its errors."""

import copy
import errno
import json
import os
import pickle

import pytest

from retort import Flask
from retort.config import PLAN_KEYS, Config, ConfigAttribute, is_plan_key
from retort.registries import Changes, is_recorded


@pytest.fixture
def config(tmp_path):
    return Config(tmp_path)


@pytest.fixture
def environment(monkeypatch):
    """Set environment variables; no other begins with SHOP_ or FLASK_."""
    for name in list(os.environ):
        if name.startswith(("SHOP_", "FLASK_")):
            monkeypatch.delenv(name)

    def set_all(**values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return set_all


def write(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_a_config_is_a_dict_with_its_own_repr(tmp_path):
    config = Config(tmp_path, {"DEBUG": True})

    assert isinstance(config, dict)
    assert repr(config) == "<Config {'DEBUG': True}>"


def test_the_defaults_are_copied(tmp_path):
    defaults = {"A": 1}

    config = Config(tmp_path, defaults)
    config["A"] = 2

    assert defaults == {"A": 1}


def test_copies_and_pickles_keep_the_root_path(tmp_path):
    config = Config(tmp_path, {"A": 1})
    config.changes = Changes()

    for twin in (copy.copy(config), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert type(twin) is Config
        assert twin == {"A": 1}
        assert twin.root_path == tmp_path
        assert not is_recorded(twin)


# from_pyfile


def test_a_python_file_gives_its_names_in_capitals(config, tmp_path):
    write(tmp_path, "settings.cfg", "A = 1\nb = 2\nC_D = A + 1\n_E = 3\nclass Lower: pass\n")

    assert config.from_pyfile("settings.cfg") is True

    assert config == {"A": 1, "C_D": 2, "_E": 3}


def test_annotations_in_a_python_file_are_what_python_makes_of_them(config, tmp_path):
    write(tmp_path, "settings.cfg", "def KIND(number: int): ...\n")

    config.from_pyfile("settings.cfg")

    assert config["KIND"].__annotations__ == {"number": int}


def test_a_python_file_has_the_variable_file(config, tmp_path):
    path = write(tmp_path, "settings.py", "FILE = __file__\nNAME = __name__\n")

    config.from_pyfile(path)

    assert config == {"FILE": str(path), "NAME": "config"}


def test_a_python_file_may_be_in_the_encoding_it_declares(config, tmp_path):
    (tmp_path / "old.py").write_bytes(b'# -*- coding: latin-1 -*-\nNAME = "\xe9"\n')

    config.from_pyfile("old.py")

    assert config["NAME"] == "é"


def test_a_missing_python_file_is_an_error_that_names_it(config, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        config.from_pyfile("missing.cfg")

    message = str(caught.value)
    assert message.startswith("[Errno 2] Unable to load configuration file (No such file")
    assert f"relative names start from {str(tmp_path)!r}" in message
    assert "silent=True" in message
    assert caught.value.filename == str(tmp_path / "missing.cfg")


@pytest.mark.parametrize("name", ["missing.cfg", ".", "a_file/settings.cfg"])
def test_a_missing_python_file_is_ignored_with_silent(config, tmp_path, name):
    write(tmp_path, "a_file", "")

    assert config.from_pyfile(name, silent=True) is False
    assert config == {}


def test_a_file_that_is_there_but_unreadable_is_an_error_even_if_silent(config, tmp_path):
    (tmp_path / "loop.cfg").symlink_to("loop.cfg")

    with pytest.raises(OSError, match="Unable to load configuration file") as caught:
        config.from_pyfile("loop.cfg", silent=True)

    assert caught.value.errno == errno.ELOOP
    assert "silent=True" not in str(caught.value)


def test_a_mistake_in_a_python_file_comes_out_with_the_file_name(config, tmp_path):
    path = write(tmp_path, "broken.cfg", "A = (\n")

    with pytest.raises(SyntaxError) as caught:
        config.from_pyfile("broken.cfg", silent=True)

    assert caught.value.filename == str(path)


def test_a_python_file_that_raises_leaves_nothing_behind(config, tmp_path):
    write(tmp_path, "half.cfg", "A = 1\n1 / 0\n")

    with pytest.raises(ZeroDivisionError):
        config.from_pyfile("half.cfg")

    assert config == {}


# from_envvar


def test_an_environment_variable_can_name_the_file(config, tmp_path, environment):
    environment(SHOP_SETTINGS=str(write(tmp_path, "shop.cfg", "A = 1")))

    assert config.from_envvar("SHOP_SETTINGS") is True
    assert config == {"A": 1}


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_or_empty_variable_is_an_error_with_the_fix(config, environment, value):
    if value is not None:
        environment(SHOP_SETTINGS=value)

    with pytest.raises(RuntimeError) as caught:
        config.from_envvar("SHOP_SETTINGS")

    assert "'SHOP_SETTINGS' is not set" in str(caught.value)
    assert "export SHOP_SETTINGS=" in str(caught.value)
    assert config.from_envvar("SHOP_SETTINGS", silent=True) is False


def test_silent_also_covers_the_file_that_a_variable_names(config, environment):
    environment(SHOP_SETTINGS="missing.cfg")

    assert config.from_envvar("SHOP_SETTINGS", silent=True) is False
    with pytest.raises(FileNotFoundError):
        config.from_envvar("SHOP_SETTINGS")


# from_prefixed_env


def test_prefixed_variables_are_read_as_json_where_they_are_json(config, environment):
    environment(
        SHOP_NUMBER="1",
        SHOP_TRUTH="true",
        SHOP_NOTHING="null",
        SHOP_LIST='["a"]',
        SHOP_TEXT="plain words",
        SHOP_QUOTED='"1"',
        SHOPPING="3",
        OTHER_A="4",
    )

    assert config.from_prefixed_env("SHOP") is True

    assert config == {
        "NUMBER": 1,
        "TRUTH": True,
        "NOTHING": None,
        "LIST": ["a"],
        "TEXT": "plain words",
        "QUOTED": "1",
    }


def test_the_usual_prefix_is_that_of_flask(config, environment):
    environment(FLASK_A="1", SHOP_A="2")

    config.from_prefixed_env()

    assert config == {"A": 1}


def test_keys_of_prefixed_variables_keep_their_case(config, environment):
    environment(SHOP_lower="1")

    config.from_prefixed_env("SHOP")

    assert config == {"lower": 1}


def test_two_underscores_reach_into_dicts_and_make_them(tmp_path, environment):
    config = Config(tmp_path, {"MAIL": {"port": 25}})
    environment(SHOP_MAIL__host="local", SHOP_A__B__C="1", SHOP_A__D="2")

    config.from_prefixed_env("SHOP")

    assert config == {"MAIL": {"port": 25, "host": "local"}, "A": {"B": {"C": 1}, "D": 2}}


def test_a_dict_in_one_variable_can_be_added_to_by_another(config, environment):
    environment(SHOP_A='{"x": 1}', SHOP_A__y="2")

    config.from_prefixed_env("SHOP")

    assert config == {"A": {"x": 1, "y": 2}}


def test_reaching_into_what_is_no_dict_names_both_and_shows_no_value(config, environment):
    environment(SHOP_KEY="hunter2", SHOP_KEY__B="1")

    with pytest.raises(TypeError) as caught:
        config.from_prefixed_env("SHOP")

    message = str(caught.value)
    assert "'SHOP_KEY__B'" in message
    assert "'KEY' is a value of type str" in message
    assert "hunter2" not in message


def test_the_reader_of_values_can_be_another(config, environment):
    def whole_number(text):
        return int(text)

    environment(SHOP_A="7", SHOP_B="seven")

    config.from_prefixed_env("SHOP", loads=whole_number)

    assert config == {"A": 7, "B": "seven"}


def test_a_keyboard_interrupt_is_not_taken_for_a_text(config, environment):
    def stop(text):
        raise KeyboardInterrupt

    environment(SHOP_A="1")

    with pytest.raises(KeyboardInterrupt):
        config.from_prefixed_env("SHOP", loads=stop)


# from_object


class Base:
    A = 1
    lower = 2

    @property
    def PROPERTY(self):
        return "computed"


class Child(Base):
    B = 3


def test_a_class_gives_its_attributes_and_those_of_its_bases(config):
    config.from_object(Child)

    assert config["A"] == 1
    assert config["B"] == 3
    assert "lower" not in config


def test_an_object_gives_what_its_properties_compute(config):
    config.from_object(Child())

    assert config["PROPERTY"] == "computed"


def test_an_import_name_is_imported(config):
    config.from_object("errno")

    assert config["ENOENT"] == errno.ENOENT


def test_an_import_name_that_leads_nowhere_is_an_import_error(config):
    with pytest.raises(ImportError, match=r"no\.such\.settings"):
        config.from_object("no.such.settings")


def test_a_dict_has_no_attributes_in_capitals(config):
    config.from_object({"A": 1})

    assert config == {}


# from_file


def test_a_file_is_read_by_the_function_given(config, tmp_path):
    write(tmp_path, "settings.json", '{"A": 1, "b": 2}')

    assert config.from_file("settings.json", load=json.load) is True
    assert config == {"A": 1}


@pytest.mark.parametrize(("text", "expected"), [(True, str), (False, bytes)])
def test_a_file_is_opened_as_text_by_default(config, tmp_path, text, expected):
    write(tmp_path, "settings", "x")

    config.from_file("settings", load=lambda file: {"READ": file.read()}, text=text)

    assert type(config["READ"]) is expected


def test_a_reader_that_finds_nothing_may_return_none(config, tmp_path):
    write(tmp_path, "empty.yaml", "")

    assert config.from_file("empty.yaml", load=lambda file: None) is True
    assert config == {}


def test_a_missing_file_is_an_error_or_let_pass(config, tmp_path):
    with pytest.raises(FileNotFoundError, match="Unable to load configuration file"):
        config.from_file("missing.json", load=json.load)

    assert config.from_file("missing.json", load=json.load, silent=True) is False


def test_what_the_reader_raises_comes_out_even_if_silent(config, tmp_path):
    write(tmp_path, "settings.json", "{")

    def no_such_include(file):
        raise FileNotFoundError(errno.ENOENT, "no such include")

    with pytest.raises(ValueError, match="Expecting property name"):
        config.from_file("settings.json", load=json.load, silent=True)
    with pytest.raises(FileNotFoundError, match="no such include"):
        config.from_file("settings.json", load=no_such_include, silent=True)


# from_mapping and get_namespace


def test_a_mapping_gives_its_keys_in_capitals_and_keywords_win(config):
    assert config.from_mapping({"A": 1, "b": 2, 3: 4}, A=5, C=6, d=7) is True

    assert config == {"A": 5, "C": 6}


def test_keywords_alone_are_enough(config):
    config.from_mapping(A=1)

    assert config == {"A": 1}


def test_two_mappings_are_one_too_many(config):
    with pytest.raises(TypeError):
        config.from_mapping({"A": 1}, {"B": 2})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"type": "fs", "path": "/x"}),
        ({"lowercase": False}, {"TYPE": "fs", "PATH": "/x"}),
        ({"trim_namespace": False}, {"store_type": "fs", "store_path": "/x"}),
        (
            {"lowercase": False, "trim_namespace": False},
            {"STORE_TYPE": "fs", "STORE_PATH": "/x"},
        ),
    ],
)
def test_a_namespace_is_a_new_dict_of_the_keys_that_start_so(tmp_path, options, expected):
    config = Config(tmp_path, {"STORE_TYPE": "fs", "STORE_PATH": "/x", "OTHER": 1, 7: 8})

    assert config.get_namespace("STORE_", **options) == expected


# ConfigAttribute


class Program:
    plain = ConfigAttribute("PLAIN")
    doubled = ConfigAttribute("NUMBER", get_converter=lambda value: value * 2)

    def __init__(self):
        self.config = Config("/", {"PLAIN": "x", "NUMBER": 2})


def test_a_config_attribute_reads_the_config():
    program = Program()

    assert program.plain == "x"
    program.config["PLAIN"] = "y"
    assert program.plain == "y"


def test_a_converter_is_for_reading_only():
    program = Program()
    program.doubled = 10

    assert program.config["NUMBER"] == 10
    assert program.doubled == 20


def test_a_config_attribute_of_the_class_is_itself():
    assert isinstance(Program.plain, ConfigAttribute)


def test_a_config_attribute_without_its_key_is_a_key_error():
    program = Program()
    del program.config["PLAIN"]

    with pytest.raises(KeyError, match="PLAIN"):
        program.plain  # noqa: B018


# Records of changes

# Statements that change a key of a config, as programs write them.
CHANGES = [
    "config[key] = True",
    "config.update({key: True})",
    "config.update([(key, True)])",
    "config.update(**{key: True})",
    "config |= {key: True}",
    "del config[key]",
    "config.pop(key)",
    "config.pop(key, None)",
    "config.popitem()",
    "config.pop(key); config.setdefault(key, True)",
    "config.from_mapping({key: True})",
    "config.from_mapping(**{key: True})",
    "config.from_object(type('Settings', (), {key: True}))",
    "config.from_prefixed_env('SHOP')",
    "config.from_file(file, json.load)",
    "config.from_pyfile(file)",
]


def sets_key(statement):
    return "True" in statement or "from_" in statement


@pytest.fixture
def change(tmp_path, environment):
    """Run one of `CHANGES`."""

    def run(config, statement, key):
        environment(**{f"SHOP_{key}": "true"})
        text = f'{{"{key}": true}}' if "json" in statement else f"{key} = True"
        file = write(tmp_path, "settings", text)
        names = {"config": config, "key": key, "file": file, "json": json}
        exec(statement, names)
        assert names["config"] is config

    return run


@pytest.mark.parametrize("statement", CHANGES)
def test_a_change_of_a_key_that_decides_the_steps_of_requests_is_recorded(statement, change):
    app = Flask("shop")
    app.config["METHOD_OVERRIDE"] = app.config.pop("METHOD_OVERRIDE")  # the last item
    before = app.registry_changes.number

    change(app.config, statement, "METHOD_OVERRIDE")

    assert app.registry_changes.number != before
    assert app.config.get("METHOD_OVERRIDE") is (True if sets_key(statement) else None)


@pytest.mark.parametrize("statement", CHANGES)
def test_a_change_of_another_key_is_not_recorded(statement, change):
    app = Flask("shop")
    app.config["HITS"] = 1
    before = app.registry_changes.number

    change(app.config, statement, "HITS")
    app.config["HITS"] = 2
    app.config["HITS"] += 1

    assert app.registry_changes.number == before


@pytest.mark.parametrize("statement", CHANGES)
def test_a_change_of_a_key_takes_effect_with_the_next_request(statement, change):
    app = Flask("shop")
    app.add_url_rule("/", "post", lambda: "POST", methods=["POST"])
    app.add_url_rule("/", "delete", lambda: "DELETE", methods=["DELETE"])
    sets = sets_key(statement)
    del app.config["METHOD_OVERRIDE"]
    app.config["METHOD_OVERRIDE"] = not sets

    def ask():
        return app.test_client().post("/", data={"_method": "DELETE"}).text

    assert ask() == ("POST" if sets else "DELETE")
    change(app.config, statement, "METHOD_OVERRIDE")

    assert ask() == ("DELETE" if sets else "POST")


def test_clearing_a_config_is_recorded():
    app = Flask("shop")
    before = app.registry_changes.number

    app.config.clear()

    assert app.registry_changes.number != before
    assert app.config == {}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("secret_key", "key"),
        ("testing", True),
        ("debug", True),
        ("permanent_session_lifetime", 60),
    ],
)
def test_an_attribute_of_an_application_records_its_key(attribute, value):
    app = Flask("shop")
    before = app.registry_changes.number

    setattr(app, attribute, value)

    assert app.registry_changes.number != before


def test_a_nested_value_from_the_environment_is_recorded(environment):
    class Numbers(Changes):
        noted = 0

        def note(self):
            assert config["SESSION_OPTIONS"] == ({"a": 1} if self.noted else {})
            type(self).noted += 1

    config = Config("", {"SESSION_OPTIONS": {}})
    config.changes = Numbers()
    environment(SHOP_SESSION_OPTIONS__a="1")

    config.from_prefixed_env("SHOP")

    assert Numbers.noted == 2


def test_a_failed_change_leaves_a_config_as_it_was(config):
    config["A"] = 1

    with pytest.raises(KeyError, match="B"):
        config.pop("B")
    with pytest.raises(KeyError, match="B"):
        del config["B"]
    with pytest.raises(TypeError):
        config |= 1

    assert config == {"A": 1}


@pytest.mark.parametrize("key", sorted(Flask.default_config))
def test_each_key_decides_the_steps_of_requests_unless_it_is_read_elsewhere(key):
    read_elsewhere = {
        *("ALLOW_PUBLIC_DEBUG", "EXPLAIN_TEMPLATE_LOADING", "PROVIDE_AUTOMATIC_OPTIONS"),
        *("EVENT_STREAM_MAX_CONNECTIONS", "EVENT_STREAM_MAX_THREADS"),
        *("BACKGROUND_TASK_SHUTDOWN_TIMEOUT", "READY_CHECKS", "TEMPLATES_AUTO_RELOAD"),
        *("INPUT_MESSAGES", "OPENAPI_FILE", "OPENAPI_INFO"),
    }
    of_server = key.startswith("SERVER_") and key != "SERVER_NAME"

    assert is_plan_key(key) is (key not in read_elsewhere and not of_server)


def test_all_keys_that_decide_the_steps_of_requests_have_a_default():
    assert Flask.default_config.keys() >= PLAN_KEYS


def test_a_config_of_another_kind_is_not_recorded():
    class Shop(Flask):
        def make_config(self, instance_relative=False):
            return dict(super().make_config(instance_relative))

    app = Shop("shop")
    assert not is_recorded(app.config)
    app = Flask("shop")
    assert is_recorded(app.config, app.registry_changes)
    app.config = dict(app.config)
    assert not is_recorded(app.config)


def test_a_config_of_a_class_of_its_own_is_recorded():
    class Loud(Config):
        def __setitem__(self, key, value):
            super().__setitem__(key.upper(), value)

    class Shop(Flask):
        config_class = Loud

    app = Shop("shop")
    before = app.registry_changes.number

    app.config["testing"] = True

    assert app.registry_changes.number != before
    assert is_recorded(app.config, app.registry_changes)


def test_a_config_of_two_applications_is_recorded_in_the_second():
    first = Flask("first")

    class Second(Flask):
        def make_config(self, instance_relative=False):
            return first.config

    second = Second("second")

    assert not is_recorded(first.config, first.registry_changes)
    assert is_recorded(second.config, second.registry_changes)
