"""Links and forms that ``retort compare`` reads out of pages."""

import gzip
import json

import pytest

from retort.compare.messages import Response
from retort.compare.pages import read_html, read_page


def form_of(html):
    (form,) = read_html(html.encode()).forms
    return form


def names(form):
    return [one.name for one in form.controls]


def page_of(body, content_type, *fields):
    return read_page(Response(200, "OK", (("Content-Type", content_type), *fields), body))


def test_links_are_read_in_their_order():
    page = read_html(b"""
        <link rel=stylesheet href=/a.css><a href=" /b ">b</a><a name=here>no link</a>
        <img src=/c.png><iframe src=/d></iframe><area href=/e><script src=/f.js></script>
        <meta http-equiv=Refresh content="5; url='/g'"><a href="/h?x=1&amp;y=2">h</a><a href>x</a>
    """)

    assert page.links == ["/a.css", "/b", "/c.png", "/d", "/e", "/f.js", "/g", "/h?x=1&y=2"]


def test_the_first_base_counts():
    assert read_html(b"<base href=/shop/><base href=/other/>").base == "/shop/"


def test_links_within_scripts_comments_and_text_fields_are_none():
    html = b"<script>'<a href=/a>'</script><!-- <a href=/b> --><textarea><a href=/c></textarea>"

    assert read_html(html + b"<a href=/d>").links == ["/d"]


def test_a_text_field_has_its_text_without_the_first_line_break():
    html = "<form><textarea name=a>\n\n a <b>&amp;</b>\r\nc</textarea><input name=b></form>"
    form = form_of(html)

    assert form.controls[0].value == "\n a <b>&</b>\nc"
    assert names(form) == ["a", "b"]


@pytest.mark.parametrize(
    ("attributes", "method", "encoding"),
    [
        ("", "GET", "application/x-www-form-urlencoded"),
        ("method=Post", "POST", "application/x-www-form-urlencoded"),
        ("method=put", "GET", "application/x-www-form-urlencoded"),
        ("method=post enctype=Multipart/Form-Data", "POST", "multipart/form-data"),
        ("method=post enctype=text/plain", "POST", "text/plain"),
        ("method=post enctype=application/json", "POST", "application/x-www-form-urlencoded"),
    ],
)
def test_method_and_encoding_of_a_form(attributes, method, encoding):
    form = form_of(f"<form action=' /x ' {attributes}></form>")

    assert (form.action, form.method, form.encoding) == ("/x", method, encoding)


def test_controls_that_are_disabled_are_left_out():
    form = form_of("""<form><input name=a disabled>
        <fieldset disabled><legend><input name=b></legend><legend><input name=c></legend>
            <fieldset><input name=d></fieldset><select name=e><option>1</select></fieldset>
        <fieldset><input name=f></fieldset><button name=g disabled>g</button></form>""")

    assert names(form) == ["b", "f"]


def test_a_control_belongs_to_the_form_that_it_names():
    page = read_html(b"""<input name=a form=late><form id=early><input name=b>
        <input name=c form=late><input name=d form=none></form><input name=e>
        <form id=late><input name=f></form><form id=late></form>""")

    assert [names(form) for form in page.forms] == [["b"], ["a", "c", "f"], []]


def test_a_form_within_a_form_does_not_count():
    page = read_html(b"<form action=/a><form action=/b><input name=c></form><input name=d></form>")

    assert [(form.action, names(form)) for form in page.forms] == [("/a", ["c"])]


def test_a_select_has_the_values_that_can_be_chosen():
    form = form_of("""<form><select name=a><option value=1>one<option disabled>no
        <optgroup disabled><option>no</optgroup><optgroup label=x><option selected> two  words
        </option></optgroup><option></select><option>outside</option>
        <select name=b selected></select></form>""")

    first, second = form.controls
    assert (first.options, first.selected) == (["1", "two words", ""], [1])
    assert (second.options, second.selected) == ([], [])


@pytest.mark.parametrize(
    ("html", "kind", "value"),
    [
        ("<input name=a>", "text", ""),
        ("<input name=a type=>", "text", ""),
        ("<input name=a type=unknown value=1>", "text", "1"),
        ("<input name=a type=CheckBox>", "checkbox", "on"),
        ("<input name=a type=radio value=''>", "radio", ""),
        ("<button name=a value=1>x</button>", "submit", "1"),
        ("<button name=a type=menu>x</button>", "submit", ""),
        ("<button name=a type=button>x</button>", "button", ""),
        ("<input name=a value=first value=second>", "text", "first"),
    ],
)
def test_types_and_values_of_controls(html, kind, value):
    (control,) = form_of(f"<form>{html}</form>").controls

    assert (control.kind, control.value) == (kind, value)


def test_each_button_that_sends_a_form_differently_is_a_way_to_send_it():
    form = form_of("""<form action=/a method=post><button>unnamed</button><input type=submit>
        <button name=do value=b formaction=/b formmethod=get>b</button>
        <button formenctype=text/plain>c</button><button formaction="">d</button>
        <button formmethod=dialog>close</button><button type=reset>no</button></form>""")

    urlencoded = "application/x-www-form-urlencoded"
    assert [(one.action, one.method, one.encoding) for one in form.buttons()] == [
        ("/a", "POST", urlencoded),
        ("/b", "GET", urlencoded),
        ("/a", "POST", "text/plain"),
    ]


def test_a_form_without_a_button_is_sent_by_the_enter_key():
    (button,) = form_of("<form action=/a><input name=b></form>").buttons()

    assert (button.control, button.action, button.method) == (None, "/a", "GET")


def test_a_dialog_sends_nothing_except_by_a_button_that_does():
    html = "<form method=dialog><button>close</button></form>"
    sending = "<form method=dialog action=/a><button formmethod=post>save</button></form>"

    assert read_html(html.encode()).forms == []
    assert [one.method for one in form_of(sending).buttons()] == ["POST"]


def test_addresses_in_json_are_links():
    value = {
        "url": "/a",
        "title": "/no",
        "items": [{"href": "http://localhost/b"}, {"image_url": "/c"}, {"href": "/a"}],
        "next": "?page=2",
        "self": "an identifier",
        "previous": None,
        "links": ["../d", "/with space", 7],
    }
    page = page_of(json.dumps(value).encode(), "application/hal+json")

    assert page.links == ["/a", "http://localhost/b", "/c", "?page=2", "../d"]


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 100_000, b"\xff", b'"url"'])
def test_json_that_cannot_be_read_has_no_links(body):
    assert page_of(body, "application/json").links == []


@pytest.mark.parametrize("type_", ["text/plain", "image/svg+xml", "text/css", "", "nonsense"])
def test_other_types_are_not_read(type_):
    assert page_of(b"<a href=/a>", type_).links == []


def test_html_is_read_in_its_charset_and_without_its_content_encoding():
    html = "<a href=/käse>"

    assert page_of(html.encode("latin-1"), "text/html; charset=ISO-8859-1").links == ["/käse"]
    assert page_of(html.encode(), "text/html; charset=hex").links == ["/käse"]
    assert page_of(html.encode(), "text/html; charset=unknown").links == ["/käse"]
    packed = gzip.compress(html.encode())
    assert page_of(packed, "TEXT/HTML", ("Content-Encoding", "gzip")).links == ["/käse"]


@pytest.mark.parametrize(
    "html",
    [
        b"<a href=/a><![",
        b"<a href=/a><a href='/b",
        b"</a></form></select></fieldset></legend></option><a href=/a>",
        b"<a href=/a>\x00\xff<",
        b"<form><select><option><textarea><a href=/b>",
    ],
)
def test_broken_html_is_read_as_far_as_it_goes(html):
    expected = [] if html.startswith(b"<form>") else ["/a"]

    assert read_html(html).links == expected


def test_of_a_page_of_ten_megabytes_the_beginning_is_read():
    page = read_html(b"<a href=/first>" + b"x" * 10_000_000 + b"<a href=/last>")

    assert page.links == ["/first"]
    assert page.is_cut
    assert not read_html(b"<a href=/first>").is_cut


def test_a_page_of_tags_that_do_not_end_is_cut_off():
    page = read_html(b"<a href=/first>" + b"<a " * 300_000, seconds=0.05)

    assert page.links == ["/first"]
    assert page.is_cut
