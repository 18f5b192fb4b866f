from retort.blueprint import Blueprint, BlueprintSetupState
from retort.blueprint import Blueprint as SansioBlueprint
from retort.cli import AppGroup
from retort.globals import current_app
from retort.helpers import send_from_directory

__all__ = [
    "AppGroup",
    "Blueprint",
    "BlueprintSetupState",
    "SansioBlueprint",
    "current_app",
    "send_from_directory",
]
