"""Import modules before a worker serves, so that the first request does not wait for them.

``import retort`` omits modules that many programs do not need. Once the program has loaded, some of
them are certain to be used. All others are imported at first use.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from ...setup import App

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def preload_modules(app: WSGIApplication) -> None:
    """Import Jinja if the application or one of its blueprints has a template folder."""
    if isinstance(app, App) and any(os.path.isdir(folder) for folder in _template_folders(app)):
        import_module("retort.jinja")


def _template_folders(app: App) -> list[str]:
    return [
        os.path.join(owner.root_path, owner.template_folder)
        for owner in (app, *app.iter_blueprints())
        if owner.template_folder is not None
    ]
