package sink

import (
	"fmt"
	"os"

	"sidenote/internal/wholefile"
)

// OpenFile opens a file to append records to. Only the owner can read a new
// file, because it contains people's traffic. what names its purpose in the
// error, such as "--save".
func OpenFile(name, what string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, wholefile.Unwritable(name, err))
	}
	return f, nil
}
