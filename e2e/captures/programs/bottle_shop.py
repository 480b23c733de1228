import os
from bottle import abort, auth_basic, redirect, request, response, route, run, static_file


@route("/")
def index():
    return static_file("index.html", root=os.environ["WORK"])


@route("/api/items")
def items():
    return {"items": [{"id": 1}]}


@route("/api/items", method="POST")
def add():
    response.status = 201
    return request.json or dict(request.forms)


@route("/api/items/<number:int>")
def item(number):
    if number != 1:
        abort(404, "no such item")
    return {"id": number}


@route("/api/items/<number:int>", method="DELETE")
def delete(number):
    response.status = 204


@route("/private")
@auth_basic(lambda user, password: password == "secret")
def private():
    return "ok"


@route("/error")
def error():
    raise RuntimeError("shop is closed")


@route("/redirect")
def away():
    redirect("/api/items")


@route("/cookie")
def cookie():
    response.set_cookie("lang", "de")
    return "ok"


@route("/<name:path>")
def file(name):
    return static_file(name, root=os.environ["WORK"])


run(host="127.0.0.1", port=int(os.environ["PORT"]), quiet=True)
