package doctor

import "sidenote/cmd/sidenote/environ"

// A Probe is one way of one runtime to make an https request.
type Probe struct {
	Name     string
	Programs []string // the first that is found is used
	Version  []string // arguments with which it prints its version, and fails where it cannot make the request

	// The request: "{url}" stands for the URL, "{dir}" for a folder of its own,
	// in which it runs and where it may leave things. What the program makes of
	// the answer is of no interest.
	Args  []string
	Env   []string
	Files map[string]string

	// Sets of variables, each of which is enough by itself to have the program
	// use the proxy or trust the CA, as far as is known. The likeliest is first.
	Proxy, Trust [][]string

	FixProxy, FixTrust string // what to do when it does not

	// Deaf says that no version reads variables for a proxy, so that a request
	// past it is not a fault of the machine.
	Deaf bool
}

// The fixes that hold for many programs.
const (
	fixConfigured = "look for a proxy or an exception in its own configuration, which overrides the environment"
	fixStore      = "run sidenote ca install, or give it the CA file: sidenote ca path"
)

// one makes sets of one variable each.
func one(names ...string) [][]string {
	sets := make([][]string, len(names))
	for i, n := range names {
		sets[i] = []string{n}
	}
	return sets
}

// Probes lists every probe.
func Probes() []Probe {
	proxied := one("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	// Old versions of Node read no such variables; there a script that they are
	// told to require does it.
	node := [][]string{{"NODE_USE_ENV_PROXY", "https_proxy"}, {"NODE_OPTIONS", "http_proxy", environ.Mark}}
	const fixNode = "a program with its own agent or dispatcher bypasses the proxy: give it one that reads the proxy variables"
	return []Probe{
		{
			Name: "curl", Programs: []string{"curl"}, Version: []string{"--version"},
			Args:  []string{"-sS", "-o", "-", "{url}"},
			Proxy: proxied, Trust: one("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
			FixProxy: "look for proxy or noproxy in ~/.curlrc", FixTrust: "look for cacert or capath in ~/.curlrc, or: curl --cacert \"$(sidenote ca path)\"",
		},
		{
			Name: "wget", Programs: []string{"wget"}, Version: []string{"--version"},
			Args:  []string{"-q", "-O", "-", "--tries=1", "--no-hsts", "{url}"},
			Proxy: one("https_proxy"), Trust: one("WGETRC", "SSL_CERT_FILE"),
			FixProxy: "look for use_proxy or no_proxy in ~/.wgetrc", FixTrust: "look for ca_certificate in /etc/wgetrc, or: wget --ca-certificate=\"$(sidenote ca path)\"",
		},
		{
			Name: "git", Programs: []string{"git"}, Version: []string{"--version"},
			Args:  []string{"ls-remote", "{url}repository.git"},
			Env:   []string{"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=true"},
			Proxy: proxied, Trust: one("GIT_SSL_CAINFO", "SSL_CERT_FILE"),
			FixProxy: "a proxy in git's configuration overrides the environment: git config --show-origin --get-all http.proxy",
			FixTrust: "a CA in git's configuration may interfere: git config --show-origin --get-all http.sslCAInfo",
		},
		{
			Name: "python urllib", Programs: []string{"python3", "python"}, Version: []string{"-c", "import ssl, urllib.request, platform; print(platform.python_version())"},
			Args:  []string{"-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()", "{url}"},
			Proxy: proxied[:2], Trust: one("SSL_CERT_FILE"),
			FixProxy: fixConfigured, FixTrust: "give it the CA in the program: ssl.create_default_context(cafile=...)",
		},
		{
			Name: "python requests", Programs: []string{"python3", "python"}, Version: []string{"-c", "import requests; print(requests.__version__)"},
			Args:  []string{"-c", "import sys, requests; requests.get(sys.argv[1])", "{url}"},
			Proxy: proxied, Trust: one("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
			FixProxy: "a Session with trust_env = False bypasses the proxy", FixTrust: "give it the CA in the program: requests.get(url, verify=...)",
		},
		{
			Name: "pip", Programs: []string{"pip3", "pip"}, Version: []string{"--version"},
			Args:  []string{"--no-cache-dir", "--disable-pip-version-check", "--retries", "0", "download", "--no-deps", "--index-url", "{url}simple/", "sidenote-doctor"},
			Proxy: proxied, Trust: one("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
			FixProxy: "look for a proxy in: pip config list", FixTrust: "look for cert in: pip config list",
		},
		{
			Name: "node fetch", Programs: []string{"node"}, Version: []string{"-e", "fetch; console.log(process.versions.node)"},
			Args:  []string{"-e", "fetch(process.argv[1]).then(r => r.text())", "{url}"},
			Proxy: node, Trust: one("NODE_EXTRA_CA_CERTS"),
			FixProxy: fixNode, FixTrust: fixStore,
		},
		{
			Name: "node https", Programs: []string{"node"}, Version: []string{"-p", "process.versions.node"},
			Args:  []string{"-e", "require('https').get(process.argv[1], r => r.resume())", "{url}"},
			Proxy: node, Trust: one("NODE_EXTRA_CA_CERTS"),
			FixProxy: fixNode, FixTrust: fixStore,
		},
		{
			Name: "npm", Programs: []string{"npm"}, Version: []string{"--version"},
			Args:  []string{"ping", "--registry", "{url}", "--fetch-retries", "0"},
			Env:   []string{"npm_config_cache={dir}/cache", "npm_config_update_notifier=false", "npm_config_logs_max=0"},
			Proxy: one("npm_config_https_proxy", "https_proxy", "npm_config_proxy"), Trust: one("npm_config_cafile", "NODE_EXTRA_CA_CERTS"),
			FixProxy: "look for proxy, https-proxy and noproxy in: npm config list", FixTrust: "look for cafile and ca in: npm config list",
		},
		{
			Name: "go", Programs: []string{"go"}, Version: []string{"version"},
			// The go command asks its module proxy with net/http, as any Go program would.
			Args:  []string{"list", "-m", "-versions", "doctor.test/module"},
			Env:   []string{"GOPROXY={url}", "GOSUMDB=off", "GOFLAGS=-mod=mod -modcacherw", "GOMODCACHE={dir}/modules", "GOWORK=off", "GOTOOLCHAIN=local", "GONOPROXY=none", "GOPRIVATE="},
			Proxy: one("HTTPS_PROXY", "https_proxy"), Trust: one("SSL_CERT_FILE"),
			FixProxy: fixConfigured, FixTrust: "on macOS and Windows, Go uses only the system's trust store: sidenote ca install",
		},
		{
			Name: "java", Programs: []string{"java"}, Version: []string{"--add-modules", "jdk.compiler", "--version"},
			Args:  []string{"-XX:TieredStopAtLevel=1", "Probe.java", "{url}"},
			Files: map[string]string{"Probe.java": javaProbe},
			Proxy: one("JAVA_TOOL_OPTIONS"), Trust: one("JAVA_TOOL_OPTIONS"),
			FixProxy: fixConfigured, FixTrust: "give the JVM another trust store: -Djavax.net.ssl.trustStore=...",
		},
		{
			Name: "ruby", Programs: []string{"ruby"}, Version: []string{"-ropenssl", "-e", "puts RUBY_VERSION"},
			Args: []string{"-rnet/http", "-e", "Net::HTTP.get(URI(ARGV[0]))", "{url}"},
			// Net::HTTP looks at the variable for http whatever the scheme.
			Proxy: one("http_proxy", "https_proxy"), Trust: one("SSL_CERT_FILE"),
			FixProxy: fixConfigured, FixTrust: "give it the CA in the program: http.ca_file = ...",
		},
		{
			Name: "php curl", Programs: []string{"php"}, Version: []string{"-r", "function_exists('curl_init') || exit(1); echo PHP_VERSION;"},
			Args:  []string{"-r", "$c = curl_init($argv[1]); curl_exec($c); fwrite(STDERR, curl_error($c));", "{url}"},
			Proxy: proxied, Trust: one("PHP_INI_SCAN_DIR", "SSL_CERT_FILE"),
			FixProxy: fixConfigured, FixTrust: "set curl.cainfo in php.ini",
		},
		{
			Name: "php streams", Programs: []string{"php"}, Version: []string{"-r", "extension_loaded('openssl') || exit(1); echo PHP_VERSION;"},
			Args:  []string{"-r", "file_get_contents($argv[1]);", "{url}"},
			Proxy: proxied, Trust: one("PHP_INI_SCAN_DIR", "SSL_CERT_FILE"),
			Deaf:     true,
			FixProxy: "PHP's streams ignore the proxy variables: use the curl extension, or the proxy option of stream_context_create", FixTrust: "set openssl.cafile in php.ini",
		},
		{
			Name: "perl HTTP::Tiny", Programs: []string{"perl"}, Version: []string{"-MIO::Socket::SSL", "-MHTTP::Tiny", "-e", "printf '%vd', $^V"},
			Args:  []string{"-MHTTP::Tiny", "-e", "my $r = HTTP::Tiny->new(verify_SSL => 1)->get($ARGV[0]); print $r->{content}", "{url}"},
			Proxy: proxied, Trust: one("SSL_CERT_FILE"),
			FixProxy: fixConfigured, FixTrust: fixStore,
		},
		{
			Name: "perl LWP", Programs: []string{"perl"}, Version: []string{"-MLWP::Protocol::https", "-MLWP::UserAgent", "-e", "print $LWP::VERSION"},
			Args:  []string{"-MLWP::UserAgent", "-e", "print LWP::UserAgent->new(env_proxy => 1)->get($ARGV[0])->status_line", "{url}"},
			Proxy: proxied[:2], Trust: one("PERL_LWP_SSL_CA_FILE", "SSL_CERT_FILE"),
			FixProxy: "LWP reads the proxy variables only if asked: LWP::UserAgent->new(env_proxy => 1)", FixTrust: fixStore,
		},
		{
			Name: "deno", Programs: []string{"deno"}, Version: []string{"--version"},
			Args:  []string{"eval", "await (await fetch(Deno.args[0])).text()", "{url}"},
			Env:   []string{"DENO_DIR={dir}", "DENO_NO_UPDATE_CHECK=1"},
			Proxy: proxied, Trust: one("DENO_CERT", "NODE_EXTRA_CA_CERTS"),
			FixProxy: fixConfigured, FixTrust: fixStore,
		},
		{
			Name: "bun", Programs: []string{"bun"}, Version: []string{"--version"},
			Args:  []string{"-e", "await (await fetch(process.argv.at(-1))).text()", "{url}"},
			Proxy: proxied[:2], Trust: one("NODE_EXTRA_CA_CERTS"),
			FixProxy: fixConfigured, FixTrust: fixStore,
		},
		{
			Name: "cargo", Programs: []string{"cargo"}, Version: []string{"--version"},
			Args:  []string{"search", "--registry", "doctor", "module"},
			Env:   []string{"CARGO_HOME={dir}", "CARGO_REGISTRIES_DOCTOR_INDEX=sparse+{url}", "CARGO_NET_RETRY=0"},
			Proxy: proxied, Trust: one("CARGO_HTTP_CAINFO", "SSL_CERT_FILE"),
			FixProxy: "a proxy in cargo's or git's configuration overrides the environment", FixTrust: "look for http.cainfo in cargo's configuration",
		},
	}
}

// javaProbe is a whole program, which the java launcher compiles by itself.
const javaProbe = `import java.net.URI;

class Probe {
    public static void main(String[] args) throws Exception {
        try (var in = URI.create(args[0]).toURL().openStream()) {
            in.readAllBytes();
        }
    }
}
`
