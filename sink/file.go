package sink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// OpenFile opens a file for records to be appended to. A new one can be read
// by its owner only, for it tells of people's traffic. what names its purpose
// in the error, such as "--save".
func OpenFile(name, what string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		return f, nil
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	advice := "choose another file"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		advice = "make its folder first"
	case errors.Is(err, fs.ErrPermission):
		advice = "choose a file that you may write"
	}
	return nil, fmt.Errorf("%s: cannot write %s: %w; %s", what, name, err, advice)
}
