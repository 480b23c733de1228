import os
from aiohttp import web

routes = web.RouteTableDef()


@routes.get("/")
async def index(request):
    return web.FileResponse(os.path.join(os.environ["WORK"], "index.html"))


@routes.get("/api/items")
async def items(request):
    return web.json_response([{"id": 1}])


@routes.post("/api/items")
async def add(request):
    data = await request.json() if request.content_type == "application/json" else await request.post()
    return web.json_response({"id": 7, "name": data["name"]}, status=201)


@routes.get("/api/items/{number}")
async def item(request):
    if request.match_info["number"] != "1":
        raise web.HTTPNotFound()
    return web.json_response({"id": 1})


@routes.delete("/api/items/{number}")
async def delete(request):
    return web.Response(status=204)


@routes.get("/error")
async def error(request):
    raise RuntimeError("shop is closed")


@routes.get("/redirect")
async def redirect(request):
    raise web.HTTPFound("/api/items")


@routes.get("/cookie")
async def cookie(request):
    r = web.Response(text="ok")
    r.set_cookie("lang", "de")
    return r


app = web.Application()
app.add_routes(routes)
app.router.add_static("/", os.environ["WORK"])
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
