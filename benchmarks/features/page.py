"""Write the stored marks into docs/should-i-switch.md: `python -m benchmarks.features.page`.

tests/test_switch_page.py compares both.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from . import table

PAGE = Path(__file__).parents[2] / "docs" / "should-i-switch.md"
TABLE = re.compile(r"^\| \| Retort \|.*?(?=\n\n)", re.M | re.S)


def main() -> None:
    stored = json.loads(table.STORED.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    new, count = TABLE.subn(lambda _: table.markdown(stored), text)
    if count != 1:
        raise SystemExit(f"{PAGE} has {count} tables of features, not 1: restore it from Git.")
    PAGE.write_text(new, encoding="utf-8")
    print(f"Written to {PAGE.name}: marks of {stored['date']}. Check the words around the table.")


if __name__ == "__main__":
    main()
