"""Another Retort for a side: a checkout, a wheel, or an environment."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

from ..options import CompareError

if TYPE_CHECKING:
    from pathlib import Path

    from .specs import SideSpec

_PYTHONS = ("bin/python", "Scripts/python.exe")


def python_and_path(spec: SideSpec, root: Path) -> tuple[str, list[str]]:
    """The interpreter of a side, and what precedes its ``sys.path``.

    :param root: the folder of the side, where a wheel is unpacked.
    :raises CompareError: if the source has no Retort.
    """
    source = spec.source
    if source is None:
        return sys.executable, []
    for name in _PYTHONS:
        if (source / name).exists():
            return str(source / name), []
    folder = _unpacked(source, root / "wheel") if source.is_file() else source
    for candidate in (folder / "src", folder):
        if (candidate / "retort" / "__init__.py").is_file():
            return sys.executable, [str(candidate)]
    raise CompareError(
        f"--sides: {source} has no Retort. Pass a checkout (with src/retort), a wheel, or a virtual"
        " environment (with bin/python) in which Retort is installed."
    )


def _unpacked(wheel: Path, folder: Path) -> Path:
    if not folder.is_dir():
        try:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
        except zipfile.BadZipFile:
            raise CompareError(f"--sides: {wheel} is neither a folder nor a wheel.") from None
    return folder
