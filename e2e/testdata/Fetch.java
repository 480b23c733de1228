// Fetches what stdin lists with HttpURLConnection or HttpClient; see
// exchanges_test.go for the form.
import java.io.*;
import java.net.*;
import java.net.http.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Fetch {
    static final PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split("\t", -1);
            byte[] body = Base64.getDecoder().decode(parts[3]);
            if (args[0].equals("HttpClient")) {
                fetch(client, parts[0], parts[1], parts[2], body);
            } else {
                connect(parts[0], parts[1], parts[2], body);
            }
        }
        System.exit(0);
    }

    static void fetch(HttpClient client, String method, String url, String field, byte[] body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).method(method,
            body.length > 0 ? HttpRequest.BodyPublishers.ofByteArray(body) : HttpRequest.BodyPublishers.noBody());
        if (!field.isEmpty()) {
            request.header(field.substring(0, field.indexOf(": ")), field.substring(field.indexOf(": ") + 2));
        }
        HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        out.print(response.statusCode() + " \n");
        response.headers().map().forEach((name, values) -> {
            for (String value : values) {
                if (!name.equals(":status")) {
                    out.print(name + ": " + value + "\n");
                }
            }
        });
        out.print("\n" + Base64.getEncoder().encodeToString(response.body()) + "\n");
    }

    static void connect(String method, String url, String field, byte[] body) throws Exception {
        HttpURLConnection c = (HttpURLConnection) new URL(url).openConnection();
        c.setInstanceFollowRedirects(false);
        c.setRequestMethod(method);
        if (!field.isEmpty()) {
            c.setRequestProperty(field.substring(0, field.indexOf(": ")), field.substring(field.indexOf(": ") + 2));
        }
        if (body.length > 0) {
            c.setDoOutput(true);
            c.getOutputStream().write(body);
        }
        out.print(c.getResponseCode() + " " + (c.getResponseMessage() == null ? "" : c.getResponseMessage()) + "\n");
        for (int i = 1; c.getHeaderFieldKey(i) != null; i++) {
            out.print(c.getHeaderFieldKey(i) + ": " + c.getHeaderField(i) + "\n");
        }
        InputStream content = c.getResponseCode() >= 400 ? c.getErrorStream() : c.getInputStream();
        out.print("\n" + Base64.getEncoder().encodeToString(content == null ? new byte[0] : content.readAllBytes()) + "\n");
    }
}
