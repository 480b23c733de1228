// Package contract compares exchanges with OpenAPI descriptions: its rules say
// where a request or a response is not as the description of an API has it.
//
// A Contract holds descriptions; its rules are ordinary rules whose checks hold
// the contract. Rules returns the same rules without one, for lists and
// explanations.
package contract
