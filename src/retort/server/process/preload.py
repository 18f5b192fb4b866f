"""What a worker imports before it serves, since a visitor would have to wait for it.

Importing Retort leaves out what most programs have no use for; by now the program is here, and
can be seen to have one. That the rest works is up to where it is used.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from ...setup import App

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def import_ahead(app: WSGIApplication) -> None:
    """Import Jinja, if the application or a blueprint of it has a folder of templates."""
    if isinstance(app, App) and any(os.path.isdir(folder) for folder in _template_folders(app)):
        import_module("retort.jinja")


def _template_folders(app: App) -> list[str]:
    return [
        os.path.join(owner.root_path, owner.template_folder)
        for owner in (app, *app.iter_blueprints())
        if owner.template_folder is not None
    ]
