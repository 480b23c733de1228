import os
import cherrypy


class Items:
    exposed = True

    @cherrypy.tools.json_out()
    def GET(self, number=None):
        if number not in (None, "1"):
            raise cherrypy.HTTPError(404, "no such item")
        return [{"id": 1}]

    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def POST(self):
        cherrypy.response.status = 201
        return cherrypy.request.json

    def DELETE(self, number):
        cherrypy.response.status = 204


class Shop:
    @cherrypy.expose
    def error(self):
        raise RuntimeError("shop is closed")

    @cherrypy.expose
    def redirect(self):
        raise cherrypy.HTTPRedirect("/api/items")

    @cherrypy.expose
    def cookie(self):
        cherrypy.response.cookie["lang"] = "de"
        return "ok"


cherrypy.config.update({
    "server.socket_host": "127.0.0.1", "server.socket_port": int(os.environ["PORT"]), "log.screen": False, "environment": "production",
})
cherrypy.tree.mount(Items(), "/api/items", {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}})
cherrypy.quickstart(Shop(), "/", {"/": {"tools.staticdir.on": True, "tools.staticdir.dir": os.environ["WORK"], "tools.staticdir.index": "index.html"}})
