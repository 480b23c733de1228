"""Fetches what stdin lists with urllib or requests; see exchanges_test.go for the form."""

import base64
import sys


def put(status, reason, fields, content):
    print(f"{status} {reason}")
    for name, value in fields:
        print(f"{name}: {value}")
    print()
    print(base64.b64encode(content).decode(), flush=True)


def with_urllib():
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(NoRedirect)

    def fetch(method, url, fields, body):
        request = urllib.request.Request(url, data=body, headers=fields, method=method)
        try:
            response = opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            put(response.status, response.reason, response.headers.items(), response.read())

    return fetch


def with_requests():
    import requests

    session = requests.Session()

    def fetch(method, url, fields, body):
        response = session.request(
            method, url, headers=fields, data=body, allow_redirects=False, stream=True, timeout=20
        )
        put(response.status_code, response.reason, response.raw.headers.items(), response.raw.read(decode_content=False))

    return fetch


fetch = {"urllib": with_urllib, "requests": with_requests}[sys.argv[1]]()
for line in sys.stdin:
    method, url, field, body = line.rstrip("\n").split("\t")
    name, _, value = field.partition(": ")
    fetch(method, url, {name: value} if name else {}, base64.b64decode(body) if body else None)
