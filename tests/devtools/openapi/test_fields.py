"""Fields that views read, beyond those of the labelled programs."""

import contextlib
import json

from retort import request

NAME = "constant"


def body(found, media_type="application/x-www-form-urlencoded"):
    return found["requestBody"]["content"][media_type]["schema"]


def query(found):
    return {one["name"]: one for one in found.get("parameters", ()) if one["in"] == "query"}


def test_types_and_defaults_of_parameters(app, operation):
    @app.get("/")
    def index():
        args = request.args
        args.get("a", 1, type=int)
        args.get("b", 1.5, float)
        args.get("c", "x")
        args.get("d", 3)  # without a type, a text arrives
        args.get("e", type=lambda text: text)
        int(args.get("f", "7"))
        args.get("g", -1, type=int)
        args.get("h", None)
        return ""

    found = {name: one["schema"] for name, one in query(operation()).items()}

    assert found == {
        "a": {"type": "integer", "default": 1},
        "b": {"type": "number", "default": 1.5},
        "c": {"type": "string", "default": "x"},
        "d": {"type": "string"},
        "e": {"type": "string"},
        "f": {"type": "integer", "default": 7},
        "g": {"type": "integer", "default": -1},
        "h": {"type": "string"},
    }


def test_all_that_is_read_is_marked(app, operation):
    @app.post("/")
    def index():
        return request.args["a"] + request.form["b"]

    found = operation(method="post")

    assert query(found)["a"]["x-inferred"]
    assert found["requestBody"]["x-inferred"]
    assert body(found)["x-inferred"]
    assert found["responses"]["400"]["x-inferred"]


def test_a_field_is_required_only_if_each_way_reads_it(app, operation):
    @app.post("/")
    def index():
        form = request.form
        always = form["always"]
        if always:
            form["in_a_branch"]
        for _ in always:
            form["in_a_loop"]
        try:
            form["in_a_try"]
        except KeyError:
            pass
        with contextlib.suppress(KeyError):
            form["suppressed"]
        form["in_a_test"] if always else None
        always and form["behind_and"]
        [form["in_a_list"] for _ in always]
        with app.app_context():
            form["in_a_with"]
        if always == "early":
            return "done"
        form["after_a_return"]
        return ""

    assert body(operation(method="post"))["required"] == ["always", "in_a_with"]
    assert len(body(operation(method="post"))["properties"]) == 10


def test_a_check_that_ends_in_an_error_keeps_fields_required(app, operation):
    @app.post("/")
    def index():
        if request.form["a"] == "":
            return "no", 400
        if request.form["b"] == "":
            raise ValueError
        return request.form["c"]

    assert body(operation(method="post"))["required"] == ["a", "b", "c"]


def test_the_method_decides_which_fields_are_read(app, operation):
    @app.route("/", methods=["GET", "POST", "PUT"])
    def index():
        if request.method in ("POST", "PUT"):
            request.form["both"]
            if request.method == "PUT":
                request.form["put"]
        else:
            request.args["get"]
        return ""

    assert body(operation(method="post"))["required"] == ["both"]
    assert body(operation(method="put"))["required"] == ["both", "put"]
    assert query(operation()).keys() == {"get"}
    assert "requestBody" not in operation()


def test_a_form_that_get_reads_is_left_out(app, operation):
    @app.get("/")
    def index():
        return request.form.get("a", "")

    assert "requestBody" not in operation()


def test_names_that_are_constants_are_known(app, operation):
    @app.post("/")
    def index():
        return request.form[NAME]

    assert list(body(operation(method="post"))["properties"]) == ["constant"]


def test_the_source_of_a_lambda_is_not_read(app, operation):
    app.add_url_rule("/", "index", lambda: request.form["a"], methods=["POST"])

    assert "requestBody" not in operation(method="post")


def test_each_unknown_use_opens_the_form(app, operation):
    @app.post("/key")
    def key():
        return request.form[request.path]

    @app.post("/items")
    def items():
        return dict(request.form.items())

    @app.post("/passed")
    def passed():
        return json.dumps(request.form)

    @app.post("/spread")
    def spread():
        return {**request.form}

    @app.post("/iterated")
    def iterated():
        return [name for name in request.form]

    @app.post("/returned")
    def returned():
        return request.form

    for path in ("/key", "/items", "/passed", "/spread", "/iterated", "/returned"):
        schema = body(operation(path, "post"))
        assert schema["additionalProperties"] is True, path
        assert "properties" not in schema


def test_a_form_of_which_all_names_are_known_is_not_open(app, operation):
    @app.post("/")
    def index():
        if not request.form or len(request.form) > 3:
            return "", 400
        return request.form["a"]

    assert "additionalProperties" not in body(operation(method="post"))


def test_the_whole_request_in_other_hands_opens_the_body(app, operation):
    @app.post("/")
    def index():
        return json.dumps(request)

    content = operation(method="post")["requestBody"]["content"]
    assert content == {"*/*": {"schema": {"additionalProperties": True, "x-inferred": True}}}


def test_raw_content_may_be_anything(app, operation):
    @app.post("/")
    def index():
        return request.get_data()

    assert list(operation(method="post")["requestBody"]["content"]) == ["*/*"]


def test_json_may_be_nested_and_have_arrays(app, operation):
    @app.post("/")
    def index():
        data = request.get_json()
        street = data["address"]["street"]
        for line in data["lines"]:
            print(line["sku"], line.get("amount", 1), street)
        return data["tags"][0]

    schema = body(operation(method="post"), "application/json")

    assert schema["required"] == ["address", "lines", "tags"]
    assert schema["properties"]["address"]["properties"] == {"street": {}}
    items = schema["properties"]["lines"]["items"]
    assert items["properties"] == {"sku": {}, "amount": {"default": 1}}


def test_an_array_of_objects(app, operation):
    @app.post("/")
    def index():
        return [point["x"] for point in request.json]

    schema = body(operation(method="post"), "application/json")
    assert schema["type"] == "array"
    assert schema["items"]["properties"] == {"x": {}}


def test_a_name_with_another_value_is_not_followed(app, operation):
    @app.post("/")
    def index():
        data = request.get_json()
        data = json.dumps(data)
        return data["not_of_the_request"]

    schema = body(operation(method="post"), "application/json")
    assert schema == {"additionalProperties": True, "x-inferred": True}


def test_writing_to_a_copy_reads_nothing(app, operation):
    @app.post("/")
    def index():
        data = request.get_json()
        data["added"] = 1
        del data["removed"]
        return data["read"]

    schema = body(operation(method="post"), "application/json")
    assert list(schema["properties"]) == ["read"]


def test_header_fields_with_places_of_their_own_are_no_parameters(app, operation):
    @app.get("/")
    def index():
        for name in ("Authorization", "Content-Type", "Accept", "X-Own"):
            request.headers.get(name)
        return ""

    assert [one["name"] for one in operation()["parameters"]] == ["X-Own"]


def test_helpers_that_call_each_other_are_read_once(app, operation):
    def first(depth):
        request.args.get("first")
        return second(depth)

    def second(depth):
        request.args.get("second")
        return first(depth - 1) if depth else None

    @app.get("/")
    def index():
        first(3)
        return ""

    assert query(operation()).keys() == {"first", "second"}


def test_functions_inside_of_a_view_are_read(app, operation):
    @app.get("/")
    def index():
        def limit():
            return request.args.get("limit")

        return limit() or ""

    assert query(operation()).keys() == {"limit"}


def test_a_view_without_source_is_documented_by_its_route(app, operation):
    names = {"request": request}
    exec("def view():\n    return request.args['a']\n", names)
    app.add_url_rule("/", "index", names["view"])

    assert operation() == {"operationId": "index", "responses": {"200": {"description": "OK"}}}


def test_fields_of_files_and_forms_are_one_multipart_body(app, operation):
    @app.post("/")
    def index():
        request.files["file"].save(request.form["name"])
        return ""

    schema = body(operation(method="post"), "multipart/form-data")
    assert schema["properties"]["file"] == {
        "type": "string",
        "format": "binary",
        "contentMediaType": "application/octet-stream",
    }
    assert schema["required"] == ["file", "name"]
