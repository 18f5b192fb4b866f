"""How deeply JSON may be nested, and that no text of any depth ends the process."""

import codecs
import contextlib
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retort
from retort.json.depth import MAX_DEPTH, depth_of


def levels_of(value):
    """The depth by the definition, from the value."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(levels_of, value), default=0) if isinstance(value, list) else 0


def arrays(depth, inner=""):
    return "[" * depth + inner + "]" * depth


def objects(depth, inner="1"):
    return '{"a":' * depth + inner + "}" * depth


texts = st.text() | st.text('[]{}"\\')
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


@given(values, st.booleans(), st.sampled_from([None, 1]), st.integers(9, 30))
def test_the_depth_is_that_of_the_value_whatever_its_strings_have_in_them(
    value, is_ascii, indent, around
):
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    text = arrays(around, text)
    depth = around + levels_of(value)

    assert depth_of(text, 0) == depth
    assert depth_of(text.encode("utf-8", "surrogatepass"), 0) == depth


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
@given(st.text('[]{}"\\\u5b5b\u2222\u7b7b\u0122'), st.integers(9, 30))
def test_the_depth_is_the_same_in_each_encoding(encoding, string, around):
    text = arrays(around, json.dumps({string: [string]}, ensure_ascii=False)).encode(encoding)

    assert depth_of(text, 0) == around + 2


@given(st.text('[]{}"\\,: 1'), st.integers(0, 20))
def test_what_a_decoder_reads_before_an_error_is_never_deeper_than_was_counted(text, shallow):
    class Lists(json.JSONDecoder):
        """Notes how deep it goes, in Python so that each level can be seen."""

        def __init__(self):
            super().__init__()
            scan, self.deepest, self.depth = self.parse_array, 0, 0
            self.parse_array = lambda *args: self.enter(scan, *args)
            scan_object = self.parse_object
            self.parse_object = lambda *args: self.enter(scan_object, *args)
            self.scan_once = json.scanner.py_make_scanner(self)

        def enter(self, scan, *args):
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)
            try:
                return scan(*args)
            finally:
                self.depth -= 1

    decoder = Lists()
    with contextlib.suppress(ValueError):
        decoder.decode(text)
    assert depth_of(text, shallow) >= decoder.deepest


@pytest.mark.parametrize("make", [str, str.encode, lambda text: bytearray(text.encode())])
@pytest.mark.parametrize("nest", [arrays, objects])
def test_one_level_too_many_is_an_error_that_names_the_limit(app, make, nest):
    for loads in (retort.json.loads, app.json.loads):
        assert loads(make(nest(READABLE)))
        with pytest.raises(ValueError, match=r"nested too deeply: at most 1,000 levels"):
            loads(make(nest(MAX_DEPTH + 1)))


@pytest.mark.parametrize("options", [{}, {"parse_float": str}, {"object_hook": dict}])
def test_options_of_the_standard_library_do_not_change_the_limit(app, options):
    with pytest.raises(ValueError, match="nested too deeply"):
        app.json.loads(objects(MAX_DEPTH + 1), **options)


# CPython 3.10 and 3.11 count the levels among the recursive calls that Python allows.
READABLE = MAX_DEPTH if sys.version_info >= (3, 12) else 900


@pytest.mark.parametrize("nest", [arrays, objects])
def test_nesting_up_to_the_limit_is_parsed(app, nest):
    assert levels_of_chain(app.json.loads(nest(READABLE))) == READABLE


def levels_of_chain(value):
    levels = 0
    while isinstance(value, (list, dict)):
        levels += 1
        value = next(iter(value.values() if isinstance(value, dict) else value), None)
    return levels


@pytest.mark.parametrize("depth", [300, 401, 900])
@pytest.mark.parametrize("nest", [arrays, objects])
def test_what_is_nested_less_deeply_is_read(app, nest, depth):
    assert levels_of_chain(app.json.loads(nest(depth))) == depth
    assert levels_of_chain(app.json.loads(nest(depth).encode("utf-16"))) == depth


def test_brackets_in_strings_and_in_a_row_are_not_depth(app):
    strings = ["[" * 5000, "{" * 5000 + '"\\' * 100, "]" * 5000]

    assert app.json.loads(json.dumps(strings)) == strings
    assert app.json.loads(json.dumps([[]] * 5000)) == [[]] * 5000
    assert app.json.loads(json.dumps([{}] * 5000).encode()) == [{}] * 5000


def test_closing_brackets_in_strings_do_not_hide_how_deep_a_text_is(app):
    for hidden in (objects(2000).replace('"a"', '"]}"'), '["]]]]",' * 2000, '["\\"]]",' * 2000):
        with pytest.raises(ValueError, match="nested too deeply"):
            app.json.loads(hidden)


def test_what_begins_as_utf_16_and_is_not_is_an_ordinary_error(app):
    with pytest.raises(ValueError, match="truncated"):
        app.json.loads(codecs.BOM_UTF16_LE + arrays(2000).encode("utf-16-le") + b"x")


IN_A_SMALL_STACK = """
import json, sys, threading, retort

sys.setrecursionlimit(100_000)  # so that Python 3.10 and 3.11 go as far as newer ones
app = retort.Flask("small")


def attempt(text):
    try:
        return app.json.loads(text)
    except ValueError:
        return None


def run():
    for text in TEXTS:
        value = attempt(text)
        attempt(text.encode())
        attempt(text.encode("utf-16"))
        del value
    print("survived")


def nest(depth):
    yield "[" * depth + "]" * depth
    yield '{"a":' * depth + "1" + "}" * depth
    yield '[{"a":' * (depth // 2) + "1" + "}]" * (depth // 2)
    yield "[" * depth
    yield '["' + "[" * depth + '"]'
    yield '["]",' * depth


depths = [*range(350, 1002, 50), 399, 400, 401, 999, 1000, 1001, 7000, 100_000]
TEXTS = [text for depth in depths for text in nest(depth)]
threading.stack_size(256 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_no_depth_ends_a_process_in_a_thread_with_a_stack_of_256_kib():
    done = subprocess.run(
        [sys.executable, "-c", IN_A_SMALL_STACK], capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr
