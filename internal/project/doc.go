// Package project keeps the project in order. Its tests hold the source to the
// table of docs/architecture.md, the documents to what the program says of
// itself, and the commands of the README to those that there are; run with
// -update they write the generated documents anew. The folder also has what
// the Makefile needs: a script that installs what the tests want to find, and
// the program that counts them.
package project
