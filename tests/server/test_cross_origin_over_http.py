"""Cross-origin protection, cookies, headers and redirects on `retort run`, over real sockets."""

import http.client
import re
import ssl
from pathlib import Path

import pytest

SHOP = """
    import retort
    from retort import cross_origin_exempt, redirect, request, session

    app = retort.Retort(__name__)
    app.config.update(
        SECRET_KEY="test key",
        CROSS_ORIGIN_TRUSTED_ORIGINS=["https://pay.example"],
        CROSS_ORIGIN_EXEMPT_RULES=["POST /saml/acs"],
    )
    orders = []

    @app.route("/orders", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def all_orders():
        if request.is_safe:
            return {"orders": orders}
        orders.append(request.form.get("what"))
        return redirect("/orders")

    @app.post("/paid")
    @cross_origin_exempt
    def paid():
        return "thank you"

    @app.post("/saml/acs")
    def acs():
        return "in"

    @app.get("/login")
    def login():
        session["user"] = "Ada"
        return "hello"

    @app.get("/go")
    def go():
        return redirect(request.args["next"])

    @app.get("/framed")
    def framed():
        return "hello", {"X-Frame-Options": "DENY"}

    @app.get("/cookie")
    def cookie():
        response = retort.Response("x")
        response.set_cookie(request.args["name"], request.args["value"])
        return response
"""

RUN = ["-m", "retort", "run", "--port", "0", "{file}"]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def shop(start):
    return start(SHOP, words=RUN)


@pytest.fixture
def debug_shop(start):
    return start(SHOP, words=[*RUN[:-1], "--debug", "--no-reload", "{file}"])


def order(site, method="POST", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.ask(method, "/orders", "what=tea", {**FORM, **headers})


def test_each_origin_gets_the_decision_in_the_table(shop):
    """R47, R49, R50, R51: in production, with the headers as browsers send them."""
    here = f"http://127.0.0.1:{shop.port}"
    for status, headers in [
        (303, {}),
        (303, {"Sec_Fetch_Site": "same-origin", "Origin": here}),
        (303, {"Sec_Fetch_Site": "none"}),
        (303, {"Origin": here}),
        (303, {"Sec_Fetch_Site": "cross-site", "Origin": "https://pay.example"}),
        (303, {"Host": "192.168.1.7:5000", "Origin": "http://192.168.1.7:5000"}),
        (403, {"Host": "192.168.1.7:5000", "Origin": "http://192.168.1.8:5000"}),
        (403, {"Host": "192.168.1.7:5000", "Origin": "null"}),
        (403, {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"}),
        (403, {"Sec_Fetch_Site": "same-site", "Origin": "http://127.0.0.1:8000"}),
        (403, {"Sec_Fetch_Site": "cross-site", "Origin": "null"}),
        (403, {"Sec_Fetch_Site": "cross-site"}),
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": "https://pay.example.evil.example"}),
    ]:
        assert order(shop, **headers).status == status, headers

    assert shop.get("/orders").text == '{"orders":["tea","tea","tea","tea","tea","tea"]}\n'


def test_no_unsafe_method_gets_through_and_reading_does(shop):
    """R47."""
    evil = {"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert order(shop, method, **evil).status == 403
    for method in ("GET", "HEAD", "OPTIONS"):
        assert shop.ask(method, "/orders", headers={"Sec-Fetch-Site": "cross-site"}).status == 200
    assert shop.get("/orders").text == '{"orders":[]}\n'


def test_two_origin_headers_are_no_trusted_one(shop):
    """R47: whichever of the two the server would show."""
    request = (
        b"POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n"
        b"Sec-Fetch-Site: cross-site\r\nOrigin: https://pay.example\r\n"
        b"Origin: https://evil.example\r\n\r\n"
    )
    assert shop.send(request).startswith(b"HTTP/1.1 403 ")


def test_the_log_of_the_server_has_the_line_that_would_allow_it(shop):
    """R47."""
    order(shop, Sec_Fetch_Site="cross-site", Origin="https://new.example")

    found = shop.wait_for_output(r"WARNING in \w+: (Refused POST '/orders'.*)")
    assert "Sec-Fetch-Site 'cross-site', Origin 'https://new.example', Host '127.0.0.1:" in found[1]
    assert (
        "app.config['CROSS_ORIGIN_TRUSTED_ORIGINS'] = ['https://pay.example', 'https://new.example']"
        in found[1]
    )
    assert re.search(r"@cross_origin_exempt above all_orders\(\) \(program\.py:\d+\)", found[1])


def test_exempt_views_and_rules_take_it_and_spellings_around_them_do_not(shop):
    """R47, R48."""
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for status, path in [
        (200, "/paid"),
        (200, "/saml/acs"),
        (403, "/paid/"),
        (403, "//saml/acs"),
        (403, "/saml//acs"),
        (403, "/saml/acs/"),
        (403, "/orders/../saml/acs"),
        (403, "/saml/acs/../../orders"),
        (403, "/saml/./acs"),
        (403, "/missing"),
    ]:
        assert shop.ask("POST", path, "", evil).status == status, path


def test_a_page_from_disk_gets_the_reason_in_production(shop):
    """R64."""
    answer = order(shop, Sec_Fetch_Site="cross-site", Origin="null")

    assert answer.status == 403
    assert "opened from disk" in answer.text
    assert "CROSS_ORIGIN" not in answer.text
    shop.wait_for_output(r"Was the page opened from disk\?")


def test_a_page_from_disk_or_of_another_port_works_in_debug_mode_with_a_warning(debug_shop):
    """R64."""
    local = f"http://localhost:{debug_shop.port}"
    for origin in ("null", "http://localhost:8000", "http://127.0.0.1:5500"):
        for host in (f"127.0.0.1:{debug_shop.port}", f"localhost:{debug_shop.port}"):
            answer = order(debug_shop, Sec_Fetch_Site="cross-site", Origin=origin, Host=host)
            assert answer.status == 303, (origin, host)
    debug_shop.wait_for(lambda: debug_shop.output.count("In production the response is 403") == 6)

    for headers, status in (
        ({"Sec_Fetch_Site": "cross-site", "Origin": "https://evil.example"}, 403),
        # Hosts that development mode does not answer at all:
        ({"Sec_Fetch_Site": "cross-site", "Origin": "null", "Host": "evil.example"}, 400),
        ({"Sec_Fetch_Site": "cross-site", "Origin": local, "Host": "192.168.1.7"}, 400),
    ):
        assert order(debug_shop, **headers).status == status, headers


def test_the_session_cookie_and_the_headers_of_retort(shop):
    """R52."""
    answer = shop.get("/login")

    assert re.fullmatch(
        r"session=[^;]+; HttpOnly; Path=/; SameSite=Lax", answer.headers["Set-Cookie"]
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'self'"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["Strict-Transport-Security"] is None
    framed = shop.get("/framed")
    assert framed.headers.get_all("X-Frame-Options") == ["DENY"]
    assert framed.headers["Content-Security-Policy"] is None


def test_a_line_break_in_a_location_never_reaches_the_wire(shop):
    """R29."""
    answer = shop.get("/go?next=/a%0d%0aX-Injected:%201%0d%0a%0d%0a<script>")

    assert answer.status == 400
    assert answer.headers["Location"] is None
    assert answer.headers["X-Injected"] is None
    assert shop.get("/go?next=/a%00%20%c3%a9").headers["Location"] == "/a%00%20%C3%A9"


def test_a_cookie_injects_no_header_and_no_attribute(shop):
    """R53: names are refused, values escaped."""
    assert shop.get("/cookie?name=a%0d%0aX-Injected:1&value=x").status == 500
    assert shop.get("/cookie?name=a%3b%20Secure&value=x").status == 500
    answer = shop.get("/cookie?name=a&value=x%0d%0aX-Injected:%201%3b%20Secure")
    assert answer.headers["X-Injected"] is None
    assert answer.headers["Set-Cookie"] == r'a="x\015\012X-Injected: 1\073 Secure"; Path=/'


def test_a_cookie_that_is_too_large_is_an_error_in_the_log(shop):
    """R54."""
    assert shop.get(f"/cookie?name=a&value={'x' * 5000}").status == 500
    shop.wait_for_output(r"ValueError: The cookie 'a' has 5001 bytes")


def test_over_tls_the_session_is_secure(start):
    """R52."""
    pem = str(Path(__file__).with_name("localhost.pem"))
    site = start(SHOP, words=[*RUN[:-1], "--cert", pem, "--key", pem, "{file}"])

    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", site.port, timeout=60, context=context)
    connection.request("GET", "/login", headers={"Host": "shop.example"})
    response = connection.getresponse()
    response.read()
    connection.close()

    assert "; Secure; " in response.headers["Set-Cookie"]
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
