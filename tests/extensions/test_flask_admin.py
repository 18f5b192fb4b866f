"""Flask-Admin: an admin page that lists, makes, changes and deletes rows."""

import pytest
import sqlalchemy as sa
from flask_admin import Admin, AdminIndexView, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Entry(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    text = sa.Column(sa.String(80))

    def __str__(self):
        return self.text


class EntryView(ModelView):
    column_searchable_list = ["text"]
    column_filters = ["text"]
    can_export = True


class StatisticsView(BaseView):
    @expose("/")
    def index(self):
        return f"{db.session.query(Entry).count()} entries"

    @expose("/where")
    def where(self):
        return self.get_url("entry.edit_view", id=1)


class GuardedIndex(AdminIndexView):
    allowed = True

    def is_accessible(self):
        return self.allowed


@pytest.fixture
def app(app):
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db.init_app(app)
    Babel(app)  # required by Flask-Admin if Flask-Babel is installed
    admin = Admin(app, name="Guestbook", index_view=GuardedIndex())
    admin.add_view(EntryView(Entry, db.session, endpoint="entry"))
    admin.add_view(StatisticsView(endpoint="statistics"))
    with app.app_context():
        db.create_all()
        db.session.add_all([Entry(text="first entry"), Entry(text="second entry")])
        db.session.commit()
        yield app
        db.drop_all()


def test_the_index_page_has_the_menu(client):
    page = client.get("/admin/").text

    assert "Guestbook" in page
    assert 'href="/admin/entry/"' in page


def test_a_page_lists_the_rows(client):
    page = client.get("/admin/entry/").text

    assert "first entry" in page
    assert "second entry" in page
    assert "second entry" not in client.get("/admin/entry/?search=first").text


def test_rows_are_made_changed_and_deleted(client):
    assert client.post("/admin/entry/new/", data={"text": "third entry"}).status_code == 302
    assert "third entry" in client.get("/admin/entry/").text

    client.post("/admin/entry/edit/?id=3", data={"text": "changed entry"})
    page = client.get("/admin/entry/").text
    assert "changed entry" in page
    assert "Record was successfully saved." in page

    client.post("/admin/entry/delete/", data={"id": "3"})
    assert "changed entry" not in client.get("/admin/entry/").text


def test_rows_are_exported(client):
    response = client.get("/admin/entry/export/csv/")

    assert response.mimetype == "text/csv"
    assert response.text.split() == ["Text", "first", "entry", "second", "entry"]


def test_views_of_the_program_s_own_are_part_of_it(client):
    assert client.get("/admin/statistics/").text == "2 entries"
    assert client.get("/admin/statistics/where").text == "/admin/entry/edit/?id=1"


def test_its_static_files_are_served(client):
    with client.get("/admin/static/admin/css/bootstrap4/admin.css") as response:
        assert response.mimetype == "text/css"


def test_a_view_may_be_closed(client, monkeypatch):
    monkeypatch.setattr(GuardedIndex, "allowed", False)

    assert client.get("/admin/").status_code == 403
