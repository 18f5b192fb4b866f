"""Install the peers into the environment that runs this: `make bench` does.

A package that cannot be had here is named, and the rest goes on: its rows will say so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def installs(*what: str) -> bool:
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    return subprocess.run([*command, *what], check=False).returncode == 0


def packages() -> list[str]:
    lines = [line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines()]
    return [line for line in lines if line]


def main() -> None:
    if installs("--requirement", str(REQUIREMENTS)):
        return
    print("Not all of them can be installed: now one after the other.")
    for package in packages():
        if not installs(package):
            print(f"{package} cannot be installed here. What needs it is left out of the table.")


if __name__ == "__main__":
    main()
