import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;

/** A shop on the JDK's own server. */
class Shop {
    static void send(HttpExchange x, int status, String kind, byte[] body) throws IOException {
        x.getRequestBody().readAllBytes();
        if (kind != null) {
            x.getResponseHeaders().set("Content-Type", kind);
        }
        boolean none = x.getRequestMethod().equals("HEAD") || status == 204 || body.length == 0;
        x.sendResponseHeaders(status, none ? -1 : body.length);
        if (!none) {
            x.getResponseBody().write(body);
        }
        x.close();
    }

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 0);
        byte[] items = "[{\"id\":1}]".getBytes(StandardCharsets.UTF_8);
        server.createContext("/api/items", x -> {
            switch (x.getRequestMethod()) {
                case "POST" -> send(x, 201, "application/json", items);
                case "DELETE" -> send(x, 204, null, items);
                case "GET", "HEAD" -> send(x, 200, "application/json", items);
                default -> send(x, 405, null, new byte[0]);
            }
        });
        server.createContext("/error", x -> { throw new IllegalStateException("shop is closed"); });
        server.createContext("/redirect", x -> {
            x.getResponseHeaders().set("Location", "/api/items");
            send(x, 302, null, new byte[0]);
        });
        HttpContext hidden = server.createContext("/private", x -> send(x, 200, "text/plain", "ok".getBytes()));
        hidden.setAuthenticator(new BasicAuthenticator("shop") {
            @Override public boolean checkCredentials(String user, String password) { return password.equals("secret"); }
        });
        Path root = Path.of(System.getenv("WORK"));
        server.createContext("/", x -> {
            Path file = root.resolve("." + (x.getRequestURI().getPath().equals("/") ? "/index.html" : x.getRequestURI().getPath())).normalize();
            if (!file.startsWith(root) || !Files.isRegularFile(file)) {
                send(x, 404, "text/html", "<h1>404 Not Found</h1>No context found for request".getBytes());
            } else {
                send(x, 200, Files.probeContentType(file), Files.readAllBytes(file));
            }
        });
        server.start();
    }
}
