package main

// clients are the clients, each with what people do with it first.
func clients() []program {
	client := func(name, need, try, start string) program {
		return program{name: name, needs: []string{need}, try: try, start: start, client: true}
	}
	ofNode := func(name string) program {
		return client(name, "node", `test -d "$PROGRAMS"/node_modules`, `node "$PROGRAMS"/clients.mjs `+name)
	}
	ofPython := func(name string) program {
		return client(name, python, python+" -c 'import "+name+"'", python+` "$PROGRAMS"/clients.py `+name)
	}
	return []program{
		client("curl", "curl", "", `curl -sS -L "$URL/" "$URL/api/items" "$URL/redirect" && curl -sS --json '{"name":"cup"}' "$URL/api/items" && curl -sS -d name=cup "$URL/api/items" && curl -sS -F name=cup "$URL/api/items" && curl -sS -r 0-9 "$URL/a.txt" && curl -sS -X DELETE "$URL/api/items/1" && curl -sS -X POST "$URL/api/items"`),
		client("wget", "wget", "", `cd "$WORK" && wget -q "$URL/" "$URL/redirect" && wget -q --post-data name=cup "$URL/api/items" -O - && wget -q -c "$URL/a.txt" -O part; wget -q "$URL/api/items/404" -O - ; true`),
		client("wget-recursive", "wget", "", `cd "$WORK" && mkdir -p mirror && cd mirror && wget -q -r -l 1 "$URL/"; wget -q -N "$URL/a.txt"; wget -q -N "$URL/a.txt"; true`),
		client("busybox-wget", "busybox", "busybox --list | grep -qx wget", `cd "$WORK" && busybox wget -q -O - "$URL/" && busybox wget -q -O - --post-data name=cup "$URL/api/items" && busybox wget -q -O - "$URL/redirect"`),
		client("aria2", "aria2c", "", `cd "$WORK" && aria2c -q --allow-overwrite=true -x 4 -s 4 -k 1M -o b.txt "$URL/a.txt" && aria2c -q --allow-overwrite=true -o c.txt "$URL/redirect"`),
		client("lynx", "lynx", "", `lynx -dump "$URL/" && lynx -dump "$URL/redirect" && lynx -dump "$URL/cookie"`),
		client("w3m", "w3m", "", `w3m -dump "$URL/" && w3m -dump "$URL/redirect" && w3m -dump "$URL/api/items"`),
		client("nghttp", "nghttp", "", `nghttp -n "$URL/" "$URL/api/items"; nghttp -n -u "$URL/a.txt"; true`),
		client("git", "git", "", `git ls-remote "$URL/repository.git"; true`),
		client("apt", "apt-get", "", `mkdir -p "$WORK"/apt/lists/partial "$WORK"/apt/cache && echo "deb [trusted=yes] $URL/debian stable main" > "$WORK"/apt/sources.list && apt-get -q -o Dir::Etc::sourcelist="$WORK"/apt/sources.list -o Dir::Etc::sourceparts=- -o Dir::State::lists="$WORK"/apt/lists -o Dir::Cache="$WORK"/apt/cache -o Acquire::http::Proxy=false -o Acquire::Retries=0 update; true`),
		client("pip", python, python+" -m pip --version", python+` -m pip download -q --disable-pip-version-check --no-input --retries 0 --no-deps -d "$WORK" -i "$URL/simple" shop-test; true`),
		client("npm", "npm", "", `cd "$WORK" && npm view --registry "$URL/npm/" --cache "$WORK/cache" --fetch-retries 0 --no-update-notifier shop-test; true`),
		client("chromium", "chromium", "", `chromium --headless --no-sandbox --disable-gpu --user-data-dir="$WORK"/profile --dump-dom "$URL/" && chromium --headless --no-sandbox --disable-gpu --user-data-dir="$WORK"/profile --dump-dom "$URL/cookie"`),
		client("java-httpclient", "java", "", `java "$PROGRAMS"/Clients.java http "$URL"`),
		client("java-urlconnection", "java", "", `java "$PROGRAMS"/Clients.java url "$URL"`),
		client("go", "go", "", `go run -C "$PROGRAMS"/go . client "$URL"`),
		client("ruby", "ruby", "", `ruby "$PROGRAMS"/clients.rb nethttp`),
		client("faraday", "ruby", "ruby -rfaraday -e ''", `ruby "$PROGRAMS"/clients.rb faraday`),
		client("perl-lwp", "perl", "perl -MLWP::UserAgent -e1", `perl "$PROGRAMS"/clients.pl lwp`),
		client("perl-tiny", "perl", "", `perl "$PROGRAMS"/clients.pl tiny`),
		client("php-curl", "php", "php -r 'exit(function_exists(\"curl_init\") ? 0 : 1);'", `php "$PROGRAMS"/clients.php curl`),
		client("php-streams", "php", "", `php "$PROGRAMS"/clients.php streams`),
		ofPython("urllib"), ofPython("requests"), ofPython("httpx"), ofPython("aiohttp"),
		ofNode("fetch"), ofNode("node-http"), ofNode("axios"), ofNode("got"), ofNode("undici"), ofNode("superagent"),
	}
}
