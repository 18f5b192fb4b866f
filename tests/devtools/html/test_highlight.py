"""Source in colours: the text stays as it is, with Pygments and without."""

import importlib
import linecache

import pytest
from markupsafe import Markup

from retort.devtools.frames import Frame, Line
from retort.devtools.html import highlight
from retort.devtools.html.highlight import coloured_lines, coloured_source

SOURCE = '''

def price(items):
    """The price
    of all items."""
\tif not items:  # empty
        return "<none>" + 'ä'
    return sum(items) \\
        + 1.5
'''


@pytest.fixture(autouse=True)
def fresh():
    highlight._lexer.cache_clear()
    highlight._parsed.cache_clear()
    yield
    highlight._lexer.cache_clear()
    highlight._parsed.cache_clear()


@pytest.fixture
def frame_of(tmp_path):
    """A frame in a file of its own; ``failed`` is the part of its last line that failed."""

    def frame_of(source, *, failed="", name="shop.py", is_own=True, is_template=False):
        file = tmp_path / name
        file.write_text(source)
        linecache.checkcache(str(file))
        texts = [line.expandtabs(4) for line in source.splitlines()]
        before, _, after = texts[-1].partition(failed) if failed else (texts[-1], "", "")
        lines = [Line(number, (text, "", "")) for number, text in enumerate(texts[:-1], 1)]
        lines.append(Line(len(texts), (before, failed, after), is_current=True))
        return Frame(
            key=1,
            file=name,
            path=str(file),
            line=len(texts),
            function="price",
            lines=tuple(lines),
            is_own=is_own,
            is_template=is_template,
        )

    return frame_of


def plain(html):
    return [line.striptags() if line.strip() else "" for line in html]


def without_pygments(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)


@pytest.mark.parametrize("is_own", [True, False])
def test_each_line_has_its_text(frame_of, is_own):
    frame = frame_of(SOURCE, is_own=is_own)

    lines = coloured_lines(frame)

    assert len(lines) == len(frame.lines)
    # Not striptags, which joins spaces.
    texts = [Markup(line).unescape() for line in map(remove_tags, lines)]
    assert texts == ["".join(line.text) for line in frame.lines]


def remove_tags(html):
    while "<" in html:
        start, end = html.index("<"), html.index(">")
        html = html[:start] + html[end + 1 :]
    return html


def test_words_strings_and_comments_have_a_class(frame_of):
    html = "\n".join(coloured_lines(frame_of(SOURCE)))

    assert '<span class="token-keyword">def</span>' in html
    assert '<span class="token-name">price</span>' in html
    assert '<span class="token-comment"># empty</span>' in html
    assert '<span class="token-builtin">sum</span>' in html
    assert '<span class="token-number">1.5</span>' in html
    assert "&lt;none&gt;" in html


def test_the_second_line_of_a_string_is_recognised_from_the_line_above_it(frame_of):
    frame = frame_of(SOURCE)
    below = Frame(**{**vars(frame), "lines": frame.lines[4:]})

    assert coloured_lines(below)[0].startswith('<span class="token-string">')


def test_the_part_that_failed_is_marked_across_words(frame_of):
    frame = frame_of("x = 1\nreturn colour + 'a' + 1", failed="colour + 'a'")

    html = coloured_lines(frame)[-1]

    before, _, rest = html.partition("<mark>")
    marked, _, after = rest.partition("</mark>")
    assert [remove_tags(part) for part in (before, marked, after)] == [
        "return ",
        "colour + &#39;a&#39;",
        " + 1",
    ]
    assert all(part.count("<span") == part.count("</span>") for part in (before, marked, after))


def test_a_redacted_line_has_the_redacted_text(frame_of):
    frame = frame_of("key = 1\nurl = 'postgres://ada:hunter2@db'")
    shown = Line(2, ("url = 'postgres://ada:••••••@db'", "", ""), is_current=True)
    frame = Frame(**{**vars(frame), "lines": (frame.lines[0], shown)})

    html = "\n".join(coloured_lines(frame))

    assert "hunter2" not in html
    assert "ada:••••••@db" in html


def test_a_file_that_has_become_shorter_since_then_does_not_break_the_page(frame_of, tmp_path):
    frame = frame_of("a = 1\nb = 2\nc = 3")
    (tmp_path / "shop.py").write_text("a = 1\n")
    linecache.checkcache(frame.path)

    assert [remove_tags(line) for line in coloured_lines(frame)] == ["a = 1", "b = 2", "c = 3"]


def test_a_template_is_parsed_as_a_template(frame_of):
    html = coloured_lines(frame_of("<p>{% if user %}", name="a.html", is_template=True))[0]

    assert remove_tags(html) == "&lt;p&gt;{% if user %}"
    assert '<span class="token-keyword">if</span>' in html


@pytest.mark.parametrize("source", ["return ''' half", "{{{ %} ((", "\x0c\x1b é 漢", "", "\t\t"])
def test_any_line_is_shown_as_it_is(source):
    assert Markup(remove_tags(coloured_source(source, "shop.py"))).unescape() == (
        source.expandtabs(4)
    )


def test_without_pygments_the_lines_are_the_same_without_colours(frame_of, monkeypatch):
    without_pygments(monkeypatch)
    frame = frame_of("if x:\n    return colour + 1", failed="colour + 1")

    assert coloured_lines(frame) == ["if x:", "    return <mark>colour + 1</mark>"]


def test_an_error_of_pygments_leaves_the_lines_without_colours(frame_of, monkeypatch):
    def fail(lexer, source):
        raise ValueError(source)

    monkeypatch.setattr("pygments.lexers.PythonLexer.get_tokens", fail)

    assert coloured_lines(frame_of("a = 1\nb = 2")) == ["a = 1", "b = 2"]
