// Package suite names the module whose own tests run under sidenote.
package suite

import _ "github.com/dghubble/sling"
