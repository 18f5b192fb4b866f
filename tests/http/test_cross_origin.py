"""Who may send what changes something: the decision, without an application around it.

The table follows the documentation of Go's `http.CrossOriginProtection`, Go 1.25.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import Map, Rule

from retort.http.cross_origin import (
    CrossOriginRefused,
    OriginPolicy,
    RequestOrigin,
    Verdict,
    cross_origin_exempt,
    decide,
    how_to_allow,
    is_exempt,
    is_loopback,
    read_origin_policy,
)

NO_EXCEPTIONS = OriginPolicy(frozenset(), frozenset(), False)
PARTNER = read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": ["https://pay.example"]})
NULL_TOO = read_origin_policy({"CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE": True})


def sent(fetch_site="", origin="", host="shop.example", scheme="https"):
    return RequestOrigin(fetch_site, origin, host, scheme)


# The two rules


@pytest.mark.parametrize(
    ("fetch_site", "origin", "is_taken"),
    [
        # Sec-Fetch-Site alone decides, where it is sent.
        ("same-origin", "", True),
        ("same-origin", "https://shop.example", True),
        ("same-origin", "https://evil.example", True),
        ("same-origin", "null", True),
        ("none", "", True),  # typed into the address bar, or a bookmark
        ("none", "https://evil.example", True),
        ("cross-site", "", False),
        ("cross-site", "https://evil.example", False),
        ("cross-site", "https://shop.example", False),
        ("cross-site", "null", False),
        ("same-site", "https://blog.shop.example", False),  # R49
        ("same-site", "https://shop.example:8000", False),
        ("same-site", "", False),
        ("Same-Origin", "https://shop.example", False),
        ("same-origin, cross-site", "https://shop.example", False),
        ("anything else", "https://shop.example", False),
        # Without it: no Origin, or the Host's.
        ("", "", True),  # R50
        ("", "https://shop.example", True),
        ("", "HTTPS://SHOP.EXAMPLE", True),
        ("", "https://shop.example:443", True),
        ("", "https://shop.example:8000", False),
        ("", "https://evil.example", False),
        ("", "https://shop.example.evil.example", False),
        ("", "https://evil-shop.example", False),
        ("", "https://blog.shop.example", False),
        ("", "https://shop.example@evil.example", False),
        ("", "https://evil.example/https://shop.example", False),
        ("", "shop.example", False),
        ("", "://", False),
        ("", "https://", False),
        ("", "null", False),  # R49
        ("", "https://shop.example, https://evil.example", False),
        # Plain http cannot speak for the same name with TLS.
        ("", "http://shop.example", False),
    ],
)
def test_a_request_is_judged_by_its_headers(fetch_site, origin, is_taken):
    """R47, R49, R50."""
    verdict = decide("POST", sent(fetch_site, origin), NO_EXCEPTIONS)

    assert verdict is (Verdict.THIS_SITE if is_taken else Verdict.REFUSED)


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "is_taken"),
    [
        ("http://192.168.1.7:5000", "192.168.1.7:5000", "http", True),  # R51
        ("http://192.168.1.7:5000", "192.168.1.7:5001", "http", False),
        ("http://192.168.1.7", "192.168.1.7", "http", True),
        ("http://192.168.1.7", "192.168.1.7:80", "http", True),
        ("http://shop.example", "shop.example:443", "http", False),
        ("https://shop.example", "shop.example:443", "http", True),
        ("https://shop.example", "shop.example", "http", True),  # a proxy took the TLS off
        ("http://[::1]:5000", "[::1]:5000", "http", True),
        ("http://[::1]", "[::1]:80", "http", True),
        ("http://[::1]:5000", "[::1]:5001", "http", False),
        ("http://xn--bcher-kva.example", "xn--bcher-kva.example", "http", True),
        ("http://localhost:5000", "127.0.0.1:5000", "http", False),
        ("http://shop.example", "", "http", False),
        ("null", "null", "http", False),
        ("https://null", "null", "https", True),
    ],
)
def test_without_sec_fetch_site_the_origin_has_to_be_the_host(origin, host, scheme, is_taken):
    """R47, R51: what browsers send to plain-http addresses other than this machine's."""
    verdict = decide("POST", sent("", origin, host, scheme), NO_EXCEPTIONS)

    assert verdict is (Verdict.THIS_SITE if is_taken else Verdict.REFUSED)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "QUERY"])
def test_methods_that_only_read_pass_from_anywhere(method):
    """R23, R47."""
    evil = sent("cross-site", "https://evil.example")

    assert decide(method, evil, NO_EXCEPTIONS) is Verdict.THIS_SITE


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PURGE", "get", "query", ""]
)
def test_every_other_method_is_judged(method):
    """R1, R47."""
    evil = sent("cross-site", "https://evil.example")

    assert decide(method, evil, NO_EXCEPTIONS) is Verdict.REFUSED


headers = st.sampled_from(
    ["", "null", "same-origin", "none", "cross-site", "same-site", "https://shop.example"]
) | st.text(max_size=30)
senders = st.builds(
    RequestOrigin,
    fetch_site=headers,
    origin=headers,
    host=st.sampled_from(["shop.example", "", "localhost:5000"]) | st.text(max_size=20),
    scheme=st.sampled_from(["http", "https"]),
)
unsafe = st.sampled_from(["POST", "PUT", "PATCH", "DELETE"])


@given(unsafe, senders)
def test_a_cross_site_request_is_never_treated_as_same_site(method, sender):
    """R47, R49."""
    verdict = decide(method, sender, NO_EXCEPTIONS)
    if sender.fetch_site not in ("", "same-origin", "none"):
        assert verdict is Verdict.REFUSED
    elif sender.fetch_site:
        assert verdict is Verdict.THIS_SITE


@given(unsafe, senders)
def test_an_origin_that_is_taken_without_sec_fetch_site_has_the_hosts_name(method, sender):
    """R47."""
    sender = sender._replace(fetch_site="")
    if decide(method, sender, NO_EXCEPTIONS) is Verdict.THIS_SITE and sender.origin:
        host = sender.origin.lower().partition("://")[2]
        assert sender.origin.lower() != "null"
        assert host.removesuffix(":80").removesuffix(":443") == (
            sender.host.lower().removesuffix(":80").removesuffix(":443")
        )


@given(unsafe, senders)
def test_trust_adds_exactly_what_it_names(method, sender):
    """R47: nothing is taken for a trusted origin but the origin itself."""
    without, with_it = decide(method, sender, NO_EXCEPTIONS), decide(method, sender, PARTNER)
    if sender.origin == "https://pay.example":
        assert with_it in (Verdict.TRUSTED, Verdict.THIS_SITE)
    else:
        assert with_it is without


@given(unsafe, senders)
def test_nothing_depends_on_development_but_pages_of_this_machine(method, sender):
    """R64."""
    production = decide(method, sender, NO_EXCEPTIONS)
    debug = decide(method, sender, NO_EXCEPTIONS, is_developing=True)
    if debug is not production:
        assert (production, debug) == (Verdict.REFUSED, Verdict.LOCAL)
        assert is_loopback(sender.host)
        assert sender.origin == "null" or is_loopback(sender.origin.partition("://")[2])


# Who is trusted


def test_a_trusted_origin_is_taken_whichever_rule_would_refuse_it():
    """R47."""
    assert decide("POST", sent("cross-site", "https://pay.example"), PARTNER) is Verdict.TRUSTED
    assert decide("POST", sent("", "https://pay.example"), PARTNER) is Verdict.TRUSTED


@pytest.mark.parametrize(
    "origin",
    [
        "http://pay.example",
        "https://pay.example:8443",
        "https://pay.example.",
        "https://pay.example/",
        "https://www.pay.example",
        "https://pay.example.evil.example",
        "HTTPS://PAY.EXAMPLE",
        "",
        "null",
    ],
)
def test_what_resembles_a_trusted_origin_is_not_trusted(origin):
    """R47."""
    assert decide("POST", sent("cross-site", origin), PARTNER) is Verdict.REFUSED


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site", ""])
def test_null_is_taken_with_its_own_switch_only(fetch_site):
    """R49."""
    assert decide("POST", sent(fetch_site, "null"), NULL_TOO) is Verdict.NULL_TRUSTED
    assert decide("POST", sent(fetch_site, "https://evil.example"), NULL_TOO) is Verdict.REFUSED
    assert decide("POST", sent("cross-site", ""), NULL_TOO) is Verdict.REFUSED


@pytest.mark.parametrize(
    "origin",
    [
        "https://pay.example",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "https://pay_1.example:8443",
        "chrome-extension://abcdefghijklmnop",
        "http://shop.example:443",
        "https://shop.example:80",
        "https://xn--bcher-kva.example",
    ],
)
def test_an_origin_is_configured_as_browsers_send_it(origin):
    trust = read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": [origin]})

    assert decide("POST", sent("cross-site", origin), trust) is Verdict.TRUSTED


@pytest.mark.parametrize(
    ("origin", "advice"),
    [
        ("https://pay.example/", "Write 'https://pay.example'."),
        ("https://pay.example/return?x=1", "Write 'https://pay.example'."),
        ("https://Pay.Example", "Write 'https://pay.example'."),
        ("https://pay.example:443", "Write 'https://pay.example'."),
        ("http://pay.example:80", "Write 'http://pay.example'."),
        ("pay.example", "Write 'https://pay.example'."),
        (" https://pay.example", "Write 'https://pay.example'."),
        ("https://*.pay.example", "no *"),
        ("*", "no *"),
        ("https://", "exactly scheme://host"),
        ("https://user@pay.example", "exactly scheme://host"),
        ("https://bücher.example", "exactly scheme://host"),
        ("https://pay.example\n", "Write 'https://pay.example'."),
        ("", "exactly scheme://host"),
        ("null", "CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE"),
    ],
)
def test_an_origin_that_would_never_match_is_an_error_with_the_fix(origin, advice):
    with pytest.raises(ValueError, match="CROSS_ORIGIN_TRUSTED_ORIGINS") as error:
        read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": [origin]})

    assert repr(origin) in str(error.value)
    assert advice in str(error.value)


@given(st.text(max_size=40))
def test_no_configured_origin_is_accepted_that_is_more_than_scheme_host_and_port(origin):
    """R47."""
    try:
        read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": [origin]})
    except ValueError:
        return
    scheme, separator, host = origin.partition("://")
    assert separator
    assert scheme
    assert host
    assert not set(host) & set("/?#@* \\\t\r\n")


@pytest.mark.parametrize("key", ["CROSS_ORIGIN_TRUSTED_ORIGINS", "CROSS_ORIGIN_EXEMPT_RULES"])
@pytest.mark.parametrize("value", ["https://pay.example", 5, [5], {"/": 1}, True])
def test_what_is_no_list_of_strings_is_an_error_that_shows_one(key, value):
    with pytest.raises(TypeError, match=key):
        read_origin_policy({key: value})


def test_without_configuration_no_origin_is_trusted():
    assert read_origin_policy({}) == NO_EXCEPTIONS
    assert read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": None}) == NO_EXCEPTIONS
    assert read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": set()}) == NO_EXCEPTIONS


# Rules that are listed


def rule_of(string):
    rule = Rule(string)
    Map([rule])
    return rule


@pytest.mark.parametrize(
    ("listed", "method", "rule", "is_taken"),
    [
        ("/saml/acs", "POST", "/saml/acs", True),
        ("/saml/acs", "DELETE", "/saml/acs", True),
        ("POST /saml/acs", "POST", "/saml/acs", True),
        ("POST /saml/acs", "PUT", "/saml/acs", False),
        ("POST /saml/acs", "post", "/saml/acs", False),
        ("/saml/acs", "POST", "/saml/acs/", False),
        ("/saml/acs/", "POST", "/saml/acs", False),
        ("/saml", "POST", "/saml/acs", False),
        ("/saml/acs", "POST", "/SAML/acs", False),
        ("/", "POST", "/saml/acs", False),
        ("/hooks/<name>", "POST", "/hooks/<name>", True),
        ("/hooks/<name>", "POST", "/hooks/<path:name>", False),
        ("/hooks/<name>", "POST", "/hooks/stripe", False),
    ],
)
def test_a_listed_rule_is_that_rule_and_no_other(listed, method, rule, is_taken):
    """R48."""
    trust = read_origin_policy({"CROSS_ORIGIN_EXEMPT_RULES": [listed]})

    assert trust.takes_rule(method, rule_of(rule), rule) is is_taken


@pytest.mark.parametrize(
    ("rule", "path", "is_taken"),
    [
        ("/saml/acs", "/saml/acs", True),
        ("/saml/acs", "//saml/acs", False),
        ("/saml/acs", "/saml/acs/", False),
        ("/", "/", True),
        ("/", "//", False),
        ("/hooks/<name>", "/hooks/stripe", True),
        ("/hooks/<name>", "//hooks/stripe", False),
    ],
)
def test_a_listed_rule_does_not_take_other_spellings_of_its_path(rule, path, is_taken):
    """R48."""
    trust = read_origin_policy({"CROSS_ORIGIN_EXEMPT_RULES": [rule]})

    assert trust.takes_rule("POST", rule_of(rule), path) is is_taken


def test_a_request_that_no_rule_took_is_on_no_list():
    """R48: a redirect to a listed path, a 404 and a 405 are nothing that was listed."""
    assert not read_origin_policy({"CROSS_ORIGIN_EXEMPT_RULES": ["/saml/acs"]}).takes_rule(
        "POST", None, "/saml/acs"
    )


@pytest.mark.parametrize("rule", ["saml/acs", "", "post /saml/acs", "POST saml", "POST  /x", "*"])
def test_what_is_no_rule_is_an_error_that_shows_one(rule):
    with pytest.raises(ValueError, match="CROSS_ORIGIN_EXEMPT_RULES") as error:
        read_origin_policy({"CROSS_ORIGIN_EXEMPT_RULES": [rule]})

    assert "'POST /saml/acs'" in str(error.value)


# Views that are marked


def test_a_view_is_exempt_only_if_it_is_marked():
    def view(): ...

    assert not is_exempt(view, "POST")
    assert not is_exempt(None, "POST")
    view.cross_origin_exempt = "no"
    assert not is_exempt(view, "POST")
    view.cross_origin_exempt = True
    assert is_exempt(view, "POST")


def test_the_decorator_gives_back_what_it_got():
    def view(): ...

    assert cross_origin_exempt(view) is view


@pytest.mark.parametrize("view", [len, "view", RequestOrigin("", "", "", "").__str__])
def test_an_object_that_cannot_be_marked_is_an_error_with_the_fix(view):
    with pytest.raises(TypeError, match="Mark the function or class"):
        cross_origin_exempt(view)


# This machine


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:5000",
        "app.localhost:5000",
        "127.0.0.1",
        "127.0.0.1:5000",
        "127.1.2.3:80",
        "[::1]",
        "[::1]:5000",
        "::1",
        "::ffff:127.0.0.1",
        "[::ffff:127.0.0.1]:80",
    ],
)
def test_names_of_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "192.168.1.7",
        "192.168.1.7:5000",
        "example.org",
        "localhost.evil.example",
        "evillocalhost",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:5000",
        "[::2]:5000",
        "::ffff:10.0.0.1",
        "2130706433",
        "0x7f.1",
        "[",
        ":",
    ],
)
def test_names_of_other_machines(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("origin", "host", "is_local"),
    [
        ("null", "localhost:5000", True),
        ("null", "127.0.0.1:5000", True),
        ("http://localhost:8000", "127.0.0.1:5000", True),
        ("https://127.0.0.1:5500", "localhost:5000", True),
        ("http://[::1]:3000", "localhost:5000", True),
        ("null", "192.168.1.7:5000", False),
        ("null", "evil.example", False),  # a foreign name that resolves to this machine
        ("http://localhost:8000", "shop.example", False),
        ("https://evil.example", "localhost:5000", False),
        ("http://localhost.evil.example", "localhost:5000", False),
        ("http://evil.example@localhost.evil.example", "localhost:5000", False),
        ("chrome-extension://localhost", "localhost:5000", False),
        ("", "localhost:5000", False),
        ("Null", "localhost:5000", False),
    ],
)
def test_while_developing_pages_of_this_machine_are_taken(origin, host, is_local):
    """R64."""
    sender = sent("cross-site", origin, host, "http")

    verdict = decide("POST", sender, NO_EXCEPTIONS, is_developing=True)

    assert verdict is (Verdict.LOCAL if is_local else Verdict.REFUSED)
    assert decide("POST", sender, NO_EXCEPTIONS) is Verdict.REFUSED


# Messages


def test_the_advice_is_a_line_that_works_when_it_is_pasted():
    """R47: each refusal is logged with the line that would allow it."""
    sender = sent("cross-site", "https://new.example")
    advice = how_to_allow(sender, PARTNER, "pay() (shop.py:7)")

    assert "@cross_origin_exempt above pay() (shop.py:7)" in advice
    origins = ["https://pay.example", "https://new.example"]  # what was there stays
    assert f"app.config['CROSS_ORIGIN_TRUSTED_ORIGINS'] = {origins}" in advice
    trust = read_origin_policy({"CROSS_ORIGIN_TRUSTED_ORIGINS": origins})
    assert decide("POST", sender, trust) is Verdict.TRUSTED


def test_the_advice_for_a_page_from_disk_is_to_open_it_by_its_address():
    """R64."""
    advice = how_to_allow(
        sent("cross-site", "null", "localhost:5000", "http"), NO_EXCEPTIONS, "x() (y:1)"
    )

    assert "http://localhost:5000/" in advice
    assert "CROSS_ORIGIN_TRUSTED_ORIGINS" not in advice
    assert "CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE" in advice


def test_without_a_matching_rule_the_hint_has_no_exemption():
    assert "No rule matches" in how_to_allow(sent("cross-site"), NO_EXCEPTIONS, None)


def test_a_long_header_is_cut_short_and_line_breaks_are_escaped():
    text = str(sent("cross-site", "https://" + "x" * 10_000, "a\r\nb"))

    assert len(text) < 500
    assert "\n" not in text
    assert "'a\\r\\nb'" in text


def test_the_error_distinguishes_a_page_from_disk_from_another_site():
    from_disk = CrossOriginRefused(sent("cross-site", "null"))
    from_site = CrossOriginRefused(sent("cross-site", "https://evil.example"))

    assert from_disk.code == from_site.code == 403
    assert "opened from disk" in from_disk.description
    assert "a page of another site" in from_site.description
    assert "evil.example" not in from_site.description
