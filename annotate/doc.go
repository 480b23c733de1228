// Package annotate turns an exchange into notes: what its status means, what
// is wrong with it, who should act and what to send instead.
//
// It holds the shape of a rule and of a note, the registry of status codes,
// and the Set that runs rules over exchanges. The rules themselves are in
// annotate/rules.
package annotate
