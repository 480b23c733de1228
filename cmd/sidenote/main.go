// Command sidenote is an HTTP debugging proxy that writes notes in the margin
// of every response.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
