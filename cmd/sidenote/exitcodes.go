package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes. exitTable says what each means.
const (
	exitOK     = 0
	exitNo     = 1
	exitUsage  = 2
	exitPolicy = 10
	exitLacks  = 11
	exitFailed = 125
	exitNoRun  = 126
	exitNoCMD  = 127
)

// exitFirstSignal is added to the number of the signal that ended a command.
const exitFirstSignal = 128

// An exitCode says what an exit code means.
type exitCode struct {
	Code     int
	Meaning  string
	commands []string // that can end with it; none for all
}

// exitTable lists the exit codes. It is the place to add one: help, the manual
// pages and a test of every command are made of it.
func exitTable() []exitCode {
	judging := []string{"run", "check", "lint", "policy test", "doctor", "diff"}
	return []exitCode{
		{exitOK, "All is well; for a command that judges, the policy passed.", nil},
		{exitNo, "sidenote isn't healthy, or you answered no.", []string{"healthcheck", "ca install", "ca uninstall"}},
		{exitUsage, "The command line, the configuration or an input is wrong.", nil},
		{exitPolicy, "The policy failed; for doctor, a program can't be observed; for diff, something changed that --fail-on names.", judging},
		{exitLacks, "Nothing was there to judge, or fewer exchanges than --min-exchanges.", []string{"run", "lint", "policy test", "diff"}},
		{exitFailed, "sidenote itself failed, for example because a port is taken or a disk is full.", nil},
		{exitNoRun, "The command can't be run.", []string{"run"}},
		{exitNoCMD, "The command doesn't exist.", []string{"run"}},
		{exitFirstSignal, "A signal ended the command: 128 plus the number of the signal.", []string{"run"}},
	}
}

// of reports whether a command can end with the code; the root stands for all.
func (e *exitCode) of(c *cobra.Command) bool {
	_, name, below := strings.Cut(c.CommandPath(), " ")
	return !below || len(e.commands) == 0 || slices.Contains(e.commands, name)
}

// shown is the code as people read it.
func (e *exitCode) shown() string {
	if e.Code == exitFirstSignal {
		return strconv.Itoa(e.Code) + "+N"
	}
	return strconv.Itoa(e.Code)
}

// exitTopic is the name under which help explains the exit codes.
const exitTopic = "exit-codes"

// exitHelp is what help says of the exit codes.
func exitHelp() string {
	var b strings.Builder
	b.WriteString("What the exit codes of sidenote mean. \"sidenote run\" ends with the code of its\ncommand, if that is not 0.\n\n")
	for _, e := range exitTable() {
		of := "all commands"
		if len(e.commands) > 0 {
			of = strings.Join(e.commands, ", ")
		}
		fmt.Fprintf(&b, "  %-6s %s\n         (%s)\n", e.shown(), e.Meaning, of)
	}
	return b.String()
}
