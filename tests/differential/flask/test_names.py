"""Every public name of Flask 3.1.3 is in Retort under the same module, with the same parameters."""

import ast
from pathlib import Path

import pytest

STUBS = Path(__file__).parents[3] / "src" / "flask-stubs"

# Names that Retort lacks, or that look different, with the reason. A name is "module:name",
# "module:Class.member" or "an object's name".

IMPORTED_FOR_ITSELF = (
    "imported there from another module for Flask's own use; it is found where it is defined"
)
IMPORTED = {
    "flask.cli": "ParameterSource current_app get_debug_flag get_load_dotenv import_string"
    " is_running_from_reloader run_simple",
    "flask.app": "cli ft get_load_dotenv",
    "flask.ctx": "ft",
    "flask.debughelpers": "App BaseLoader Blueprint RequestRedirect request_ctx",
    "flask.helpers": "BaseResponse",
    "flask.logging": "request",
    "flask.sansio.app": "ft",
    "flask.sansio.blueprints": "ft",
    "flask.sansio.scaffold": "BaseLoader FileSystemLoader ft",
    "flask.sessions": "BadSignature",
    "flask.templating": "BaseEnvironment Template current_app request",
    "flask.testing": "BaseRequest CliRunner Client Result ScriptInfo SessionMixin copy",
    "flask.views": "ft",
    "flask.wrappers": "json",
}
OF_DEBUG_MESSAGES = "helps to word Flask's debug messages, which are Retort's own words"
LACKING = {
    **{
        f"{module}:{name}": IMPORTED_FOR_ITSELF
        for module, names in IMPORTED.items()
        for name in names.split()
    },
    "flask.debughelpers:UnexpectedUnicodeError": OF_DEBUG_MESSAGES,
    "flask.debughelpers:attach_enctype_error_multidict": OF_DEBUG_MESSAGES,
    "flask.debughelpers:explain_template_loading_attempts": OF_DEBUG_MESSAGES,
}
# Names that are in a module of Flask only because it uses them; the stubs leave them out.
NOT_IN_STUBS = {
    "flask.config": "import_string",
    "flask.globals": "LocalProxy",
    "flask.helpers": "current_app message_flashed request request_ctx session",
    "flask.json": "_json current_app",
    "flask.json.provider": "http_date",
    "flask.json.tag": "Markup dumps http_date loads parse_date",
    "flask.logging": "LocalProxy",
    "flask.sessions": "CallbackDict TaggedJSONSerializer URLSafeTimedSerializer",
    "flask.templating": "BaseLoader TemplateNotFound before_render_template stream_with_context"
    " template_rendered",
    "flask.views": "current_app request",
}
OWN_MAP = "a Werkzeug Map that makes the look-up tables on the side"
OWN_PARSER = "a Werkzeug FormDataParser that refuses broken forms"
RAISED_ONLY = "programs catch it and do not make it; ours is given its message"
DIFFERENT = {
    "flask:Flask.url_map_class": OWN_MAP,
    "flask.app:App.url_map_class": OWN_MAP,
    "flask.app:Flask.url_map_class": OWN_MAP,
    "flask.sansio.app:App.url_map_class": OWN_MAP,
    "flask:Request.form_data_parser_class": OWN_PARSER,
    "flask.app:Request.form_data_parser_class": OWN_PARSER,
    "flask.wrappers:Request.form_data_parser_class": OWN_PARSER,
    "flask.cli:main": "can be given its arguments, by tests and by `python -m retort`",
    "flask.debughelpers:DebugFilesKeyError parameters": RAISED_ONLY,
}

# What Flask's ecosystem uses beyond the public names.
PRIVATE = """
    flask.sansio.scaffold:_endpoint_from_view_func flask.sansio.app:App
    flask.sansio.blueprints:Blueprint flask.sansio.blueprints:BlueprintSetupState
    flask.sansio.scaffold:setupmethod flask.blueprints:BlueprintSetupState
    flask.globals:request_ctx flask.globals:app_ctx flask.globals:_cv_request
    flask.globals:_cv_app flask.ctx:AppContext flask.ctx:RequestContext flask.ctx:_AppCtxGlobals
    flask.cli:AppGroup flask.cli:FlaskGroup flask.cli:ScriptInfo flask.cli:NoAppException
    flask.cli:with_appcontext flask.cli:load_dotenv flask.cli:locate_app flask.cli:find_best_app
    flask.cli:prepare_import flask.cli:get_version flask.cli:run_command flask.cli:cli
    flask.cli:click flask.cli:ScriptInfo.load_app flask.config:ConfigAttribute
    flask.helpers:get_root_path flask.helpers:get_debug_flag flask.json:_json
    flask.json.provider:_default flask.json.tag:JSONTag flask.json.tag:PassDict
    flask.json.tag:PassList flask.json.tag:TagBytes flask.json.tag:TagDateTime
    flask.json.tag:TagDict flask.json.tag:TagMarkup flask.json.tag:TagTuple
    flask.json.tag:TagUUID flask.json.tag:TaggedJSONSerializer flask.sessions:SessionMixin
    flask.sessions:NullSession flask.sessions:SecureCookieSession
    flask.sessions:SecureCookieSessionInterface flask.sessions:session_json_serializer
    flask.signals:Namespace flask.signals:got_request_exception flask.signals:message_flashed
    flask.templating:DispatchingJinjaLoader flask.templating:Environment
    flask.templating:render_template flask.templating:render_template_string
    flask.templating:_render flask.logging:default_handler flask.logging:has_level_handler
    flask.logging:wsgi_errors_stream flask.testing:EnvironBuilder flask.testing:FlaskClient
    flask.testing:FlaskCliRunner flask.views:http_method_funcs flask.wrappers:ResponseBase
    flask.app:Flask flask.app:Rule flask.typing:ResponseReturnValue flask.typing:ResponseValue
    flask.typing:HeadersValue flask.typing:RouteCallable flask:json.provider
    flask:Flask._check_setup_finished flask:Flask._find_error_handler
    flask:Blueprint._merge_blueprint_funcs
    flask.testing:FlaskClient._request_from_builder_args flask:Flask.make_default_options_response
    flask:Flask.raise_routing_exception flask:Flask.create_url_adapter
""".split()
# Gone from Flask 3.1; extensions test for their absence.
ABSENT = """
    flask:_request_ctx_stack flask:_app_ctx_stack flask.globals:_request_ctx_stack
    flask.globals:_app_ctx_stack flask:Markup flask:escape flask:Module flask.json:JSONEncoder
    flask.json:JSONDecoder flask.scaffold:Scaffold flask._compat:text_type flask.ext:__path__
    flask.signals:signals_available flask:Flask.before_first_request flask:Flask.json_encoder
    flask:Flask.env flask:Flask.propagate_exceptions flask:Flask.session_cookie_name
    flask.helpers:total_seconds flask.json:htmlsafe_dumps flask.templating:_default_template_ctx
""".split()


@pytest.fixture(scope="module")
def flasks(flask):
    return flask.ask("names")


@pytest.fixture(scope="module")
def retorts(retort):
    return retort.ask("names")


def flat(modules):
    """Each name, and each member of a class, with how it looks."""
    looks = {}
    for module, names in modules.items():
        for name, look in names.items():
            if look["kind"] != "class":
                looks[f"{module}:{name}"] = look
                continue
            looks[f"{module}:{name}"] = {"kind": "class"}
            looks[f"{module}:{name} bases"] = look["bases"]
            looks[f"{module}:{name} parameters"] = look["parameters"]
            for member, its_look in look["members"].items():
                looks[f"{module}:{name}.{member}"] = its_look
    return looks


def is_covered(name, table):
    """Whether it, or the name that it is a part of, is in the table."""
    return name in table or name.partition(" ")[0] in table or name.rpartition(".")[0] in table


def test_the_walk_finds_every_module_of_flask(flasks):
    assert set(flasks["packages"]) <= set(flasks["modules"])


def test_the_walk_finds_flasks_names(flasks):
    """So that the tests below are not empty."""
    looks = flat(flasks["modules"])

    assert len(looks) > 1500
    assert looks["flask:Flask.test_client"]["parameters"][1][0] == "use_cookies"
    assert ["code", "POSITIONAL_OR_KEYWORD", "302"] in looks["flask:redirect"]["parameters"]
    assert looks["flask:request"] == {"kind": "proxy"}


def test_no_name_is_lacking(flasks, retorts):
    lacking = set(flat(flasks["modules"])) - set(flat(retorts["modules"]))

    assert sorted(name for name in lacking if not is_covered(name, LACKING)) == []


def test_every_name_has_the_same_parameters(flasks, retorts):
    theirs, ours = flat(flasks["modules"]), flat(retorts["modules"])
    different = {
        name: (look, ours[name])
        for name, look in theirs.items()
        if name in ours and ours[name] != look and name not in DIFFERENT
    }

    assert different == {}


def test_the_tables_of_exceptions_hold_nothing_too_much(flasks, retorts):
    theirs, ours = flat(flasks["modules"]), flat(retorts["modules"])

    assert [name for name in LACKING if name not in theirs or name in ours] == []
    assert [name for name in DIFFERENT if theirs.get(name) == ours.get(name)] == []


def test_live_objects_have_all_names(flasks, retort):
    assert retort.ask("objects lack", flasks["objects"]) == {what: [] for what in flasks["objects"]}


def test_the_private_names_that_extensions_use_are_there(flask, retort):
    there = dict.fromkeys(PRIVATE, True)

    assert flask.ask("names exist", PRIVATE) == there
    assert retort.ask("names exist", PRIVATE) == there


def test_the_names_that_flask_removed_are_absent(flask, retort):
    absent = dict.fromkeys(ABSENT, False)

    assert flask.ask("names exist", ABSENT) == absent
    assert retort.ask("names exist", ABSENT) == absent


def test_both_have_the_same_version(flask, retort):
    versions = retort.ask("versions")

    assert versions == flask.ask("versions")
    assert versions["__version__"] == versions["metadata"] == "3.1.3"


# The stubs, which are what type checkers and editors see of `import flask`


def public_in_stub(module):
    """The names that a stub exports: its ``__all__``, and those that are imported as themselves."""
    folder = STUBS.joinpath(*module.split(".")[1:])
    file = folder / "__init__.pyi" if folder.is_dir() else folder.with_suffix(".pyi")
    names = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign):  # __all__
            names |= set(ast.literal_eval(node.value))
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names if alias.asname == alias.name}
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
    return names


def test_the_stubs_have_every_name_of_flask(flasks):
    lacking = [
        f"{module}:{name}"
        for module, names in flasks["modules"].items()
        for name in names
        if name not in public_in_stub(module)
        and name not in NOT_IN_STUBS.get(module, "").split()
        and f"{module}:{name}" not in LACKING
    ]

    assert lacking == []


def test_the_stubs_have_the_private_names_that_extensions_use():
    used = {name for name in PRIVATE if ":_" in name}
    modules = {name.partition(":")[0] for name in used}
    there = {f"{module}:{name}" for module in modules for name in public_in_stub(module)}

    assert used - there == {"flask.json:_json"}


def test_every_name_of_the_stubs_exists(flasks, retort):
    modules = [*flasks["modules"], "flask.sansio"]
    names = [f"{module}:{name}" for module in modules for name in public_in_stub(module)]

    assert len(names) > 250
    assert retort.ask("names exist", names) == dict.fromkeys(names, True)
