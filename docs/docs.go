// Package docs holds those documents that the program shows: what dashboards
// and alerts link to.
package docs

import "embed"

// Files are the documents, by their path in this folder.
//
//go:embed errors.md metrics.md observability.md runbooks
var Files embed.FS
