# Fetches each URL of the input, straight or through the proxy that is named, and
# prints what came of it, one line each.
import hashlib, http.client, sys, urllib.error, urllib.parse, urllib.request

proxy = sys.argv[2] if len(sys.argv) > 2 else ""


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *a):
        return None


def told(status, reason, fields, read):
    try:
        body = read()
    except http.client.IncompleteRead as e:
        body = b"incomplete " + e.partial
    except Exception as e:
        body = b"failed " + type(e).__name__.encode()
    print(repr((status, reason, fields, len(body), hashlib.sha256(body).hexdigest()[:16])))


def with_urllib(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": "http://" + proxy} if proxy else {}), Stay)
    try:
        r = opener.open(url, timeout=10)
    except urllib.error.HTTPError as e:
        r = e
    told(r.status, r.reason, r.headers.items(), r.read)


def with_http_client(url):
    at = urllib.parse.urlsplit(url)
    c = http.client.HTTPConnection(proxy or at.netloc, timeout=10)
    c.request("GET", url if proxy else at.path, headers={"Host": at.netloc})
    r = c.getresponse()
    told(r.status, r.reason, r.getheaders(), r.read)
    c.close()


fetch = {"urllib": with_urllib, "http.client": with_http_client}[sys.argv[1]]
for line in sys.stdin:
    try:
        fetch(line.strip())
    except urllib.error.URLError as e:
        print("failed", type(e.reason).__name__)
    except Exception as e:
        print("failed", type(e).__name__)
