package main

import (
	"strings"

	"github.com/spf13/cobra"

	"sidenote/internal/wording"
	"sidenote/sink"
)

func newSchemaCommand(p *program) *cobra.Command {
	return &cobra.Command{
		Use:   "schema " + strings.Join(sink.SchemaNames(), "|"),
		Short: "Print the JSON Schema of the records that sidenote writes",
		Long: `Print the JSON Schema (2020-12) of the records that sidenote writes: exchange for
--format json, --log-file and --save, note for the records of --log-notes,
message for those of --log-messages.`,
		Example:   "  sidenote schema exchange > exchange.schema.json",
		ValidArgs: sink.SchemaNames(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageErrorf("schema: want the name of one record: %s", wording.Or(sink.SchemaNames()))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text, ok := sink.Schema(args[0])
			if !ok {
				return usageErrorf("schema: there is no record %q%s; want %s", args[0], wording.Suggestion(args[0], sink.SchemaNames(), "%q"), wording.Or(sink.SchemaNames()))
			}
			return writeText(p.stdout, string(text))
		},
	}
}
