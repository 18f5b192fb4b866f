"""The command line: ``retort``, and the classes for a program's own commands.

All documented names of ``flask.cli`` can be imported from here. `retort.server` serves the
application; it is imported only when `run` is called.
"""

from __future__ import annotations

import click as click

from .command import cli as cli
from .command import main as main
from .env_files import load_dotenv as load_dotenv
from .groups import AppGroup as AppGroup
from .groups import FlaskGroup as FlaskGroup
from .locate import NoAppException as NoAppException
from .locate import find_app_by_string as find_app_by_string
from .locate import find_best_app as find_best_app
from .locate import locate_app as locate_app
from .locate import prepare_import as prepare_import
from .params import CertParamType as CertParamType
from .params import SeparatedPathType as SeparatedPathType
from .routes import routes_command as routes_command
from .run import run_command as run_command
from .run import show_server_banner as show_server_banner
from .script_info import ScriptInfo as ScriptInfo
from .script_info import pass_script_info as pass_script_info
from .script_info import with_appcontext as with_appcontext
from .shell import shell_command as shell_command
from .version import get_version as get_version
from .version import version_option as version_option
