import os
from flask import Flask, abort, jsonify, make_response, redirect, request, send_from_directory

app = Flask(__name__, static_folder=None)


@app.route("/api/items", methods=["GET", "POST"])
def items():
    if request.method == "GET":
        return jsonify([{"id": 1}])
    data = request.get_json() if request.is_json else request.form
    return jsonify(id=7, name=data["name"]), 201


@app.route("/api/items/<int:number>", methods=["GET", "PUT", "DELETE"])
def item(number):
    if number != 1:
        abort(404)
    return ("", 204) if request.method == "DELETE" else jsonify(id=number)


@app.route("/private")
def private():
    if not request.authorization:
        return "no", 401, {"WWW-Authenticate": 'Basic realm="shop"'}
    return "ok"


@app.route("/error")
def error():
    raise RuntimeError("shop is closed")


@app.route("/redirect")
def away():
    return redirect("/api/items")


@app.route("/cookie")
def cookie():
    r = make_response("ok")
    r.set_cookie("lang", "de")
    return r


@app.route("/", defaults={"name": "index.html"})
@app.route("/<path:name>")
def file(name):
    return send_from_directory(os.environ["WORK"], name)
