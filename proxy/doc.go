// Package proxy passes HTTP through and records each exchange as it goes.
//
// goproxy routes requests; the net/http servers round it speak with clients,
// and the transports speak with origin servers. Both are kept behind small
// seams (clientSide, originSide). What is recorded leaves through Hooks; the
// package knows nothing of rules, notes or where records end up.
//
// Faithfulness comes from the connections: on HTTP/1.x each one records the
// heads that it reads, and writes the heads of what it forwards from the
// record, so that reason phrases, field order and field case survive net/http.
package proxy
