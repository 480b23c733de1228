// Package inspector is the server behind the page on which people look at
// traffic: a versioned API under /api/v1, a stream of events, and the page
// itself.
//
// What it shows is hostile. It goes out as JSON, which the page sets as text,
// or as content in a sandbox. Secrets are taken out at this door, unless the
// user asked for them.
package inspector
