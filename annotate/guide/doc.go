// Package guide holds what people are shown beside the tables of package
// annotate: a right and a wrong exchange for each status code, codes that are
// easily confused side by side, pages on topics such as CORS or caching,
// authentication schemes, the forms of dates, and which rules read a field.
//
// It holds data; commands and pages decide how it looks. What an example says
// of rules is tested: all rules run over it.
package guide
