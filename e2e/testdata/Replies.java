import java.io.*;
import java.net.*;
import java.security.MessageDigest;
import java.util.*;

// Fetches each URL of the input, straight or through the proxy that is named, and
// prints what came of it, one line each.
class Replies {
    public static void main(String[] args) throws Exception {
        System.setProperty("http.keepAlive", "false");
        Proxy proxy = Proxy.NO_PROXY;
        if (args.length > 0) {
            String[] at = args[0].split(":");
            proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(at[0], Integer.parseInt(at[1])));
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String url; (url = in.readLine()) != null; ) System.out.println(fetch(url, proxy));
    }

    static String fetch(String url, Proxy proxy) {
        try {
            HttpURLConnection c = (HttpURLConnection) new URL(url).openConnection(proxy);
            c.setInstanceFollowRedirects(false);
            c.setReadTimeout(10000);
            StringBuilder told = new StringBuilder();
            int status = c.getResponseCode();
            told.append(status).append(' ').append(c.getResponseMessage());
            for (int i = 0; c.getHeaderField(i) != null || c.getHeaderFieldKey(i) != null; i++)
                told.append('|').append(c.getHeaderFieldKey(i)).append(':').append(c.getHeaderField(i));
            MessageDigest sum = MessageDigest.getInstance("SHA-256");
            long size = 0;
            String end = "end";
            try (InputStream body = status >= 400 ? c.getErrorStream() : c.getInputStream()) {
                byte[] b = new byte[8192];
                for (int n; body != null && (n = body.read(b)) > 0; size += n) sum.update(b, 0, n);
            } catch (IOException e) {
                end = e.getClass().getSimpleName();
            }
            return told.append('|').append(size).append('|').append(HexFormat.of().formatHex(sum.digest(), 0, 8)).append('|').append(end).toString().replaceAll("[\r\n]", "?");
        } catch (Exception e) {
            return "failed " + e.getClass().getSimpleName();
        }
    }
}
