"""Compares two OpenAPI documents: which changes break clients.

`compare` returns the changes. `rules.py` has their verdicts.
"""

from __future__ import annotations

from .changes import ABSENT as ABSENT
from .changes import Change as Change
from .changes import Log, merged
from .document import Document as Document  # noqa: TC001 - a name of this package
from .document import DocumentError as DocumentError
from .document import checked as checked
from .document import load as load
from .operations import compare_documents
from .report import as_json as as_json
from .report import as_text as as_text
from .report import is_shown as is_shown
from .rules import RULES as RULES
from .rules import Verdict as Verdict
from .security import compare_login_addresses


def compare(old: Document, new: Document) -> list[Change]:
    """The changes from one document to another, the worst first.

    :raises DocumentError: if a part of a document that operations use is invalid.
    """
    log = Log()
    try:
        compare_documents(log, old.root, new.root)
        compare_login_addresses(log, old.root, new.root)
        return merged(log.expanded())
    except RecursionError:
        raise new.error("", "its schemas are nested too deeply.") from None
