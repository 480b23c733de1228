package main

import (
	"fmt"
	"slices"
	"strings"

	"sidenote/cmd/sidenote/child"
	"sidenote/configs"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// maxBypassLines bounds how many connections are listed.
const maxBypassLines = 10

// withoutAllowed leaves out the connections that may go past the proxy.
func (r *commandRun) withoutAllowed(seen child.Seen) child.Seen {
	var peers []configs.Peer
	for _, s := range r.config.AllowBypass {
		if p, err := configs.ParsePeer(s); err == nil { // which the setting has seen to
			peers = append(peers, p)
		}
	}
	allowed := func(c child.Connection) bool {
		return slices.ContainsFunc(peers, func(p configs.Peer) bool { return p.Match(c.Remote) })
	}
	seen.Outside, seen.Inside = slices.DeleteFunc(seen.Outside, allowed), slices.DeleteFunc(seen.Inside, allowed)
	return seen
}

// bypassed says that connections went past the proxy, as a reason to fail; ""
// when none did, or when they may.
func (r *commandRun) bypassed(seen child.Seen) string {
	n := connectionCount(seen.Outside) + connectionCount(seen.Inside) + seen.More
	if n == 0 || !r.judge.policy.FailsOnBypass() {
		return ""
	}
	return "sidenote couldn't judge " + wording.Count(n, "connection") + " that bypassed the proxy; --allow-bypass ADDRESS:PORT accepts those to an address"
}

// sayBypass names the programs that went past the proxy, and what the command
// left running.
func (r *commandRun) sayBypass(seen child.Seen) {
	if n := connectionCount(seen.Outside); n > 0 {
		r.log.Warn().Msgf("%s bypassed the proxy, so sidenote didn't see what they carried:", wording.Count(n, "connection"))
		r.sayConnections(seen.Outside)
	}
	if n := connectionCount(seen.Inside); n > 0 {
		r.log.Warn().Msgf("%s to servers on this machine bypassed the proxy, so sidenote didn't see what they carried:", wording.Count(n, "connection"))
		r.sayConnections(seen.Inside)
		r.sayLocalhost(seen.Inside[0].Remote.Port())
	}
	if seen.More > 0 {
		r.log.Warn().Msgf("%s more bypassed the proxy; sidenote can't list more kinds", wording.Count(seen.More, "connection"))
	}
	if n := len(seen.Left); n > 0 {
		var names []string
		for _, p := range seen.Left[:min(n, maxBypassLines)] {
			names = append(names, fmt.Sprintf("%s (process %d)", printable.Text(p.Program, false), p.PID))
		}
		r.log.Warn().Msgf("still running, from now on without the proxy: %s", andMore(strings.Join(names, ", "), n))
	}
}

func andMore(list string, n int) string {
	if n > maxBypassLines {
		return fmt.Sprintf("%s and %d more", list, n-maxBypassLines)
	}
	return list
}

func connectionCount(all []child.Connection) (n int) {
	for _, c := range all {
		n += c.Count
	}
	return n
}

// sayConnections lists connections, a line for each kind.
func (r *commandRun) sayConnections(all []child.Connection) {
	for _, c := range all[:min(len(all), maxBypassLines)] {
		fmt.Fprintf(r.plan.out, "      %s (process %d): %s to %s\n", printable.Text(c.Program, false), c.PID, wording.Count(c.Count, "connection"), c.Remote)
	}
	if more := len(all) - maxBypassLines; more > 0 {
		fmt.Fprintf(r.plan.out, "      and %d more\n", more)
	}
}

// diagnose says why nothing may have come through the proxy, and what to do.
func (r *commandRun) diagnose(seen child.Seen) {
	connected := r.proxy.Stats().ClientsOpened
	r.log.Warn().Msg("nothing came through the proxy:")
	switch {
	case connected > 0:
		r.say("%s reached the proxy, but none carried a request.", wording.Count(int(connected), "connection"))
		r.say("Check that the program trusts the CA that the variables name: %s run --print-env.", r.program.self())
	case len(seen.Outside) > 0:
		r.say("The program above ignores the proxy variables.")
		r.say("%s", fixFor(seen.Outside[0].Program))
	case len(seen.Inside) > 0:
		r.say("The command connected directly to the servers on this machine that are listed above.")
	case seen.Works:
		r.say("The command opened no connection that sidenote could see, to the proxy or elsewhere. Did it send any requests?")
		r.say("sidenote looks 50 times a second, and can miss connections that are shorter.")
		r.sayLocalhost(r.sayBrief(seen.Brief))
	default:
		r.say("On this system, sidenote can't see where the command connected instead.")
	}
	r.say("To print the variables set for the command: %s run --print-env -- ...", r.program.self())
}

// sayBrief lists connections that may have been the command's, and returns the
// port of a server on this machine to name in an example.
func (r *commandRun) sayBrief(all []child.Connection) (port uint16) {
	port = 8080
	if len(all) == 0 {
		return port
	}
	r.say("Some connections on this machine ended too soon to see which program opened them. Perhaps it was the command:")
	for _, c := range all[:min(len(all), maxBypassLines)] {
		to := "a server on this machine that has ended"
		if c.Remote.IsValid() {
			to = c.Remote.String()
		}
		r.say("  %s to %s", wording.Count(c.Count, "connection"), to)
	}
	if more := len(all) - maxBypassLines; more > 0 {
		r.say("  and %d more", more)
	}
	if c := all[0]; c.Remote.IsValid() && c.Remote.Addr().IsLoopback() {
		port = c.Remote.Port()
	}
	return port
}

// sayLocalhost tells how requests to this machine come through the proxy.
func (r *commandRun) sayLocalhost(port uint16) {
	r.say("Go, Java and some others don't use a proxy for localhost and 127.0.0.1.")
	r.say("Use a name below localhost, such as http://api.localhost:%d; the proxy resolves it to this machine.", port)
}

// say writes a line of explanation below what was said before.
func (r *commandRun) say(format string, args ...any) {
	fmt.Fprintf(r.plan.out, "    "+format+"\n", args...)
}

// fixFor is what to do about a program that heeds no proxy variables.
func fixFor(program string) string {
	name, _, _ := strings.Cut(program, " ")
	switch name = strings.TrimRight(name, ".0123456789"); {
	case name == "node" || name == "nodejs":
		return "In Node, a client with its own agent or with HTTP/2 bypasses the proxy: give it an agent that reads the proxy variables."
	case name == "java":
		return "Does it set -Dhttps.proxyHost or its own ProxySelector? Remove these, so that the variables apply."
	case strings.HasPrefix(name, "python"):
		return "In Python, aiohttp needs trust_env=True; httpx and requests read the variables unless trust_env is off."
	case slices.ContainsFunc([]string{"chrom", "firefox"}, func(s string) bool { return strings.Contains(strings.ToLower(name), s) }):
		return "Start the browser with its own proxy setting."
	}
	return "Does it have a proxy setting? Otherwise point it at a reverse listener: sidenote run --reverse 127.0.0.1:9000=https://HOST -- ..."
}
