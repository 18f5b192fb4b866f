"""The program for Starlette."""

from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

templates = Jinja2Templates(TEMPLATES)


async def hello(request):
    return PlainTextResponse(HELLO)


async def success(request):
    return PlainTextResponse(f"welcome {request.path_params['name']}")


async def login(request):
    values = await request.form() if request.method == "POST" else request.query_params
    return RedirectResponse(request.url_for("success", name=values["nm"]), 303)


async def json_out(request):
    return JSONResponse(document())


async def json_in_and_out(request):
    return JSONResponse(with_total(await request.json()))


async def table(request):
    return templates.TemplateResponse(request, "table.html", {"title": TITLE, "rows": ROWS})


async def city(request):
    return JSONResponse(find_city(request.path_params["number"]))


async def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return PlainTextResponse(str(request.session["count"]))


async def upload(request):
    async with request.form() as form:
        return PlainTextResponse(str(len(await form["file"].read())))


def section(number):
    async def show(request):
        return PlainTextResponse(f"section {number} item {request.path_params['item']}")

    return Route(f"/section{number}/item/{{item}}", show)


app = Starlette(
    routes=[
        Route("/hello", hello),
        Route("/success/{name}", success, name="success"),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/json", json_out),
        Route("/json", json_in_and_out, methods=["POST"]),
        Route("/table", table),
        Route("/city/{number:int}", city),
        # Only the route that wants a session pays for it.
        Route("/count", count, middleware=[Middleware(SessionMiddleware, secret_key=SECRET)]),
        Route("/upload", upload, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
        *(section(number) for number in range(SECTIONS)),
    ]
)
