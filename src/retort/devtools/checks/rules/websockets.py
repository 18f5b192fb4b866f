"""Find WebSocket routes that pages of any site can open."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ....routing import options_of
from ..findings import Finding
from ..program import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..program import Program


def check_websockets(program: Program) -> Iterator[Finding]:
    """Report WebSocket routes without a rule about origins."""
    if program.app.config["CROSS_ORIGIN_PROTECTION"] or _reads_origins(program):
        return
    for view in program.sockets:
        rules = [rule.rule for rule in view.rules if _has_no_origins(rule)]
        if not rules:
            continue
        yield Finding(
            view.code.path,
            first_line(view),
            "websocket-origin",
            f"Pages of every site can open the WebSocket {rules[0]} ({view.name}), and read and"
            " send its messages. Browsers may send the cookies of this site with the handshake"
            " (RFC 6455 §10.2).",
            "Write origins=[] at the route, which refuses pages of other sites, or a list of those"
            " that may connect, or origins='*' if all may. The config CROSS_ORIGIN_PROTECTION ="
            " True refuses them for all routes.",
        )


def _has_no_origins(rule: object) -> bool:
    options = options_of(rule).websocket  # type: ignore[arg-type]  # it is a rule
    return options is not None and options.origins is None


def _reads_origins(program: Program) -> bool:
    """Whether the program may check origins itself."""
    if any(text.lower() in ("origin", "http_origin") for text in program.strings):
        return True
    return any(
        isinstance(node, ast.Attribute) and node.attr == "origin"
        for source, _ in program.modules.values()
        for node in ast.walk(source.tree)
    )
