"""Flask-Mailman: mail is captured by its backend for tests."""

import pytest
from flask import render_template_string
from flask_mailman import EmailMessage, EmailMultiAlternatives, Mail


@pytest.fixture
def mail(app):
    app.config.update(MAIL_BACKEND="locmem", MAIL_DEFAULT_SENDER="shop@example.com")
    return Mail(app)


def test_a_view_sends_mail(app, mail, client):
    @app.post("/invite")
    def invite():
        text = render_template_string("Welcome, {{ name }}!", name="Ada & co")
        message = EmailMessage(
            "Welcome", text, to=["ada@example.com"], headers={"X-Kind": "invite"}
        )
        message.attach("terms.txt", "none", "text/plain")
        return str(message.send())

    assert client.post("/invite").text == "1"

    (message,) = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.from_email == "shop@example.com"
    assert message.body == "Welcome, Ada &amp; co!"
    with app.app_context():
        text = message.message().as_string()
    assert "X-Kind: invite" in text
    assert "terms.txt" in text


def test_many_go_over_one_connection(app, mail):
    with app.app_context(), mail.get_connection() as connection:
        for name in ("ada", "grace"):
            EmailMultiAlternatives(
                "Hello", "text", to=[f"{name}@example.com"], connection=connection
            ).send()

    assert [message.to for message in mail.outbox] == [["ada@example.com"], ["grace@example.com"]]


def test_a_line_break_in_the_subject_is_refused(app, mail):
    with app.app_context(), pytest.raises(ValueError, match="newlines"):
        EmailMessage("Hello\nBcc: all", "text", to=["ada@example.com"]).send()


def test_mail_can_be_written_to_files(app, tmp_path):
    app.config.update(MAIL_BACKEND="file", MAIL_FILE_PATH=str(tmp_path / "mail"))
    Mail(app)

    with app.app_context():
        EmailMessage("To a file", "text", "shop@example.com", ["ada@example.com"]).send()

    (file,) = (tmp_path / "mail").iterdir()
    assert "Subject: To a file" in file.read_text()
