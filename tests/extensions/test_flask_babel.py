"""Flask-Babel: the page speaks the browser's language."""

from datetime import datetime
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import render_template_string, request
from flask_babel import (
    Babel,
    force_locale,
    format_currency,
    format_datetime,
    get_locale,
    gettext,
    lazy_gettext,
    ngettext,
    refresh,
)


def compiled(language, **messages):
    catalog = Catalog(locale=language)
    for message, translation in messages.items():
        catalog.add(message, translation)
    catalog.add(("%(num)d entry", "%(num)d entries"), ("%(num)d Eintrag", "%(num)d Einträge"))
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


@pytest.fixture
def app(app, tmp_path):
    folder = tmp_path / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.mo").write_bytes(compiled("de", Welcome="Willkommen"))
    Babel(
        app,
        locale_selector=lambda: request.accept_languages.best_match(["de", "en"]),
        timezone_selector=lambda: request.args.get("zone"),
    )
    late = lazy_gettext("Welcome")

    @app.get("/")
    def index():
        return f"{gettext('Welcome')} {late} {ngettext('%(num)d entry', '%(num)d entries', 2)}"

    @app.get("/template")
    def template():
        app.jinja_env.add_extension("jinja2.ext.i18n")
        return render_template_string("{{ _('Welcome') }} {% trans %}Welcome{% endtrans %}")

    @app.get("/formats")
    def formats():
        moment = datetime(2024, 5, 17, 12, 30)
        return [format_datetime(moment, "short"), format_currency(1234.5, "EUR"), str(get_locale())]

    @app.get("/forced")
    def forced():
        with force_locale("de"):
            inside = gettext("Welcome")
        refresh()
        return f"{inside} {gettext('Welcome')}"

    return app


GERMAN = {"Accept-Language": "de"}


def test_messages_are_translated(client):
    assert client.get("/").text == "Welcome Welcome 2 entries"
    assert client.get("/", headers=GERMAN).text == "Willkommen Willkommen 2 Einträge"


def test_templates_are_translated(client):
    assert client.get("/template", headers=GERMAN).text == "Willkommen Willkommen"


def test_dates_and_money_are_written_as_there(client):
    moment, money, locale = client.get("/formats?zone=Europe/Vienna", headers=GERMAN).json

    assert moment == "17.05.24, 14:30"
    assert money == "1.234,50\xa0€"
    assert locale == "de"
    assert client.get("/formats").json[2] == "en"


def test_a_language_can_be_forced(client):
    assert client.get("/forced").text == "Willkommen Welcome"
