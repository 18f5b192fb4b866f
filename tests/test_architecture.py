"""Rules about imports and private names that no linter checks, with their exceptions."""

import ast
import itertools
import re
import sys
from pathlib import Path

import pytest

import retort

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = Path(retort.__file__).parent
PROJECT = Path(__file__).parents[1]
ARCHITECTURE = PROJECT / "ARCHITECTURE.md"

# File -> function -> the modules of Retort it imports; ARCHITECTURE.md has the reasons.
IMPORTS_IN_FUNCTIONS = {
    "__init__.py": {"__getattr__": {"retort.extensions.inputs"}},
    "__main__.py": {"main": {"retort.cli"}},
    "aio/bodies.py": {
        "AsyncBody.__next__": {"retort.aio.loop"},
        "AsyncBody.aclose": {"retort.aio.steps"},
        "AsyncBody.close": {"retort.aio.loop"},
    },
    "app.py": {
        "_asgi_gateway": {"retort.gateways.asgi"},
        "Flask.async_to_sync": {"retort.aio.loop"},
        "Flask.ensure_async": {"retort.aio.steps"},
        "Flask.run": {"retort.cli", "retort.server.script"},
        "Flask.shutdown": {"retort.gateways.lifespan"},
        "Flask.startup": {"retort.gateways.lifespan"},
        "Flask.test_app": {"retort.testing"},
        "Flask.test_client": {"retort.testing"},
        "Flask.test_cli_runner": {"retort.testing"},
        "Flask.test_request_context": {"retort.testing"},
    },
    "cli/blame.py": {"_paragraph": {"retort.devtools"}},
    "cli/check.py": {
        "_Check.format_help_text": {"retort.devtools.checks"},
        "check_command": {"retort.cli.deploy", "retort.devtools.checks"},
    },
    "cli/compare.py": {
        "_write": {"retort.compare.report"},
        "compare_command": {
            "retort.compare.options",
            "retort.compare.run",
            "retort.compare.summary",
        },
    },
    "cli/compare_side.py": {
        "load": {"retort.as_flask", "retort.cli.script_info"},
        "serve": {
            "retort.server.options",
            "retort.server.process.monkeypatching",
            "retort.server.process.serving",
        },
    },
    "cli/openapi.py": {
        "_check": {"retort.extensions.openapi.files"},
        "openapi_command": {"retort.extensions.openapi.files"},
        "whole_document": {"retort.devtools.openapi", "retort.extensions.openapi"},
    },
    "cli/openapi_diff.py": {"diff_command": {"retort.extensions.openapi.diff"}},
    "cli/routes.py": {"routes_command": {"retort.cli.plan"}},
    "cli/run.py": {"run_command": {"retort.server.command"}},
    "context.py": {
        "_run_in_copy": {"retort.aio.steps"},
        "copy_current_request_context.in_context": {"retort.aio.loop"},
    },
    "event_streams.py": {
        "event_stream": {"retort.aio.live_stream"},
        "in_thread": {"retort.aio.thread_source"},
    },
    "http/request.py": {"Request.stream_chunks": {"retort.http.unread"}},
    "lifecycle/background.py": {
        "BackgroundTask.call": {"retort.aio.loop"},
        "BackgroundTasks.add": {"retort.lifecycle.background_loop"},
    },
    "lifecycle/compose.py": {
        "_compose": {"retort.extensions.openapi"},
        "_compose_plan": {"retort.lifecycle.on_loop", "retort.lifecycle.task_errors"},
        "_compose_websocket_plan": {"retort.lifecycle.websockets.request"},
    },
    "lifecycle/deferred.py": {"Deferred.__call__": {"retort.aio.loop"}},
    "lifecycle/serving.py": {"Serving._lane": {"retort.aio.lane", "retort.lifecycle.task_errors"}},
    "scaffold.py": {"Scaffold.cli": {"retort.cli"}},
    "server/development/child.py": {"main": {"retort.server.development.reloaded"}},
    "server/development/development.py": {
        "add_devtools": {
            "retort.devtools",
            "retort.devtools.notes",
            "retort.devtools.warnings",
        }
    },
    "server/development/reloaded.py": {"Child.serve_failure": {"retort.devtools"}},
    "server/process/closing.py": {"Closing._stop_loop": {"retort.aio.loop"}},
    "server/process/worker_main.py": {"describe_failure": {"retort.devtools"}},
    "server/protocol/adapter.py": {
        "ProtocolAdapter.continue_on_loop": {"retort.server.protocol.loop_requests"},
        "ProtocolAdapter.handle_with_websockets": {"retort.server.protocol.granian_websocket"},
    },
    "server/protocol/takeover.py": {"TcpHandshake.take_over": {"retort.websockets.tcp"}},
    "server/protocol/open_websockets.py": {
        "OpenWebSockets.close_all": {"retort.server.protocol.websocket_closing"}
    },
    "setup.py": {
        "_EnvironmentOnceNeeded.__get__": {"retort.templating"},
        "App.create_global_jinja_loader": {"retort.templating"},
    },
    "streaming.py": {
        "_AsyncContextStream._run": {"retort.aio.steps"},
        "_AsyncContextStream._run_in_thread": {"retort.aio.steps"},
    },
    "templating.py": {"__getattr__": {"retort.jinja"}},
    "testing/__init__.py": {"__getattr__": {"retort.testing.websockets"}},
    "testing/client.py": {"FlaskClient.websocket": {"retort.testing.websockets"}},
    "testing/runner.py": {"FlaskCliRunner.invoke": {"retort.cli"}},
}


def sources():
    return sorted(str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py"))


def tree_of(file):
    return ast.parse((SOURCE / file).read_text())


def module_of(file, node):
    """The full name of the module that a ``from`` import names."""
    package = ["retort", *Path(file).parts[:-1]]
    base = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*base, *filter(None, [node.module])])


def imported_modules(file, node):
    """The modules of Retort that one import statement names."""
    if isinstance(node, ast.Import):
        names = {alias.name for alias in node.names}
    elif node.module is None:  # from . import cli
        names = {f"{module_of(file, node)}.{alias.name}" for alias in node.names}
    elif module_of(file, node).startswith("retort."):
        module = module_of(file, node)
        inner = SOURCE.parent / module.replace(".", "/")
        names = {
            f"{module}.{alias.name}" if is_module(inner / alias.name) else module
            for alias in node.names
        }
    else:
        names = {module_of(file, node)}
    return {name for name in names if name.partition(".")[0] == "retort"}


def is_module(path):
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def imports_in_functions(file):
    """Qualified name of a function -> modules of Retort that it imports."""
    found = {}

    def visit(node, name, is_function):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = [*name, node.name]
            is_function = is_function or not isinstance(node, ast.ClassDef)
        elif isinstance(node, (ast.Import, ast.ImportFrom)) and is_function:
            modules = imported_modules(file, node)
            if modules:
                found.setdefault(".".join(name), set()).update(modules)
        for child in ast.iter_child_nodes(node):
            visit(child, name, is_function)

    visit(tree_of(file), [], is_function=False)
    return found


@pytest.mark.parametrize("file", sources())
def test_functions_import_modules_only_where_the_architecture_lists_it(file):
    assert imports_in_functions(file) == IMPORTS_IN_FUNCTIONS.get(file, {})


@pytest.mark.parametrize(
    "function", [name for functions in IMPORTS_IN_FUNCTIONS.values() for name in functions]
)
def test_the_architecture_names_each_function_that_imports(function):
    assert f"`{function}`" in ARCHITECTURE.read_text()


# Private names. Those that their owners document are public: https://docs.python.org
# Jinja documents the attributes of undefined values under "Undefined Types".
DOCUMENTED = {"_current_frames", "_exit", "_get_current_object", "_replace", "_thread"}
DOCUMENTED |= {"_undefined_hint", "_undefined_name", "_undefined_obj"}

# File -> private name that it uses of a library, or of another module of Retort -> reason.
PRIVATE_NAMES = {
    "class_guard.py": {"_interpreters": "Python has no public name for it before 3.14"},
    "devtools/advice/converters.py": {
        "_converters": "Werkzeug's rules have no public name for them",
        "_trace": "Werkzeug's rules have no public name for it",
    },
    "devtools/checks/program.py": {"_converters": "Werkzeug's rules have no public name for them"},
    "devtools/checks/rules/start.py": {"_parts": "Werkzeug's rules have no public name for them"},
    "extensions/inputs/types.py": {
        "_field_defaults": "Python documents it under collections.namedtuple",
        "_fields": "Python documents it under collections.namedtuple",
    },
    "extensions/openapi/operations.py": {
        "_converters": "Werkzeug's rules have no public name for them",
        "_trace": "Werkzeug's rules have no public name for it",
    },
    "globals.py": {"_AppCtxGlobals": "Flask's name of the class, which extensions subclass"},
    "http/forms.py": {
        "_file": "a SpooledTemporaryFile has no public way to give it its content",
        "_get_file_stream": "a documented override point of Werkzeug's",
    },
    "http/protection.py": {"_list": "checked fields are not checked again"},
    "http/response.py": {"_list": "checked fields are not checked again"},
    "lifecycle/errors.py": {"_find_error_handler": "an override point of Flask's"},
    "routing/build.py": {
        "_converters": "Werkzeug's rules have no public name for them",
        "_rules_by_endpoint": "Werkzeug's map has no public name for it",
    },
    "routing/compile.py": {
        "_converters": "Werkzeug's rules have no public name for them",
        "_matcher": "Werkzeug's map has no public name for it",
        "_root": "Werkzeug's matcher has no public name for it",
    },
    "routing/url_map.py": {"_parts": "Werkzeug's rules have no public name for them"},
    "server/operations/error_log.py": {"_open": "what a logging.FileHandler's subclass overrides"},
    "server/process/serving.py": {"_run_exitfuncs": "Python has no public name for it"},
    "server/protocol/granian.py": {
        "_granian": "the one file that imports Granian",
        "_schedule_fn": "the one file that imports Granian",
    },
    "setup.py": {"_AppCtxGlobals": "Flask's name of the class, which extensions subclass"},
}


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def is_own(node):
    """Whether the node is ``self``, ``cls`` or ``super()``."""
    if isinstance(node, ast.Call):
        node = node.func
        return isinstance(node, ast.Name) and node.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def defined_names(tree):
    """The functions, classes, variables and attributes of ``self`` that a file defines."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from [node.attr] if is_own(node.value) else []


def private_names(file):
    """The private attributes and imports of others that a file uses."""
    tree = tree_of(file)
    own_names = set(defined_names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not is_own(node.value):
            names = [node.attr]
        elif isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [part for alias in node.names for part in alias.name.split(".")]
        else:
            continue
        others = set(names) - own_names - {"_typeshed"}
        yield from filter(is_private, others)


@pytest.mark.parametrize("file", sources())
def test_a_file_uses_private_names_of_others_only_with_a_reason(file):
    assert set(private_names(file)) == PRIVATE_NAMES.get(file, {}).keys()


def test_the_tables_name_no_file_that_is_gone():
    assert IMPORTS_IN_FUNCTIONS.keys() | PRIVATE_NAMES.keys() <= set(sources())


# ARCHITECTURE.md, against the files, the floors and the doors


def section(heading):
    text = ARCHITECTURE.read_text()
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1]


def tree():
    """The paths in src/retort that the tree names, and those of the project."""
    in_project, in_source, folders = [], [], []
    for line in section("The tree").split("```")[1].splitlines()[2:]:
        indent = len(line) - len(line.lstrip())
        names = re.split(r"\s{2,}", line.strip())[0].split()
        if indent == 0:
            in_project += names
        elif indent <= 8:
            folder = "".join(folders[: indent // 2 - 1])
            in_source += [folder + name for name in names]
            if len(names) == 1 and names[0].endswith("/"):
                folders[indent // 2 - 1 :] = names
    return in_project, in_source


def named_in_the_tree():
    in_source = tree()[1]
    return {name if name.endswith("/") else name.removesuffix(".py") + ".py" for name in in_source}


def named_in_the_table_of_the_server():
    folder, named = "server/", set()
    for row in re.findall(r"^\| (.*?) \|", section("The server"), re.M):
        if row.startswith("**"):
            inner = re.findall(r"`(\w+/)`", row)
            folder = "".join(["server/", *inner])
            named.update([folder])
        elif "`server/`" not in row:
            named.update(f"{folder}{name}.py" for name in re.findall(r"`(\w+)`", row))
    return named


def folders_and_modules():
    """All of src/retort; what a package is for is in its folder's line."""
    modules = {file for file in sources() if not file.endswith("__init__.py")}
    parents = {
        parent for path in SOURCE.rglob("*.*") for parent in path.relative_to(SOURCE).parents
    }
    return modules, {f"{parent}/" for parent in parents if parent.name not in {"", "__pycache__"}}


def test_the_architecture_names_each_module_and_folder_and_no_other():
    modules, folders = folders_and_modules()
    in_tree, in_table = named_in_the_tree(), named_in_the_table_of_the_server()

    assert in_tree.isdisjoint(in_table - {"server/"})
    assert (in_tree | in_table) == modules | folders


def test_the_architecture_names_the_folders_of_the_project():
    in_project = tree()[0]

    assert [name for name in in_project if not (PROJECT / name).is_dir()] == []
    visible = {f"{path.name}/" for path in PROJECT.iterdir() if path.is_dir()}
    assert {"tests/", "docs/", "examples/", "benchmarks/", ".ci/"} & visible <= set(in_project)


def test_paths_that_the_architecture_names_exist():
    text = ARCHITECTURE.read_text().split("```")[2]
    paths = re.findall(r"`((?:[\w.]+/)+[\w.]*)`", text)
    paths += re.findall(r"`(\w+\.py)`", text)
    below_server = {"development/", "process/", "protocol/", "operations/", "sockets/"}

    def exists(path):
        roots = [PROJECT, SOURCE, SOURCE / "server"]
        return any((root / end).exists() for root in roots for end in (path, f"{path}.py"))

    assert below_server < set(paths)
    assert [path for path in paths if not exists(path)] == []


def contracts():
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    return {one["containers"][0]: one for one in settings["tool"]["importlinter"]["contracts"][:2]}


def layers_of(contract):
    """The modules of each layer that there are; the optional ones are in parentheses."""
    for layer in contract["layers"]:
        modules = set(layer.split(" | "))
        missing = {module for module in modules if module.startswith("(")}
        missing -= {m for m in missing if (SOURCE / m.strip("()")).exists()}
        yield {module.strip("()") for module in modules - missing}


def test_the_table_of_floors_has_the_layers_that_the_linter_checks():
    rows = re.findall(r"^\| \d .*?\| (.*?) \|", section("The floors"), re.M)
    layers = [set(re.findall(r"`(\w+)`", part)) for row in rows for part in row.split(" > ")]

    assert layers == list(layers_of(contracts()["retort"]))


def test_each_module_has_a_floor():
    top_level = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or path.is_dir()}
    on_floors = set().union(*layers_of(contracts()["retort"]))

    assert top_level - {"__init__", "__main__", "__pycache__", "py"} == on_floors


def rows_of_the_server():
    """What the table has directly below server/: a set for each row or folder, in order."""
    is_in_folder = False
    for row in re.findall(r"^\| (.*?) \|", section("The server"), re.M)[2:]:
        names = set(re.findall(r"`(\w+)/?`", row))
        if row.startswith("**"):
            is_in_folder = bool(names)
        elif is_in_folder:
            continue
        if names:
            yield names


def test_the_table_of_the_server_has_its_layers_in_order():
    place = {name: number for number, names in enumerate(rows_of_the_server()) for name in names}
    layers = list(layers_of(contracts()["retort.server"]))

    assert place.keys() == set().union(*layers)
    for layer, below in itertools.pairwise(layers):
        assert max(map(place.get, layer)) <= min(map(place.get, below))


def test_the_doors_are_those_of_the_linter_and_of_the_list_of_imports():
    table = section("The floors").split("doors go up")[1].split("See [decision 2]")[0]
    doors = re.findall(r"^\| [^|]*: (`.*?) \| `([\w.]+)` \| (.*?) \|$", table, re.M)
    for contract in contracts().values():
        assert set(contract["ignore_imports"]) == {
            f"retort.{source} -> retort.{target}".replace(".__init__", "")
            for _, source, targets in doors
            for target in re.findall(r"`([\w.]+)`", targets)
        }
    for functions, source, targets in doors:
        imports = IMPORTS_IN_FUNCTIONS[f"{source.replace('.', '/')}.py"]
        for function in re.findall(r"`([\w.]+)`", functions):
            assert imports[function] == {
                f"retort.{target}" for target in re.findall(r"`([\w.]+)`", targets)
            }
    named = [name for functions, _, _ in doors for name in re.findall(r"`([\w.]+)`", functions)]
    downward = {"_asgi_gateway", "Flask.async_to_sync", "Flask.ensure_async"}
    downward |= {"Flask.startup", "Flask.shutdown"}
    assert (
        set(named)
        == (IMPORTS_IN_FUNCTIONS["app.py"].keys() | {"Scaffold.cli", "_compose", "__getattr__"})
        - downward
    )


def test_the_list_of_other_imports_names_the_files_they_are_in():
    rows = section("The floors")
    others = IMPORTS_IN_FUNCTIONS.keys() - {"scaffold.py", "__init__.py"}

    assert [file for file in others if f"`{file}`" not in rows] == []


def test_links_to_decisions_name_their_number():
    links = re.findall(r"\[decision (\d+)\]\((.*?)\)", ARCHITECTURE.read_text())

    assert links
    for number, target in links:
        assert Path(target).name.startswith(f"{int(number):04}-")
        assert (PROJECT / target).exists()
