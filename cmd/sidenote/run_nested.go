package main

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sidenote/cmd/sidenote/child"
	"sidenote/cmd/sidenote/environ"
	"sidenote/configs"
	"sidenote/internal/printable"
	"sidenote/proxy"
)

// outerProxy returns the URL of the proxy of a run that this process is a part of;
// nil when it is in none, or its proxy has gone.
func (p *program) outerProxy() *url.URL {
	mark, _ := p.lookup(environ.Mark)
	run, _ := p.lookup(runVariable)
	proxy, _ := p.lookup("http_proxy")
	u, err := url.Parse(proxy)
	if mark == "" || run == "" || err != nil || u.Host == "" {
		return nil
	}
	c, err := net.DialTimeout("tcp", u.Host, time.Second)
	if err != nil {
		return nil
	}
	c.Close()
	return u
}

// goThroughOuter has a proxy of our own send what it forwards through that of
// the run that we are a part of, so that the run sees it as it sees that of any
// other program. A next proxy that the user names is left as it is.
func (p *program) goThroughOuter(c *configs.Config, pc *proxy.Config) error {
	outer := p.outerProxy()
	if outer == nil || c.UpstreamProxy != "" {
		return nil
	}
	pc.UpstreamProxy, pc.UpstreamFor, pc.UpstreamLoopback = outer, nil, true
	bundle, _ := p.lookup("SSL_CERT_FILE") // which has its CA
	if bundle == "" || c.UpstreamCA != "" {
		return nil
	}
	var err error
	pc.UpstreamCAs, err = rootsWith(bundle, "SSL_CERT_FILE")
	return err
}

// runInside runs a command inside of another run, which has a proxy already and
// will judge. What could only be had of a proxy of its own is refused, since a
// verdict that is asked for must not go missing.
func (p *program) runInside(outer *url.URL, c *cobra.Command, command child.Command) error {
	var asked []string
	c.Flags().Visit(func(f *pflag.Flag) { asked = append(asked, "--"+f.Name) })
	if len(asked) > 0 {
		return usageErrorf("run: this is inside another run, which judges and whose proxy is used: give %s to the outer run, or unset %s to start a separate run",
			strings.Join(asked, ", "), runVariable)
	}
	log := newLog(besides{p.stderr})
	log.Info().Msgf("inside another run: %[2]s uses its proxy on http://%[1]s, and the outer run judges", outer.Host, titleOf(command.Args))
	command.Env = p.environ
	ch, err := child.Start(command)
	if err != nil {
		return cannotRun(command.Args[0], err)
	}
	if end := ch.Wait(); end.ExitCode() != exitOK {
		return &codedError{end.ExitCode(), errSaid} // by the command, if at all, and by the outer run
	}
	return nil
}

// howItEnded says how a command ended that did not end well.
func howItEnded(args []string, end child.End) string {
	name := printable.Text(path.Base(args[0]), false)
	if end.Signal != 0 {
		return fmt.Sprintf("%s was ended by signal %d (%s)", name, int(end.Signal), end.Signal)
	}
	return fmt.Sprintf("%s ended with exit code %d", name, end.Code)
}
