package environ

import "strings"

// A row is one variable of the table and how to compute its value. value
// returns false if the variable must stay as it is.
type row struct {
	name    string
	kind    Kind
	readBy  string
	namesCA bool // its value is the path of a PEM file
	value   func(*context) (string, bool)
}

// variable returns the row's variable with a value.
func (r *row) variable(value string) Variable {
	return Variable{Name: r.name, Value: value, Kind: r.kind, ReadBy: r.readBy, Unset: r.kind == Unsets}
}

// noProxyNames are the variables that list hosts to be asked directly.
var noProxyNames = [...]string{"NO_PROXY", "no_proxy", "no_grpc_proxy", "npm_config_noproxy"}

// table is everything that is known about such variables. Lower and upper case
// of the proxy names are both needed: curl and wget ignore HTTP_PROXY, which a
// request to a CGI program could forge, and others ignore http_proxy.
var table = []row{
	{"http_proxy", Proxy, "curl, wget, git, Python, Perl, Ruby, Go", false, proxyURL},
	{"HTTP_PROXY", Proxy, "Go, Python requests, .NET", false, proxyURL},
	{"https_proxy", Proxy, "curl, wget, git, Python, Perl, Ruby, Go", false, proxyURL},
	{"HTTPS_PROXY", Proxy, "curl, git, Go, Python requests, .NET", false, proxyURL},
	{"all_proxy", Proxy, "curl, httpx", false, proxyURL},
	{"ALL_PROXY", Proxy, "curl, httpx, .NET", false, proxyURL},
	{"ws_proxy", Proxy, "libcurl's WebSocket", false, proxyURL},
	{"wss_proxy", Proxy, "libcurl's WebSocket", false, proxyURL},
	{"grpc_proxy", Proxy, "gRPC", false, proxyURL},
	{"CGI_HTTP_PROXY", Proxy, "Ruby and others inside a CGI program", false, proxyURL},
	{"GLOBAL_AGENT_HTTP_PROXY", Proxy, "Node programs that use global-agent", false, proxyURL},
	{"npm_config_proxy", Proxy, "npm, pnpm", false, proxyURL},
	{"npm_config_https_proxy", Proxy, "npm, pnpm", false, proxyURL},
	{"npm_config_noproxy", Proxy, "npm, pnpm", false, directNPM},
	{"no_proxy", Proxy, "curl, wget, git, Python, Ruby, Go", false, direct},
	{"NO_PROXY", Proxy, "curl, git, Python, Go, .NET", false, direct},
	{"no_grpc_proxy", Proxy, "gRPC", false, direct},
	{"NODE_USE_ENV_PROXY", Proxy, "Node 22.21 and later", false, func(*context) (string, bool) { return "1", true }},
	{"NODE_OPTIONS", Appends, "Node before 22.21", false, nodeOptions},
	{"CARGO_HTTP_PROXY", Proxy, "cargo", false, proxyURL},

	{"SSL_CERT_FILE", Replaces, "Go, OpenSSL: Python, Ruby, PHP, uv, httpx", true, bundle},
	{"SSL_CERT_DIR", Unsets, "OpenSSL; curl 7 fails when it is set beside SSL_CERT_FILE", false, unset},
	{"CURL_CA_BUNDLE", Replaces, "curl", true, bundle},
	{"REQUESTS_CA_BUNDLE", Replaces, "Python requests", true, bundle},
	{"PIP_CERT", Replaces, "pip", true, bundle},
	{"HTTPLIB2_CA_CERTS", Replaces, "Python httplib2", true, bundle},
	{"GIT_SSL_CAINFO", Replaces, "git", true, bundle},
	{"WGETRC", Replaces, "GNU wget", false, file(func(s *Settings) string { return s.WgetRC })},
	{"NODE_EXTRA_CA_CERTS", Adds, "Node, Bun, Deno 2.8 and later", true, added("NODE_EXTRA_CA_CERTS")},
	{"DENO_CERT", Adds, "Deno", true, added("DENO_CERT")},
	{"npm_config_cafile", Replaces, "npm", true, bundle},
	{"YARN_HTTPS_CA_FILE_PATH", Replaces, "Yarn", true, bundle},
	{"AWS_CA_BUNDLE", Replaces, "AWS CLI and SDKs", true, bundle},
	{"CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", Replaces, "gcloud", true, bundle},
	{"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", Replaces, "gRPC", true, bundle},
	{"CARGO_HTTP_CAINFO", Replaces, "cargo", true, bundle},
	{"PERL_LWP_SSL_CA_FILE", Replaces, "Perl LWP", true, bundle},
	{"COMPOSER_CAFILE", Replaces, "Composer", true, bundle},
	{"PHP_INI_SCAN_DIR", Appends, "PHP", false, phpDir},
	{"HEX_CACERTS_PATH", Replaces, "Hex", true, bundle},
	{"NIX_SSL_CERT_FILE", Replaces, "programs built by Nix", true, bundle},
	{"BUNDLE_SSL_CA_CERT", Replaces, "Bundler", true, bundle},
	{"JAVA_TOOL_OPTIONS", Appends, "every JVM", false, javaOptions},

	{Mark, Marks, "sidenote, so that a second one uses the first", false, func(*context) (string, bool) { return "1", true }},
}

func proxyURL(c *context) (string, bool) { return c.ProxyURL, c.ProxyURL != "" }

func unset(c *context) (string, bool) { return "", c.BundleFile != "" }

func direct(c *context) (string, bool) { return strings.Join(c.noProxy.Kept, ","), true }

// directNPM leaves the metadata address out, which no package manager asks.
func directNPM(c *context) (string, bool) { return strings.Join(c.noProxy.Kept[1:], ","), true }

func bundle(c *context) (string, bool) { return c.BundleFile, c.BundleFile != "" }

func file(which func(*Settings) string) func(*context) (string, bool) {
	return func(c *context) (string, bool) {
		name := which(&c.Settings)
		return name, name != ""
	}
}

// added returns our CA alone to a variable that adds, unless the variable held
// another file before: then the bundle, which holds that one too.
func added(name string) func(*context) (string, bool) {
	return func(c *context) (string, bool) {
		if c.inherited[name] != "" && c.BundleFile != "" {
			return c.BundleFile, true
		}
		return c.CAFile, c.CAFile != ""
	}
}

func nodeOptions(c *context) (string, bool) {
	if c.NodeShim == "" {
		return "", false
	}
	return appendOption(c.inherited["NODE_OPTIONS"], "--require "+quoteOption(c.NodeShim)), true
}

// phpDir begins with a colon when nothing was inherited, which means PHP's own
// folder.
func phpDir(c *context) (string, bool) {
	return c.inherited["PHP_INI_SCAN_DIR"] + ":" + c.PHPDir, c.PHPDir != ""
}

// javaOptions leaves Java alone when there is no trust store for it, since a
// JVM that uses the proxy without it fails on every intercepted host.
func javaOptions(c *context) (string, bool) {
	host, port, ok := c.hostPort()
	if !ok || c.TrustStore == "" {
		return "", false
	}
	return appendOption(c.inherited["JAVA_TOOL_OPTIONS"], strings.Join([]string{
		"-Dhttp.proxyHost=" + host, "-Dhttp.proxyPort=" + port,
		"-Dhttps.proxyHost=" + host, "-Dhttps.proxyPort=" + port,
		"-Dhttp.nonProxyHosts=" + nonProxyHosts(c.noProxy.Kept),
		quoteOption("-Djavax.net.ssl.trustStore=" + c.TrustStore),
	}, " ")), true
}

// nonProxyHosts leaves the metadata address out where it is the only one: to a
// list that is not empty the JDK adds loopback, which would then go past the
// proxy.
func nonProxyHosts(kept []string) string {
	if len(kept) == 1 && kept[0] == metadataAddress {
		return ""
	}
	return strings.Join(kept, "|")
}

func appendOption(before, option string) string {
	if before == "" {
		return option
	}
	return before + " " + option
}

// quoteOption wraps an option that holds a space, as Node and the JVM both read it.
func quoteOption(s string) string {
	if strings.ContainsAny(s, " \t") {
		return `"` + s + `"`
	}
	return s
}
