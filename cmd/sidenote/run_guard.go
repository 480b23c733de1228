package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"sidenote/cmd/sidenote/child"
)

// folderPrefix begins the name of the folder that a run keeps its files in.
const folderPrefix = "sidenote-run-"

// newGuardCommand makes the command that run starts beside CMD.
func newGuardCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use:    "guard",
		Short:  "Used by run: end CMD and remove its files when run is killed",
		Hidden: true,
		Args:   noArguments,
		RunE: func(*cobra.Command, []string) error {
			folder, err := child.Guard(p.stdin)
			if err != nil {
				return fmt.Errorf("guard: %w", err)
			}
			if strings.HasPrefix(filepath.Base(folder), folderPrefix) {
				return os.RemoveAll(folder)
			}
			return nil
		},
	}
}

// guardCommand is how to start this program as a guard.
func guardCommand() ([]string, error) {
	self := "/proc/self/exe" // is right even when the file has been replaced
	if runtime.GOOS != "linux" {
		var err error
		if self, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	return []string{self, "sidenote", "guard"}, nil
}
