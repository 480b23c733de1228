package main

// python is Debian's own interpreter, for which its packages are.
const python = "/usr/bin/python3"

// servers are the servers, each as it comes, with a small shop where it is a
// framework.
func servers() []program {
	ofPython := func(name, module, file string) program {
		return program{name: name, needs: []string{python}, try: python + " -c 'import " + module + "'", start: python + ` "$PROGRAMS"/` + file}
	}
	ofNode := func(name string) program {
		return program{name: name, needs: []string{"node"}, try: `cd "$PROGRAMS" && test -d node_modules`, start: `node "$PROGRAMS"/` + name + ".mjs"}
	}
	ofGo := func(name string) program {
		return program{name: name, needs: []string{"go"}, start: `go run -C "$PROGRAMS"/go . ` + name}
	}
	return []program{
		ofPython("fastapi", "fastapi, uvicorn", "fastapi_shop.py"),
		ofPython("aiohttp", "aiohttp", "aiohttp_shop.py"),
		ofPython("tornado", "tornado", "tornado_shop.py"),
		ofPython("cherrypy", "cherrypy", "cherrypy_shop.py"),
		ofPython("bottle", "bottle", "bottle_shop.py"),
		ofPython("waitress", "waitress, flask", "waitress_shop.py"),
		{name: "gunicorn", needs: []string{"gunicorn"}, try: python + " -c 'import flask'", start: `gunicorn --chdir "$PROGRAMS" -b 127.0.0.1:$PORT flask_shop:app`},
		{name: "twisted", needs: []string{python}, try: python + " -c 'import twisted'", start: python + ` -m twisted web --listen tcp:$PORT:interface=127.0.0.1 --path "$WORK"`},
		{name: "webrick", needs: []string{"ruby"}, try: "ruby -rwebrick -e ''", start: `ruby "$PROGRAMS"/webrick_shop.rb`},
		{name: "puma", needs: []string{"puma"}, start: `puma -q -b tcp://127.0.0.1:$PORT "$PROGRAMS"/shop.ru`},
		{name: "thin", needs: []string{"thin"}, start: `thin -q -a 127.0.0.1 -p $PORT -R "$PROGRAMS"/shop.ru start`},
		{name: "unicorn", needs: []string{"unicorn"}, start: `unicorn -l 127.0.0.1:$PORT "$PROGRAMS"/shop.ru`},
		{name: "php", needs: []string{"php"}, start: `php -S 127.0.0.1:$PORT -t "$WORK" "$PROGRAMS"/shop.php`},
		{name: "java-httpserver", needs: []string{"java"}, start: `java "$PROGRAMS"/Shop.java $PORT`},
		{name: "busybox-httpd", needs: []string{"busybox"}, try: "busybox --list | grep -qx httpd", start: `busybox httpd -f -p 127.0.0.1:$PORT -h "$WORK"`},
		{name: "webfs", needs: []string{"webfsd"}, start: `webfsd -F -p $PORT -i 127.0.0.1 -r "$WORK" -f index.html`},
		{name: "mini-httpd", needs: []string{"mini_httpd"}, start: `mini_httpd -D -h 127.0.0.1 -p $PORT -d "$WORK"`},
		{name: "starman", needs: []string{"starman"}, start: `starman --listen 127.0.0.1:$PORT --workers 1 --disable-keepalive "$PROGRAMS"/shop.psgi`},
		{name: "mojolicious", needs: []string{"perl"}, try: "perl -MMojolicious::Lite -e1", start: `perl "$PROGRAMS"/mojo_shop.pl daemon -l http://127.0.0.1:$PORT`},
		{name: "yaws", needs: []string{"yaws"}, start: `bash -c 'printf "logdir = %s\ntrace = false\n<server localhost>\nport = %s\nlisten = 127.0.0.1\ndocroot = %s\n</server>\n" "$WORK" "$PORT" "$WORK" > "$WORK/yaws.conf"; exec yaws -c "$WORK/yaws.conf" -i --id shop < <(sleep 600)'`},
		{name: "nghttpd", needs: []string{"nghttpd"}, start: `nghttpd --no-tls -a 127.0.0.1 -d "$WORK" $PORT`, prior: true},
		ofNode("node-http"), ofNode("polka"), ofNode("restify"), ofNode("hono"),
		ofGo("nethttp"), ofGo("gin"), ofGo("echo"), ofGo("chi"), ofGo("fiber"),
	}
}
