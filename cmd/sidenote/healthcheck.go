package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sidenote/configs"
	"sidenote/internal/printable"
)

func newHealthcheckCommand(p *program) *cobra.Command {
	var admin string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "Check that a running sidenote is healthy",
		Long: `Check that a running sidenote is healthy. The exit code is 0 if it is, and 1 if it
isn't or doesn't answer. The container image uses this command as its HEALTHCHECK.`,
		Example: "  sidenote healthcheck --admin 127.0.0.1:8081",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.adminFromSettings(c, &admin); err != nil {
				return err
			}
			address, err := reachable(admin)
			if err != nil {
				return usageErrorf("healthcheck: --admin %q: %w", admin, err)
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			if err := p.checkHealth(ctx, address); err != nil {
				return &codedError{exitNo, fmt.Errorf("healthcheck: %w", err)}
			}
			return nil
		},
	}
	c.Flags().StringVar(&admin, "admin", configs.Default().Admin, "`ADDRESS` of the admin server, or set "+configs.Variable("admin"))
	c.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "how long to wait for the answer")
	return c
}

// adminFromSettings sets the flag for the address of the admin server from the
// environment or the configuration file.
func (p *program) adminFromSettings(c *cobra.Command, admin *string) error {
	return p.fromSettings(c, "admin", admin, func(c *configs.Config) string { return c.Admin })
}

// reachable makes an address that can be connected to from one that is
// listened on: "0.0.0.0:8081" is every address, so loopback will do.
func reachable(listen string) (string, error) {
	if listen == "off" {
		return "", fmt.Errorf("the admin server is off; give it an address with --admin")
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" || port == "0" {
		return "", fmt.Errorf("want HOST:PORT, with the port on which sidenote listens, such as 127.0.0.1:%s", cmp.Or(portOf(listen), "8081"))
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// checkHealth asks the admin server, directly whatever HTTP_PROXY says.
func (p *program) checkHealth(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return errors.New(p.noAnswer(address, err))
	}
	defer response.Body.Close()
	why, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // it is said with the status or not at all
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", address, response.Status, printable.Text(strings.TrimSpace(string(why)), false))
	}
	return nil
}

// noAnswer says that no sidenote answers on an address, and what to do.
func (p *program) noAnswer(address string, err error) string {
	return fmt.Sprintf("no sidenote answers on %s: %s; start it with: %s, or name its address with --admin", address, causeOf(err), p.self())
}

// portOf returns a text that is only a port; "" for any other.
func portOf(s string) string {
	if n, err := strconv.ParseUint(strings.TrimPrefix(s, ":"), 10, 16); err == nil && n > 0 {
		return strconv.FormatUint(n, 10)
	}
	return ""
}

// causeOf says why a request failed, without the request and the layers between.
func causeOf(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "it took too long"
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err.Error()
	}
	return err.Error()
}
