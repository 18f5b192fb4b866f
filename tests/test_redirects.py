"""Redirects: which status they have if none is chosen, and where they cannot lead."""

import inspect

import pytest

import retort

UNSAFE = ["POST", "PUT", "PATCH", "DELETE"]
SAFE = ["GET", "HEAD", "QUERY", "OPTIONS"]


def app_with(app_class, **arguments):
    app = app_class("shop")

    @app.route("/", methods=[*UNSAFE, *SAFE], provide_automatic_options=False)
    def index():
        return retort.redirect("/next", **arguments)

    return app


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize(("app_class", "status"), [(retort.Flask, 302), (retort.Retort, 303)])
def test_after_an_unsafe_method_the_default_redirect_is_303(app_class, status, method):
    """R27."""
    response = app_with(app_class).test_client().open("/", method=method)

    assert response.status_code == status
    assert response.location == "/next"


@pytest.mark.parametrize("method", SAFE)
@pytest.mark.parametrize("app_class", [retort.Flask, retort.Retort])
def test_after_a_safe_method_the_default_is_302(app_class, method):
    """R27."""
    client = app_with(app_class).test_client()

    assert client.open("/", method=method, content_type="text/plain").status_code == 302


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("app_class", [retort.Flask, retort.Retort])
def test_a_status_that_is_chosen_is_the_one_sent(app_class, code):
    """R27: also an explicit 302."""
    assert app_with(app_class, code=code).test_client().post("/").status_code == code


@pytest.mark.parametrize(("app_class", "status"), [(retort.Flask, 302), (retort.Retort, 303)])
def test_the_applications_own_method_chooses_the_same(app_class, status):
    """R27."""
    app = app_class("shop")
    app.add_url_rule("/", "index", lambda: app.redirect("/next"), methods=["POST"])
    app.add_url_rule("/302", "i302", lambda: app.redirect("/next", 302), methods=["POST"])

    assert app.test_client().post("/").status_code == status
    assert app.test_client().post("/302").status_code == 302


def test_a_flask_can_switch_to_303_and_a_retort_back():
    app = app_with(retort.Flask)
    app.config["REDIRECT_AFTER_UNSAFE"] = 303
    assert app.test_client().post("/").status_code == 303
    app = app_with(retort.Retort)
    app.config["REDIRECT_AFTER_UNSAFE"] = 302
    assert app.test_client().post("/").status_code == 302


@pytest.mark.parametrize("code", [301, 307, 308, 200, "303", None])
def test_a_default_that_would_send_the_form_again_is_an_error(code):
    """R27: never 301, 307 or 308."""
    app = app_with(retort.Retort)
    app.config.update(REDIRECT_AFTER_UNSAFE=code, TESTING=True)

    with pytest.raises(ValueError, match="REDIRECT_AFTER_UNSAFE is"):
        app.test_client().post("/")
    assert app.test_client().get("/").status_code == 302


def test_outside_of_a_request_the_default_is_302():
    assert retort.redirect("/next").status_code == 302
    with retort.Retort("shop").app_context():
        assert retort.redirect("/next").status_code == 302


@pytest.mark.parametrize("function", [retort.redirect, retort.Flask.redirect])
def test_the_signature_shows_the_default_as_flask_has_it(function):
    default = inspect.signature(function).parameters["code"].default

    assert default == 302
    assert repr(default) == str(default) == f"{default}" == "302"


def test_an_override_gets_the_default_and_can_hand_it_on():
    class Shop(retort.Retort):
        def redirect(self, location, code=302):
            seen.append(code)
            return super().redirect(f"/shop{location}", code)

    seen = []
    response = app_with(Shop).test_client().post("/")

    assert seen == [302]
    assert (response.status_code, response.location) == (303, "/shop/next")


def test_reloading_after_303_does_not_send_the_form_again():
    """R65: with a counter."""
    app = retort.Retort("shop")
    sent = []

    @app.post("/")
    def send():
        sent.append(1)
        return retort.redirect("/thanks")

    app.add_url_rule("/thanks", "thanks", lambda: f"{len(sent)} sent", methods=["GET"])
    client = app.test_client()

    landed = client.post("/", follow_redirects=True)
    assert landed.request.method == "GET"
    again = client.open(landed.request.path, method=landed.request.method)  # what a reload does

    assert again.text == "1 sent"


# Line breaks: R29


@pytest.fixture(params=[retort.Flask, retort.Retort])
def app(request):
    return request.param("shop")


INJECTION = "/a%0d%0aSet-Cookie:%20stolen=1"


def lands_safely(response, status):
    assert response.status_code == status
    assert "Set-Cookie" not in response.headers
    assert "Location" not in response.headers


@pytest.mark.parametrize("text", [INJECTION, "/a%0aX:1", "/a%0dX:1", "%0d%0a%0d%0a<script>"])
def test_a_line_break_from_the_query_is_a_bad_request(app, client, text):
    """R29."""
    app.add_url_rule("/go", "go", lambda: retort.redirect(retort.request.args["next"]))

    response = client.get(f"/go?next={text}")

    lands_safely(response, 400)
    assert "line break" in response.text


def test_a_line_break_from_the_path_is_a_bad_request(app, client):
    """R29."""
    app.add_url_rule("/go/<where>", "go", lambda where: retort.redirect(f"/to/{where}"))

    lands_safely(client.get(f"/go{INJECTION}"), 400)


def test_a_line_break_from_a_form_is_a_bad_request(app, client):
    """R29."""

    @app.post("/go")
    def go():
        return app.redirect("/to/" + retort.request.form["next"].strip())

    lands_safely(client.post("/go", data={"next": " a\r\nSet-Cookie: stolen=1 "}), 400)


def test_a_line_break_from_json_is_a_bad_request(app, client):
    """R29."""

    @app.post("/go")
    def go():
        return retort.redirect(retort.request.json["to"][0]["url"])

    lands_safely(client.post("/go", json={"n": 1, "to": [{"url": "/a\r\nX: 1"}]}), 400)


def test_a_line_break_from_a_cookie_is_a_bad_request(app, client):
    """R29."""
    app.add_url_rule("/go", "go", lambda: retort.redirect(retort.request.cookies["next"]))
    client.set_cookie("next", "/a\r\nX: 1")

    lands_safely(client.get("/go"), 400)


def test_a_line_break_that_the_program_wrote_is_its_own_error(app, client):
    """R29: a 400 would blame the client for it."""
    app.add_url_rule("/go", "go", lambda: retort.redirect("/a\n"))

    lands_safely(client.get("/go?next=%2Fa%0d%0ab"), 500)
    app.testing = True
    with pytest.raises(ValueError, match="newline"):
        client.get("/go")


def test_an_error_handler_for_400_handles_it(app, client):
    """R29."""
    app.add_url_rule("/go", "go", lambda: retort.redirect(retort.request.args["next"]))
    app.register_error_handler(400, lambda error: ("ours", 400))

    assert client.get(f"/go?next={INJECTION}").text == "ours"


def test_other_control_characters_are_percent_encoded(app, client):
    """R29, R30."""
    app.add_url_rule("/go", "go", lambda: retort.redirect(retort.request.args["next"]))

    assert client.get("/go?next=/a%00b%1bc%7f").headers["Location"] == "/a%00b%1Bc%7F"


def test_a_url_that_is_built_escapes_line_breaks(app, client):
    """R29, R30: as the tutorial's program redirects."""
    app.add_url_rule("/success/<name>", "success", lambda name: name)
    app.add_url_rule(
        "/go",
        "go",
        lambda: retort.redirect(retort.url_for("success", name=retort.request.args["nm"])),
    )

    response = client.get("/go?nm=a%0d%0aX:%201%20%C3%A9")

    assert response.status_code == 302
    assert response.headers["Location"] == "/success/a%0D%0AX:%201%20%C3%A9"
