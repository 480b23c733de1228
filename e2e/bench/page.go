package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"sidenote/e2e/scale"
)

// What the inspector's page is measured with.
const (
	pageExchanges  = 200_000
	pageStoreBytes = 256 << 20
	allStoreBytes  = 2 << 30 // room for all of them
)

// comparePage prints what so many exchanges cost the inspector, its page being
// open in a browser: once with the usual room, where the oldest exchanges make
// room for others, and once with room for all.
func comparePage(sidenote, dir string, exchanges int) error {
	broken := 0
	for _, bytes := range []int64{pageStoreBytes, allStoreBytes} {
		fmt.Printf("\n%d exchanges through sidenote, the inspector's page open in Chromium, --store-bytes %dMiB\n\n", exchanges, bytes>>20)
		figures, err := measurePage(sidenote, dir, exchanges, bytes)
		for _, f := range figures {
			mark := "ok  "
			if !f.Holds() {
				mark = "FAIL"
				broken++
			}
			fmt.Println(mark, f)
		}
		if err != nil {
			return err
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d figures are not within their bounds; those with ms or frames a second hang on what else this machine does", broken)
	}
	return nil
}

// measurePage starts sidenote and measures it.
func measurePage(sidenote, dir string, exchanges int, storeBytes int64) ([]scale.Figure, error) {
	proxy, err := freeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := freeAddress()
	if err != nil {
		return nil, err
	}
	m := scale.Measurement{Exchanges: exchanges, Connections: 16, Scripts: filepath.Join("e2e", "node")}
	if m.Node, err = exec.LookPath("node"); err != nil {
		return nil, err
	}
	if m.Chromium, err = exec.LookPath("chromium"); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(m.Scripts, "node_modules")); err != nil {
		return nil, fmt.Errorf("%w; run make prepare in the top folder first", err)
	}
	ca := filepath.Join(dir, "ca")
	c := command(sidenote, "serve", "--listen", proxy, "--admin", admin, "--quiet", "--ca-dir", ca, "--store-bytes", strconv.FormatInt(storeBytes, 10))
	c.Stderr = nil // which tells where it listens
	if err := c.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	}()
	if err := waitFor(admin); err != nil {
		return nil, err
	}
	m.Subject = scale.Subject{Proxy: proxy, Admin: admin, PID: c.Process.Pid, StoreBytes: storeBytes}
	if m.Link, err = opened(sidenote, "--print", "--admin", admin, "--ca-dir", ca); err != nil {
		return nil, err
	}
	if m.Token, err = opened(sidenote, "--token", "--ca-dir", ca); err != nil {
		return nil, err
	}
	return m.Run()
}

// opened is what "sidenote open" prints.
func opened(sidenote string, args ...string) (string, error) {
	out, err := command(sidenote, append([]string{"open"}, args...)...).Output()
	return strings.TrimSpace(string(out)), err
}
