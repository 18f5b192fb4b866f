from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError
from werkzeug.routing import BuildError, Map, Rule
from werkzeug.sansio.response import Response
from werkzeug.utils import cached_property

from retort.blueprint import T_template_filter, T_template_global, T_template_test
from retort.config import Config, ConfigAttribute
from retort.context import _AppCtxGlobals as _AppCtxGlobals
from retort.helpers import get_debug_flag
from retort.json.provider import DefaultJSONProvider, JSONProvider
from retort.logging import create_logger
from retort.scaffold import Scaffold, T_teardown, setupmethod
from retort.scaffold import _endpoint_from_view_func as _endpoint_from_view_func
from retort.setup import App, T_shell_context_processor, find_package
from retort.templating import DispatchingJinjaLoader, Environment

__all__ = [
    "Aborter",
    "App",
    "BadRequest",
    "BadRequestKeyError",
    "BuildError",
    "Config",
    "ConfigAttribute",
    "DefaultJSONProvider",
    "DispatchingJinjaLoader",
    "Environment",
    "JSONProvider",
    "Map",
    "Response",
    "Rule",
    "Scaffold",
    "T_shell_context_processor",
    "T_teardown",
    "T_template_filter",
    "T_template_global",
    "T_template_test",
    "cached_property",
    "create_logger",
    "find_package",
    "get_debug_flag",
    "setupmethod",
]
