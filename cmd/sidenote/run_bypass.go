package main

import (
	"fmt"
	"slices"
	"strings"

	"sidenote/cmd/sidenote/child"
	"sidenote/internal/printable"
	"sidenote/internal/wording"
)

// maxBypassLines bounds how many connections are listed.
const maxBypassLines = 10

// sayBypass names the programs that went past the proxy, and what the command
// left running.
func (r *commandRun) sayBypass(seen child.Seen) {
	if n := connectionCount(seen.Outside); n > 0 {
		r.log.Warn().Msgf("%s went past the proxy; what passed there was not looked at:", wording.Count(n, "connection"))
		r.sayConnections(seen.Outside)
	}
	if seen.More > 0 {
		r.log.Warn().Msgf("%s more were made that are not told apart", wording.Count(seen.More, "connection"))
	}
	if n := len(seen.Left); n > 0 {
		var names []string
		for _, p := range seen.Left[:min(n, maxBypassLines)] {
			names = append(names, fmt.Sprintf("%s (process %d)", printable.Text(p.Program, false), p.PID))
		}
		r.log.Warn().Msgf("still running, now without the proxy: %s", andMore(strings.Join(names, ", "), n))
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
		r.say("%s reached the proxy, and no request came over any.", wording.Count(int(connected), "connection"))
		r.say("See whether the program trusts the CA that the variables name: sidenote run --print-env.")
	case len(seen.Outside) > 0:
		r.say("The program above does not look at the variables that name the proxy.")
		r.say("%s", fixFor(seen.Outside[0].Program))
	case len(seen.Inside) > 0:
		r.say("The command went straight to servers on this machine:")
		r.sayConnections(seen.Inside)
		r.say("Go, Java and some others use no proxy for localhost and 127.0.0.1.")
		r.say("Call the server by a name below localhost, such as http://api.localhost:%d; the proxy leads it here.", seen.Inside[0].Remote.Port())
	case seen.Works:
		r.say("No connection of the command was seen, neither to the proxy nor past it. Did it send requests at all?")
	default:
		r.say("Where the command went instead cannot be seen on this system.")
	}
	r.say("The variables that are set for the command: sidenote run --print-env -- ...")
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
		return "In Node a client with an agent of its own, or with HTTP/2, goes past it: give it an agent that heeds the environment."
	case name == "java":
		return "Does it set -Dhttps.proxyHost, or a ProxySelector of its own? Leave these to the variables."
	case strings.HasPrefix(name, "python"):
		return "In Python aiohttp wants trust_env=True; httpx and requests heed the variables unless trust_env is off."
	case slices.ContainsFunc([]string{"chrom", "firefox"}, func(s string) bool { return strings.Contains(strings.ToLower(name), s) }):
		return "Start the browser with its own setting for a proxy."
	}
	return "Does it have a setting for a proxy? Otherwise point it at a reverse listener: sidenote run --reverse 127.0.0.1:9000=https://HOST -- ..."
}
