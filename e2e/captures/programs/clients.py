"""Each client asks for JSON, sends JSON and a form, follows a redirect, and meets a 404."""
import asyncio
import json
import os
import sys

url = os.environ["URL"]


def with_urllib():
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen
    urlopen(url + "/api/items").read()
    urlopen(Request(url + "/api/items", data=json.dumps({"name": "cup"}).encode(), headers={"Content-Type": "application/json"})).read()
    urlopen(url + "/api/items", data=b"name=cup").read()
    urlopen(url + "/redirect").read()
    urlopen(Request(url + "/api/items/1", method="DELETE")).read()
    try:
        urlopen(url + "/api/items/404")
    except HTTPError:
        pass


def with_session(s):
    s.get(url + "/api/items", params={"q": "a b"})
    s.post(url + "/api/items", json={"name": "cup"})
    s.post(url + "/api/items", data={"name": "cup"})
    s.post(url + "/api/items", files={"file": ("a.txt", b"abc")})
    s.post(url + "/api/items")
    s.get(url + "/cookie")
    s.get(url + "/redirect")
    s.delete(url + "/api/items/1")
    s.get(url + "/api/items/404")


async def with_aiohttp():
    import aiohttp
    async with aiohttp.ClientSession() as s:
        for method, path, options in (
            ("GET", "/api/items", {}), ("POST", "/api/items", {"json": {"name": "cup"}}), ("POST", "/api/items", {"data": {"name": "cup"}}),
            ("POST", "/api/items", {}), ("GET", "/redirect", {}), ("DELETE", "/api/items/1", {}), ("GET", "/api/items/404", {}),
        ):
            async with s.request(method, url + path, **options) as r:
                await r.read()


match sys.argv[1]:
    case "urllib":
        with_urllib()
    case "requests":
        import requests
        with_session(requests.Session())
    case "httpx":
        import httpx
        with_session(httpx.Client())
    case "aiohttp":
        asyncio.run(with_aiohttp())
