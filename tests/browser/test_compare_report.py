"""The HTML report of `retort compare` in a browser."""

import pytest

from retort.compare.messages import Request, Response, Step
from retort.compare.report import as_html
from retort.compare.results import (
    Comparison,
    Cost,
    Difference,
    EndpointCost,
    Finding,
    Range,
    SideCost,
    SideInfo,
)

LONG = "x" * 400
SIDE = SideCost(1000, 0.0005, 0.0006, 0.001, 50 * 2**20, 0.6)
RATIO = Range(5.3, 5.1, 5.5, 20)


@pytest.fixture
def report(tmp_path):
    sides = [SideInfo(name, f"{name.capitalize()} 3.1.3") for name in ("flask", "again", "retort")]
    request = Request("GET", f"/{LONG}")
    response = Response(200, "OK", (("X-Long", LONG),), f"<h1>{LONG}</h1>".encode())
    names = [side.name for side in sides]
    made = Comparison("shop.py", sides)
    outcomes = dict.fromkeys(names, response)
    outcomes["retort"] = Response(200, "OK", (("X-Long", LONG),), f"<h1>{LONG}!</h1>".encode())
    made.steps = [Step(1, "a link", dict.fromkeys(names, request), outcomes)]
    made.findings = [
        Finding(
            "unexplained",
            f"GET /{LONG}: the body at line 1 differs",
            [1],
            [Difference("body", "line 1", LONG, f"{LONG}!")],
            view="shop.py:12 (index)",
            curl=f"curl -i http://localhost/{LONG}",
            tracebacks={"retort": f"Traceback (most recent call last):\nValueError: {LONG}"},
        )
    ]
    made.cost = Cost(
        {"flask": SIDE, "retort": SIDE},
        RATIO,
        None,
        [EndpointCost(f"shop.{LONG}", 900, RATIO, {"flask": 0.0005, "retort": 0.0001}, {})],
    )
    file = tmp_path / "report.html"
    file.write_text(as_html(made), encoding="utf-8")
    return file


@pytest.fixture
def page(chromium):
    launcher, path = chromium
    browser = launcher.launch(executable_path=path, args=["--no-sandbox"])
    yield browser.new_page()
    browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_can_be_read(page, report, low_contrasts, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto(report.as_uri())

    page.locator("summary").first.click()

    assert page.locator("text=ValueError").first.is_visible()
    assert page.locator("mark").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert low_contrasts(page) == []


def test_headings_of_table_rows_break_between_words_only(page, report):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(report.as_uri())
    page.locator("summary").first.click()

    for heading in ("body line 1", "retort"):
        box = page.get_by_role("rowheader", name=heading, exact=True).bounding_box()
        assert box["width"] > 40, heading


def test_the_bars_have_the_lengths_of_the_costs(page, report):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(report.as_uri())

    first, other = (bar.bounding_box()["width"] for bar in page.locator(".bar").all())

    assert first / other == pytest.approx(5, rel=0.05)
