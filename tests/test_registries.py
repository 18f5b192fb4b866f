"""Every change of what is registered is recorded.

That the next request shows it as with Flask: `differential/flask/programs/changed_hooks.py`.
"""

import copy
import pickle
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

import retort
from retort.registries import (
    Changes,
    RecordedDict,
    RecordedList,
    handlers_by_scope,
    is_recorded,
    lists_by_scope,
)

# Statements that change a list, a dictionary, or a dictionary of lists, as programs write them.
LIST_CHANGES = [
    "x.append(7)",
    "x.extend([7])",
    "x.insert(0, 7)",
    "x.pop()",
    "x.remove(1)",
    "x.clear()",
    "x.reverse()",
    "x.sort(key=lambda item: -item)",
    "x += [7]",
    "x *= 2",
    "x[0] = 7",
    "x[:] = [7]",
    "del x[0]",
]
DICT_CHANGES = [
    "x['new'] = 7",
    "x['a'] = 7",
    "del x['a']",
    "x.pop('a')",
    "x.popitem()",
    "x.clear()",
    "x.update(new=7)",
    "x.setdefault('new', 7)",
    "x |= {'new': 7}",
]
SCOPE_CHANGES = [
    "x['new'].append(7)",
    "x['a'].append(7)",
    "x['a'] += [7]",
    "x.setdefault('new', []).append(7)",
    "x['a'] = [7]",
    "del x['a']",
    "x.update({'new': [7]})",
    "x |= {'new': [7]}",
]


# The same for a dictionary of which `key` has an entry already.
ENTRY_CHANGES = [
    "x[key] = value",
    "x.update({key: value})",
    "x |= {key: value}",
    "x.pop(key); x.setdefault(key, value)",
    "del x[key]",
    "x.pop(key)",
    "x.popitem()",
    "x.clear()",
]


def run_on(value, statement, /, **others):
    names = {"x": value, **others}
    exec(statement, names)
    return names["x"]


@pytest.mark.parametrize("statement", LIST_CHANGES)
def test_a_change_of_a_list_is_recorded(statement):
    changes = Changes()
    recorded = RecordedList(changes, [2, 1, 3])
    before = changes.number

    assert run_on(recorded, statement) is recorded
    assert recorded == run_on([2, 1, 3], statement)
    assert changes.number != before


@pytest.mark.parametrize("statement", DICT_CHANGES)
def test_a_change_of_a_dictionary_is_recorded(statement):
    changes = Changes()
    recorded = RecordedDict(changes)
    recorded["a"] = 1
    before = changes.number

    assert run_on(recorded, statement) is recorded
    assert recorded == run_on({"a": 1}, statement)
    assert changes.number != before


@pytest.mark.parametrize("statement", SCOPE_CHANGES)
def test_a_change_in_a_dictionary_of_lists_is_recorded(statement):
    changes = Changes()
    recorded = lists_by_scope(changes)
    recorded["a"].append(1)
    before = changes.number

    assert run_on(recorded, statement) is recorded
    assert recorded == run_on(defaultdict(list, {"a": [1]}), statement)
    assert changes.number != before


@pytest.mark.parametrize("statement", DICT_CHANGES)
@pytest.mark.parametrize("level", ["x", "x['a']", "x['a']['a']"])
def test_a_change_of_error_handlers_is_recorded_at_each_level(level, statement):
    changes = Changes()
    recorded = handlers_by_scope(changes)
    recorded["a"]["a"]["a"] = 1
    before = changes.number
    statement = statement.replace("x", level)

    assert run_on(recorded, statement) is recorded
    assert recorded == run_on({"a": {"a": {"a": 1}}}, statement)
    assert changes.number != before


# What each function of a registry returns, and whether the last one is called first.
RETURNED = {
    "before_request_funcs": (lambda *args: None, False),
    "after_request_funcs": (lambda response: response, True),
    "teardown_request_funcs": (lambda *args: None, True),
    "url_value_preprocessors": (lambda *args: None, False),
    "template_context_processors": (lambda *args: {}, False),
    "url_default_functions": (lambda *args: None, False),
    "teardown_appcontext_funcs": (lambda *args: None, True),
}


class NumberedFunction:
    """Appends its number to a list when it is called."""

    def __init__(self, number, called, returned):
        self.number, self.called, self.returned = number, called, returned

    def __call__(self, *args):
        self.called.append(self.number)
        return self.returned(*args)

    def __eq__(self, other):
        return self.number == other

    __hash__ = None

    def __neg__(self):
        return -self.number


def make_shop_with_functions(name):
    """An application, and two functions: what a request calls, and one to call with a number."""
    app, called = retort.Flask("shop"), []
    returned, is_backwards = RETURNED[name]
    functions = [NumberedFunction(number, called, returned) for number in (2, 1, 3)]
    if name == "teardown_appcontext_funcs":
        app.teardown_appcontext_funcs.extend(functions)
    else:
        getattr(app, name)[None][:] = functions

    @app.get("/")
    def index():
        return retort.render_template_string("{{ url_for('index') }}")

    def find_called():
        called.clear()
        assert app.test_client().get("/").text == "/"
        return called[::-1] if is_backwards else list(called)

    assert find_called() == [2, 1, 3]
    return app, find_called, lambda number: NumberedFunction(number, called, returned)


def numbered(statement):
    return statement.replace("7", "seven")


@pytest.mark.parametrize("statement", LIST_CHANGES)
@pytest.mark.parametrize("name", RETURNED)
def test_a_change_of_a_list_takes_effect_with_the_next_request(name, statement):
    app, find_called, make = make_shop_with_functions(name)
    functions = getattr(app, name)
    if name != "teardown_appcontext_funcs":
        functions = functions[None]
    before = app.registry_changes.number

    run_on(functions, numbered(statement), seven=make(7))

    assert find_called() == run_on([2, 1, 3], statement)
    assert app.registry_changes.number != before


@pytest.mark.parametrize("statement", ENTRY_CHANGES)
@pytest.mark.parametrize("name", [name for name in RETURNED if "appcontext" not in name])
def test_a_change_of_a_dictionary_of_lists_takes_effect_with_the_next_request(name, statement):
    app, find_called, make = make_shop_with_functions(name)
    before = app.registry_changes.number

    run_on(getattr(app, name), statement, key=None, value=[make(7)])

    assert find_called() == ([7] if "value" in statement else [])
    assert app.registry_changes.number != before


@pytest.mark.parametrize(
    "decorator",
    [
        *("before_request", "after_request", "teardown_request", "context_processor"),
        *("url_value_preprocessor", "url_defaults", "teardown_appcontext", "endpoint('index')"),
    ],
)
def test_what_a_decorator_registers_is_recorded(decorator):
    app = retort.Flask("shop")
    before = app.registry_changes.number

    exec(f"app.{decorator}(print)", {"app": app})

    assert app.registry_changes.number != before


@pytest.mark.parametrize(
    ("decorator", "registry"),
    [
        ("before_app_request", "before_request_funcs"),
        ("after_app_request", "after_request_funcs"),
        ("teardown_app_request", "teardown_request_funcs"),
        ("app_url_value_preprocessor", "url_value_preprocessors"),
        ("app_context_processor", "template_context_processors"),
        ("app_url_defaults", "url_default_functions"),
    ],
)
def test_a_blueprint_registers_for_the_application_in_recorded_lists(decorator, registry):
    app, blueprint = retort.Flask("shop"), retort.Blueprint("cart", "cart")
    getattr(blueprint, decorator)(print)
    before = app.registry_changes.number

    app.register_blueprint(blueprint)

    assert app.registry_changes.number != before
    assert is_recorded(getattr(app, registry), app.registry_changes, levels=2)
    assert getattr(app, registry)[None][-1] is print


def test_a_blueprint_registers_for_the_application_in_a_plain_dictionary():
    app, blueprint = retort.Flask("shop"), retort.Blueprint("cart", "cart")
    blueprint.before_app_request(print)
    app.before_request_funcs = {}

    app.register_blueprint(blueprint)

    assert app.before_request_funcs == {None: [print]}


def test_missing_scopes_and_codes_of_error_handlers_are_made():
    changes = Changes()
    handlers = handlers_by_scope(changes)

    assert isinstance(handlers, defaultdict)
    assert isinstance(handlers["blueprint"], defaultdict)
    assert isinstance(handlers["blueprint"][404], dict)
    with pytest.raises(KeyError):
        handlers["blueprint"][404][NotFound]
    before = changes.number
    handlers["another"][None][ValueError] = print
    assert changes.number != before
    assert handlers == {"blueprint": {404: {}}, "another": {None: {ValueError: print}}}


def test_a_decorated_error_handler_is_recorded():
    app = retort.Flask("shop")
    before = app.registry_changes.number

    app.errorhandler(404)(print)

    assert app.registry_changes.number != before


@pytest.mark.parametrize("statement", ENTRY_CHANGES)
@pytest.mark.parametrize("level", ["scope", "code", "class"])
def test_a_change_of_error_handlers_takes_effect_with_the_next_request(level, statement):
    app = retort.Flask("shop")
    app.register_error_handler(404, lambda error: "first")
    client = app.test_client()
    assert client.get("/").text == "first"

    registry, key, value = app.error_handler_spec, None, {NotFound: lambda error: "second"}
    if level == "scope":
        value = {404: value}
    else:
        registry, key = registry[None], 404
    if level == "class":
        registry, key, value = registry[404], NotFound, value[NotFound]
    before = app.registry_changes.number
    run_on(registry, statement, key=key, value=value)

    assert client.get("/").text.startswith("second" if "value" in statement else "<!doctype")
    assert app.registry_changes.number != before


@pytest.mark.parametrize("level", ["scope", "code"])
def test_plain_error_handlers_keep_their_identity_and_take_effect(level):
    app = retort.Flask("shop")
    plain = {}
    if level == "scope":
        app.error_handler_spec[None] = by_code = plain
    else:
        app.error_handler_spec[None][404] = plain
        by_code = app.error_handler_spec[None]
    client = app.test_client()
    assert client.get("/").text.startswith("<!doctype")

    by_code.setdefault(404, {})[NotFound] = lambda error: "handled"

    assert client.get("/").text == "handled"
    assert app.error_handler_spec[None] is by_code
    assert plain
    assert not is_recorded(app.error_handler_spec, app.registry_changes, levels=3)


def test_a_container_is_recorded_in_the_changes_of_one_application():
    app, other = retort.Flask("shop"), retort.Flask("other")

    assert is_recorded(app.error_handler_spec)
    assert is_recorded(app.error_handler_spec, app.registry_changes, levels=3)
    assert not is_recorded(app.error_handler_spec, other.registry_changes)
    assert not is_recorded({})


def test_only_the_levels_that_are_examined_have_to_be_recorded():
    changes = Changes()
    handlers = handlers_by_scope(changes)
    handlers[None][404] = {}

    assert is_recorded(handlers, changes, levels=2)
    assert not is_recorded(handlers, changes, levels=3)


@given(st.lists(st.sampled_from(["x.append(7)", "x.reverse()", "x *= 2", "len(x)", "x.copy()"])))
def test_reading_a_list_records_nothing(statements):
    changes = Changes()
    recorded = RecordedList(changes, [1])
    for statement in statements:
        before = changes.number
        run_on(recorded, statement)
        assert (changes.number == before) == (statement in ("len(x)", "x.copy()"))


@pytest.mark.parametrize("expression", ["x | {'new': [7]}", "{'new': [7]} | x", "x | x"])
def test_a_union_with_a_dictionary_of_lists_is_plain(expression):
    changes = Changes()
    recorded = lists_by_scope(changes)
    recorded["a"].append(1)
    before = changes.number

    union = eval(expression, {"x": recorded})

    assert union == eval(expression, {"x": defaultdict(list, {"a": [1]})})
    assert type(union) is defaultdict
    assert type(union["missing"]) is list
    assert changes.number == before


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_copies_are_plain(copied):
    app = retort.Flask("shop")
    app.before_request_funcs["a"].append(print)

    hooks, views = copied(app.before_request_funcs), copied({"a": RecordedList(Changes(), [1])})

    assert type(hooks) is defaultdict
    assert type(hooks["new"]) is list
    assert hooks["a"] == [print]
    assert type(copy.deepcopy(views)["a"]) is list


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_of_error_handlers_are_plain_at_each_level(copied):
    app = retort.Flask("shop")
    app.register_error_handler(404, print)

    handlers = copied(app.error_handler_spec)

    assert handlers == {None: {404: {NotFound: print}}}
    assert type(handlers) is type(handlers[None]) is type(handlers["new"]) is defaultdict
    assert type(handlers[None][404]) is type(handlers[None][500]) is dict


def test_a_request_meets_all_hooks_of_a_change_or_none_of_them():
    """Each change replaces two hooks at once, while other threads answer requests."""
    app = retort.Flask("shop")
    seen = threading.local()

    def hook(number):
        return lambda: seen.numbers.append(number)

    @app.get("/")
    def index():
        return " ".join(map(str, seen.numbers))

    hooks = app.before_request_funcs[None]
    hooks += [hook(0), hook(0)]

    def ask():
        seen.numbers = []
        return app.test_client().get("/").text

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask) for _ in range(1000)]
        number = 0
        while not all(future.done() for future in asked):
            number += 1
            hooks[:] = [hook(number), hook(number)]
        answers = [future.result().split() for future in asked]

    assert all(len(answer) == 2 and answer[0] == answer[1] for answer in answers)
    assert len({answer[0] for answer in answers}) > 1
    assert ask() == f"{number} {number}"


def test_no_change_is_lost_when_threads_register_at_the_same_time():
    app = retort.Flask("shop")
    called = []
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    app.test_client().get("/")

    def register(start):
        for number in range(start, start + 200):
            app.before_request_funcs[None].append(lambda number=number: called.append(number))
            app.test_client().get("/missing")

    with ThreadPoolExecutor() as pool:
        list(pool.map(register, range(0, 800, 200)))
    called.clear()
    app.test_client().get("/")

    assert sorted(called) == list(range(800))


def test_no_hook_is_lost_when_threads_register_the_first_ones_of_a_scope():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    hooks = lists_by_scope(Changes())
    start = threading.Barrier(4)

    def register(number):
        start.wait(60)
        for scope in range(500):
            hooks[scope].append(number)

    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(register, range(4)))
    finally:
        sys.setswitchinterval(interval)

    assert [sorted(hooks[scope]) for scope in range(500)] == [[0, 1, 2, 3]] * 500


def test_a_dictionary_of_lists_without_a_factory_makes_no_list():
    hooks = lists_by_scope(Changes())
    hooks.default_factory = None

    with pytest.raises(KeyError, match="missing"):
        hooks["missing"]
