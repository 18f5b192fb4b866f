"""Rules about imports and private names that no linter checks, with their exceptions."""

import ast
from pathlib import Path

import pytest

import retort

SOURCE = Path(retort.__file__).parent
ARCHITECTURE = Path(__file__).parents[1] / "ARCHITECTURE.md"

# File -> function -> the modules of Retort it imports; ARCHITECTURE.md has the reasons.
IMPORTS_IN_FUNCTIONS = {
    "__main__.py": {"main": {"retort.cli"}},
    "app.py": {
        "Flask.run": {"retort.cli", "retort.server.script"},
        "Flask.test_client": {"retort.testing"},
        "Flask.test_cli_runner": {"retort.testing"},
        "Flask.test_request_context": {"retort.testing"},
    },
    "cli/check.py": {
        "_rules": {"retort.devtools.checks"},
        "check_command": {"retort.cli.deploy", "retort.devtools.checks"},
    },
    "cli/routes.py": {"routes_command": {"retort.cli.plan"}},
    "cli/run.py": {"run_command": {"retort.server.command"}},
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
    "server/process/worker_main.py": {"describe_failure": {"retort.devtools"}},
    "setup.py": {
        "_EnvironmentOnceNeeded.__get__": {"retort.templating"},
        "App.create_global_jinja_loader": {"retort.templating"},
    },
    "templating.py": {"__getattr__": {"retort.jinja"}},
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
            f"{module}.{alias.name}" if (inner / f"{alias.name}.py").exists() else module
            for alias in node.names
        }
    else:
        names = {module_of(file, node)}
    return {name for name in names if name.partition(".")[0] == "retort"}


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
def test_a_function_imports_our_modules_only_where_the_architecture_says_so(file):
    assert imports_in_functions(file) == IMPORTS_IN_FUNCTIONS.get(file, {})


@pytest.mark.parametrize(
    "function", [name for functions in IMPORTS_IN_FUNCTIONS.values() for name in functions]
)
def test_the_architecture_names_each_function_that_imports(function):
    assert f"`{function}`" in ARCHITECTURE.read_text()


# Private names. Those that their owners document are public: https://docs.python.org
DOCUMENTED = {"_current_frames", "_exit", "_get_current_object", "_replace"}

# File -> private name that it uses of a library, or of another module of Retort -> reason.
PRIVATE_NAMES = {
    "class_guard.py": {"_interpreters": "Python has no public name for it before 3.14"},
    "devtools/checks/program.py": {"_converters": "Werkzeug's rules have no public name for them"},
    "devtools/checks/start.py": {"_parts": "Werkzeug's rules have no public name for them"},
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
