package main

import (
	"slices"
	"testing"

	"sidenote/configs"
	"sidenote/sink/report"
)

// TestReportKindsAreSettings holds the setting to the kinds that there are.
func TestReportKindsAreSettings(t *testing.T) {
	var names []string
	for _, k := range report.Kinds() {
		names = append(names, k.Name)
	}
	if !slices.Equal(configs.ReportKinds(), names) || !slices.IsSorted(names) {
		t.Errorf("the setting knows %q, the kinds are %q", configs.ReportKinds(), names)
	}
}
