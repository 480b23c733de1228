package main

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/smallstep/truststore"
	"github.com/spf13/cobra"

	"sidenote/proxy/ca"
)

// A trustChange is installing the CA or taking it out again.
type trustChange struct {
	use, short, long string
	question         string // of the user, with %s for the stores
	system, nss      func(certFile string) error
	did, didNot      string // with %s for the store
}

func newCAInstallCommand(p *program, open openCAFunc) *cobra.Command {
	return newTrustCommand(p, open, trustChange{
		use: "install", short: "Make this machine trust the CA, after asking you",
		long: `Add the CA to the trust stores of this machine: the system's, and those of
Firefox and Chromium if certutil is installed. Programs that use these stores
then accept every certificate that sidenote creates, so it asks you first. It
uses sudo if necessary. Most command-line programs don't need this:
"sidenote env" is enough for them.`,
		question: "Add the CA to %s?\nAnyone who has the CA's key could then impersonate any website to you.",
		system:   func(f string) error { return truststore.InstallFile(f) },
		nss: func(f string) error {
			return truststore.InstallFile(f, truststore.WithNoSystem(), truststore.WithFirefox())
		},
		did: "added to %s", didNot: "not added to %s",
	})
}

func newCAUninstallCommand(p *program, open openCAFunc) *cobra.Command {
	return newTrustCommand(p, open, trustChange{
		use: "uninstall", short: "Remove the CA from the trust stores",
		long:     "Remove the CA from the trust stores that \"sidenote ca install\" added it to. The CA itself stays where it is.",
		question: "Remove the CA from %s?",
		system:   func(f string) error { return truststore.UninstallFile(f) },
		nss: func(f string) error {
			return truststore.UninstallFile(f, truststore.WithNoSystem(), truststore.WithFirefox())
		},
		did: "removed from %s", didNot: "not removed from %s",
	})
}

func newTrustCommand(p *program, open openCAFunc, change trustChange) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: change.use, Short: change.short, Long: change.long,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			a, err := open(c)
			if err != nil {
				return err
			}
			stores := "the system's trust store"
			_, certutil := exec.LookPath("certutil")
			if certutil == nil {
				stores += " and those of Firefox and Chromium"
			}
			if !yes {
				if err := p.consent(change, stores); err != nil {
					return err
				}
			}
			return p.changeTrust(change, a, certutil == nil)
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "don't ask for confirmation")
	return c
}

// consent asks the user; anything but yes is no.
func (p *program) consent(change trustChange, stores string) error {
	fmt.Fprintf(p.stderr, change.question+" [y/N] ", stores)
	answer, err := bufio.NewReader(p.stdin).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	if answer == "y" || answer == "yes" {
		return nil
	}
	fmt.Fprintln(p.stderr)
	if err != nil && answer == "" {
		return usageErrorf("ca %s: no answer; use --yes to skip the question", change.use)
	}
	return &codedError{exitNo, errors.New("nothing was changed")}
}

// changeTrust changes each store and says exactly what it did.
func (p *program) changeTrust(change trustChange, a *ca.Authority, nss bool) error {
	var failed error
	say := func(store string, err error) {
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf(change.didNot+": %w", store, err))
			return
		}
		fmt.Fprintf(p.stdout, "%s: %s "+change.did+"\n", a.Certificate().Subject.CommonName, a.CertFile(), store)
	}
	say("the system's trust store", change.system(a.CertFile()))
	if nss {
		say("the trust stores of Firefox and Chromium", change.nss(a.CertFile()))
	} else {
		fmt.Fprintln(p.stdout, "Firefox and Chromium have their own trust stores: install certutil (libnss3-tools) and run this again, or import the file in their settings")
	}
	if failed != nil {
		return &codedError{exitFailed, failed}
	}
	return nil
}
