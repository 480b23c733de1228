import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Prints what a URL gives, with one of the JDK's two clients as it is. */
class Get {
    public static void main(String[] args) throws Exception {
        URI uri = URI.create(args[1]);
        if (args[0].equals("HttpClient")) {
            HttpRequest request = HttpRequest.newBuilder(uri).build();
            System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
            return;
        }
        try (InputStream in = uri.toURL().openStream()) {
            in.transferTo(System.out);
        }
    }
}
