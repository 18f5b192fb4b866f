"""Find calls on the event loop that block it: nothing else runs there until they return."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..blocking import how_to_wait, shown_call
from ..coroutines import awaits, functions_on_loop
from ..endings import own_nodes
from ..findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..coroutines import OnLoop
    from ..program import Program

_MEANS = "Until it returns, nothing else runs on the event loop of this process."


def check_blocking(program: Program) -> Iterator[Finding]:
    """Report calls that block the event loop."""
    for function in functions_on_loop(program):
        for node in own_nodes(function.code.node):
            advice = how_to_wait(function.code, node) if isinstance(node, ast.Call) else None
            if advice is not None:
                yield _finding(function, node, advice)  # type: ignore[arg-type]  # it is a call


def _finding(function: OnLoop, call: ast.Call, advice: str) -> Finding:
    code, caller = function.code, function.caller
    name, shown = f"{code.node.name}()", shown_call(call)
    if caller is None:
        what = f"{name} calls {shown}, which blocks."
        if len(function.chain) == 1:
            what = f"The async {function.kind} {name} calls {shown}, which blocks."
        fix = f"Write {advice}."
        if function.kind.endswith("view") and len(function.chain) == 1 and not awaits(code):
            fix = f"Write {advice}; or remove async from {name}, and it is called in a thread."
    else:
        outer, inner = caller
        async_name, called = f"{outer.node.name}()", inner.node.name
        what = f"{name} calls {shown}, which blocks."
        if inner is code:
            what += f" The coroutine function {async_name} calls {name} on the event loop."
        else:
            what += (
                f" It is called on the event loop, by way of {called}(), by the coroutine function"
                f" {async_name}."
            )
        fix = f"Write await asyncio.to_thread({called}, ...) in {async_name}."
    return Finding(code.path, call.lineno, "blocking-call", f"{what} {_MEANS}", fix)
