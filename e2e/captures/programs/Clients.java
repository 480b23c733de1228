import java.net.*;
import java.net.http.*;
import java.nio.charset.StandardCharsets;

/** The two clients of the JDK. */
class Clients {
    public static void main(String[] args) throws Exception {
        String url = args[1];
        String[][] asked = {
            {"GET", "/api/items", null}, {"POST", "/api/items", "{\"name\":\"cup\"}"}, {"POST", "/api/items", null},
            {"GET", "/redirect", null}, {"DELETE", "/api/items/1", null}, {"GET", "/api/items/404", null},
        };
        HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
        for (String[] a : asked) {
            if (args[0].equals("http")) {
                HttpRequest.Builder b = HttpRequest.newBuilder(URI.create(url + a[1]));
                if (a[2] != null) {
                    b.header("Content-Type", "application/json");
                }
                b.method(a[0], a[2] == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(a[2]));
                client.send(b.build(), HttpResponse.BodyHandlers.ofString());
            } else {
                HttpURLConnection c = (HttpURLConnection) new URL(url + a[1]).openConnection();
                c.setRequestMethod(a[0]);
                if (a[2] != null) {
                    c.setDoOutput(true);
                    c.getOutputStream().write(a[2].getBytes(StandardCharsets.UTF_8));
                }
                c.getResponseCode();
            }
        }
    }
}
