import os
import logging
import tornado.ioloop
import tornado.web

logging.disable()


class Items(tornado.web.RequestHandler):
    def get(self):
        self.write({"items": [{"id": 1}]})

    def post(self):
        self.set_status(201)
        self.write(tornado.escape.json_decode(self.request.body))


class Item(tornado.web.RequestHandler):
    def get(self, number):
        if number != "1":
            raise tornado.web.HTTPError(404)
        self.write({"id": 1})

    def delete(self, number):
        self.set_status(204)


class Error(tornado.web.RequestHandler):
    def get(self):
        raise RuntimeError("shop is closed")


class Cookie(tornado.web.RequestHandler):
    def get(self):
        self.set_cookie("lang", "de")
        self.write("ok")


tornado.web.Application([
    ("/api/items", Items), ("/api/items/(.*)", Item), ("/error", Error), ("/cookie", Cookie),
    ("/redirect", tornado.web.RedirectHandler, {"url": "/api/items"}),
    ("/(.*)", tornado.web.StaticFileHandler, {"path": os.environ["WORK"], "default_filename": "index.html"}),
]).listen(int(os.environ["PORT"]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
