"""Draw the chart of the README and the docs: readable on a light page and on a dark one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from .report import EMPTY
from .rows import RETORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .results import Results

PATH = Path(__file__).parents[1] / "docs" / "_static" / "benchmarks.svg"
PANELS = {"hello": "hello", "get_form": "form → redirect", "session": "session counter"}

# Both have a contrast of at least 4 to 1 to white and to near black.
WORDS, OURS, THEIRS = "#777d85", "#d9480f", "#8b949e"

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "retort",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": WORDS,
    "axes.labelcolor": WORDS,
    "axes.edgecolor": WORDS,
    "xtick.color": WORDS,
    "ytick.color": WORDS,
}


def draw(results: Results, path: Path = PATH) -> None:
    """Requests for each second of processor time: one panel for each of three workloads.

    Not for each second of the clock: that one also tells what else the machine did.
    """
    names = [row.name for row in results.rows if row.name == RETORT or is_shown(row.name)]
    mpl.use("svg")
    with mpl.rc_context(STYLE):
        figure, panels = plt.subplots(1, len(PANELS), figsize=(10, 4.6), sharey=True)
        for axes, (workload, title) in zip(panels, PANELS.items(), strict=True):
            bars(axes, results, names, workload)
            axes.set_title(title, color=WORDS)
        machine = results.machine
        figure.supxlabel(
            f"requests for each second of processor time, one worker, {machine['processor']},"
            f" Python {machine['python']}, {results.started[:10]}",
            fontsize=8,
        )
        figure.tight_layout()
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)


def is_shown(name: str) -> bool:
    return not name.startswith(("Retort", "limit", "Flask, gunicorn gthread"))


def bars(axes: Axes, results: Results, names: list[str], workload: str) -> None:
    cells = [results.cell(name, workload) for name in names]
    speeds = [1e6 / cell.best.cpu_microseconds if cell.is_whole else 0.0 for cell in cells]
    drawn = axes.barh(names, speeds, color=[OURS if name == RETORT else THEIRS for name in names])
    axes.bar_label(drawn, [f"{speed:,.0f}" if speed else EMPTY for speed in speeds], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.25)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
