import functools
import inspect

import pytest

from retort.errors import SetupError
from retort.views import MethodView, View, http_method_funcs


def greet(function):
    @functools.wraps(function)
    def greeting(*args, **kwargs):
        return f"Hello, {function(*args, **kwargs)}"

    return greeting


def shout(function):
    def shouting(*args, **kwargs):
        return function(*args, **kwargs).upper()

    return shouting


def test_a_view_class_answers_with_what_dispatch_request_returns(app, client):
    class Hello(View):
        def dispatch_request(self, name):
            return f"Hello, {name}"

    app.add_url_rule("/hello/<name>", view_func=Hello.as_view("hello"))

    assert client.get("/hello/Ada").text == "Hello, Ada"


def test_the_name_given_to_as_view_is_the_endpoint(app):
    class Hello(View):
        def dispatch_request(self):
            return "Hello"

    app.add_url_rule("/hello", view_func=Hello.as_view("greeting"))

    assert app.url_map._rules_by_endpoint["greeting"][0].rule == "/hello"
    assert "greeting" in app.view_functions


def test_the_view_function_has_its_class_and_metadata():
    class Hello(View):
        """Greets."""

        methods = ["GET", "POST"]
        provide_automatic_options = False

    view = Hello.as_view("hello")

    assert view.view_class is Hello
    assert view.__name__ == "hello"
    assert view.__doc__ == "Greets."
    assert view.__module__ == __name__
    assert view.methods == ["GET", "POST"]
    assert view.provide_automatic_options is False


def test_the_arguments_of_as_view_are_in_the_closure_of_the_view_by_name():
    # flask-injector reads them there.
    class Hello(View):
        def __init__(self, *args, **kwargs):
            pass

    view = Hello.as_view("hello", 1, word="text")

    values = inspect.getclosurevars(view).nonlocals
    assert values["class_args"] == (1,)
    assert values["class_kwargs"] == {"word": "text"}
    assert view.__qualname__ == "View.as_view.<locals>.view"


def test_arguments_of_as_view_are_given_to_the_class(app, client):
    class Page(View):
        def __init__(self, title, *, footer):
            self.title = title
            self.footer = footer

        def dispatch_request(self):
            return f"{self.title} {self.footer}"

    app.add_url_rule("/", view_func=Page.as_view("page", "Title", footer="end"))

    assert client.get("/").text == "Title end"


def test_each_request_gets_an_instance_of_its_own(app, client):
    class Counter(View):
        count = 0

        def dispatch_request(self):
            self.count += 1
            return str(self.count)

    app.add_url_rule("/", view_func=Counter.as_view("counter"))

    assert [client.get("/").text, client.get("/").text] == ["1", "1"]


def test_without_init_every_request_one_instance_serves_all(app, client):
    class Counter(View):
        init_every_request = False
        count = 0

        def dispatch_request(self):
            self.count += 1
            return str(self.count)

    app.add_url_rule("/", view_func=Counter.as_view("counter"))

    assert [client.get("/").text, client.get("/").text] == ["1", "2"]


def test_wrong_arguments_show_at_once_if_one_instance_serves_all():
    class Page(View):
        init_every_request = False

    with pytest.raises(TypeError):
        Page.as_view("page", "unexpected")


def test_wrong_arguments_show_with_the_first_request_otherwise(app, client):
    class Page(View):
        pass

    app.add_url_rule("/", view_func=Page.as_view("page", "unexpected"))

    with pytest.raises(TypeError):
        client.get("/")


def test_the_first_decorator_is_innermost(app, client):
    class Name(View):
        decorators = [greet, shout]

        def dispatch_request(self):
            return "Ada"

    app.add_url_rule("/", view_func=Name.as_view("name"))

    assert client.get("/").text == "HELLO, ADA"


def test_a_decorator_sees_the_name_and_module_of_the_view():
    seen = []

    def look(function):
        seen.append((function.__name__, function.__module__))
        return function

    class Name(View):
        decorators = [look]

    Name.as_view("name_of_view")

    assert seen == [("name_of_view", __name__)]


def test_a_decorated_view_keeps_its_class_and_metadata():
    class Name(View):
        """Says a name."""

        methods = {"PUT"}
        decorators = [shout]

    view = Name.as_view("name")

    assert view.view_class is Name
    assert view.__name__ == "name"
    assert view.__doc__ == "Says a name."
    assert view.methods == {"PUT"}


def test_a_decorator_may_return_an_object_that_is_called(app, client):
    class Caller:
        def __init__(self, function):
            self.function = function

        def __call__(self, **kwargs):
            return self.function(**kwargs)

    class Name(View):
        decorators = [Caller]

        def dispatch_request(self):
            return "Ada"

    app.add_url_rule("/", view_func=Name.as_view("name"))

    assert client.get("/").text == "Ada"


@pytest.mark.parametrize("decorators", [[], [greet]])
def test_a_view_class_replaced_on_the_view_function_is_the_one_used(app, client, decorators):
    class First(View):
        def dispatch_request(self):
            return "first"

    class Second(View):
        def dispatch_request(self):
            return "second"

    First.decorators = decorators
    view = First.as_view("view")
    app.add_url_rule("/", view_func=view)
    view.view_class = Second

    assert client.get("/").text.endswith("second")


def test_a_view_without_dispatch_request_is_an_error_with_the_fix(app, client):
    class Empty(View):
        pass

    app.add_url_rule("/", view_func=Empty.as_view("empty"))

    with pytest.raises(NotImplementedError, match=r"Empty has no dispatch_request\(\)"):
        client.get("/")


def test_a_view_class_answers_only_the_methods_it_names(app, client):
    class Form(View):
        methods = ["POST"]

        def dispatch_request(self):
            return "posted"

    app.add_url_rule("/", view_func=Form.as_view("form"))

    assert client.post("/").text == "posted"
    response = client.get("/")
    assert response.status_code == 405
    assert set(response.allow) == {"POST", "OPTIONS"}


def test_methods_of_the_route_win_over_those_of_the_class(app, client):
    class Form(View):
        methods = ["POST"]

        def dispatch_request(self):
            return "answered"

    app.add_url_rule("/", view_func=Form.as_view("form"), methods=["PUT"])

    assert client.put("/").text == "answered"
    assert client.post("/").status_code == 405


def test_a_view_class_can_switch_automatic_options_off(app, client):
    class Plain(View):
        provide_automatic_options = False

        def dispatch_request(self):
            return "plain"

    app.add_url_rule("/", view_func=Plain.as_view("plain"))

    response = client.options("/")
    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD"}


def test_a_view_class_can_handle_options_itself(app, client):
    class Own(View):
        methods = ["GET", "OPTIONS"]
        provide_automatic_options = False

        def dispatch_request(self):
            return "my own"

    app.add_url_rule("/", view_func=Own.as_view("own"))

    assert client.options("/").text == "my own"


def test_an_async_dispatch_request_is_awaited(app, client):
    class Later(View):
        async def dispatch_request(self):
            return "later"

    app.add_url_rule("/", view_func=Later.as_view("later"))

    assert client.get("/").text == "later"


def test_as_view_of_a_subclass_uses_the_subclass(app, client):
    class Base(View):
        def dispatch_request(self):
            return self.word()

    class Child(Base):
        def word(self):
            return "child"

    app.add_url_rule("/", view_func=Child.as_view("child"))

    assert client.get("/").text == "child"


# MethodView


def test_the_method_functions_are_those_flask_names():
    assert http_method_funcs == {
        "get",
        "post",
        "head",
        "options",
        "delete",
        "put",
        "trace",
        "patch",
    }


def test_each_method_of_a_method_view_answers_its_http_method(app, client):
    class Entry(MethodView):
        def get(self, id):
            return f"get {id}"

        def put(self, id):
            return f"put {id}"

        def delete(self, id):
            return f"delete {id}"

    app.add_url_rule("/entries/<int:id>", view_func=Entry.as_view("entry"))

    assert client.get("/entries/3").text == "get 3"
    assert client.put("/entries/3").text == "put 3"
    assert client.delete("/entries/3").text == "delete 3"


def test_a_method_that_is_not_there_is_405_and_allow_names_the_others(app, client):
    class Entry(MethodView):
        def get(self):
            return "get"

        def post(self):
            return "post"

    app.add_url_rule("/", view_func=Entry.as_view("entry"))

    response = client.patch("/")
    assert response.status_code == 405
    assert set(response.allow) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert set(client.options("/").allow) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_methods_are_collected_from_the_class():
    class Entry(MethodView):
        def get(self): ...

        def propfind(self): ...

    assert Entry.methods == {"GET"}


def test_methods_of_parents_are_added():
    class Reader(MethodView):
        def get(self): ...

    class Writer(Reader):
        def post(self): ...

    assert Reader.methods == {"GET"}
    assert Writer.methods == {"GET", "POST"}


def test_methods_of_several_parents_are_joined():
    class Reader(MethodView):
        def get(self): ...

    class Remover:
        def delete(self): ...

    class Both(Reader, Remover):
        pass

    assert Both.methods == {"GET", "DELETE"}


def test_methods_declared_by_a_parent_are_kept():
    class Cache(View):
        methods = ["PURGE"]

    class Page(Cache, MethodView):
        def get(self): ...

    assert Page.methods == {"PURGE", "GET"}


def test_methods_the_class_sets_are_not_changed(app, client):
    class Reader(MethodView):
        methods = ["GET"]

        def get(self):
            return "get"

        def post(self):
            return "post"

    assert Reader.methods == ["GET"]
    app.add_url_rule("/", view_func=Reader.as_view("reader"))
    assert client.post("/").status_code == 405


def test_methods_of_a_child_include_what_the_parent_did_not_declare():
    class Reader(MethodView):
        methods = ["GET"]

        def get(self): ...

        def post(self): ...

    class Child(Reader):
        def put(self): ...

    assert Child.methods == {"GET", "POST", "PUT"}


def test_a_method_view_without_methods_has_none():
    class Empty(MethodView):
        pass

    assert Empty.methods is None


def test_a_head_request_goes_to_get_if_there_is_no_head(app, client):
    class Page(MethodView):
        def get(self):
            return "page"

    app.add_url_rule("/", view_func=Page.as_view("page"))

    response = client.head("/")
    assert response.status_code == 200
    assert response.headers["Content-Length"] == "4"
    assert response.data == b""


def test_a_head_request_goes_to_head_if_there_is_one(app, client):
    class Page(MethodView):
        def get(self):
            return "page"

        def head(self):
            return "", 200, {"X-Answered-By": "head"}

    app.add_url_rule("/", view_func=Page.as_view("page"))

    assert client.head("/").headers["X-Answered-By"] == "head"
    assert "X-Answered-By" not in client.get("/").headers


def test_a_method_view_may_handle_options_itself(app, client):
    class Page(MethodView):
        def get(self):
            return "page"

        def options(self):
            return "mine", 200, {"Allow": "GET, HEAD, OPTIONS"}

    app.add_url_rule("/", view_func=Page.as_view("page"))

    assert client.options("/").text == "mine"


def test_a_route_with_a_method_the_class_lacks_is_an_error_with_the_fix(app, client):
    class Entry(MethodView):
        def get(self):
            return "get"

    app.add_url_rule("/", view_func=Entry.as_view("entry"), methods=["GET", "PUT"])

    with pytest.raises(SetupError, match=r"Unimplemented method 'PUT'.*def put\(self"):
        client.put("/")


def test_a_request_for_a_method_view_without_methods_is_an_error_of_the_program(app, client):
    class Empty(MethodView):
        pass

    app.add_url_rule("/", view_func=Empty.as_view("empty"))

    with pytest.raises(AssertionError, match="Empty has no method get"):
        client.get("/")


def test_methods_of_a_method_view_may_be_async(app, client):
    class Page(MethodView):
        init_every_request = False

        async def get(self):
            return "got"

        def post(self):
            return "posted"

    app.add_url_rule("/", view_func=Page.as_view("page"))

    assert client.get("/").text == "got"
    assert client.post("/").text == "posted"


def test_decorators_wrap_every_method_of_a_method_view(app, client):
    class Name(MethodView):
        decorators = [greet]

        def get(self):
            return "Ada"

        def post(self):
            return "Bob"

    app.add_url_rule("/", view_func=Name.as_view("name"))

    assert client.get("/").text == "Hello, Ada"
    assert client.post("/").text == "Hello, Bob"


def test_one_class_can_be_registered_under_two_names(app, client):
    class Page(MethodView):
        def __init__(self, title):
            self.title = title

        def get(self):
            return self.title

    app.add_url_rule("/a", view_func=Page.as_view("a", "first"))
    app.add_url_rule("/b", view_func=Page.as_view("b", "second"))

    assert client.get("/a").text == "first"
    assert client.get("/b").text == "second"


def test_keyword_arguments_of_a_subclass_reach_its_own_init_subclass():
    seen = {}

    class Tagged(MethodView):
        def __init_subclass__(cls, tag, **kwargs):
            super().__init_subclass__(**kwargs)
            seen[tag] = cls.methods

    class Page(Tagged, tag="page"):
        def get(self): ...

    assert seen == {"page": {"GET"}}
