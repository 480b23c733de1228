package dashboards

func ruleDashboard() Dashboard {
	return Dashboard{
		UID: "sidenote-rules", Title: "sidenote: rules",
		Description: "Which rules are broken, by whom, since when.",
		Variables: []Variable{
			{Name: "severity", Label: "Severity", Metric: "sidenote_notes_total", Of: "severity"},
			{Name: "blame", Label: "Who has to act", Metric: "sidenote_notes_total", Of: "blame"},
			{Name: "rule", Label: "Rule", Metric: "sidenote_notes_total", Of: "rule"},
		},
		Panels: append(severityNumbers(), rulePanels()...),
	}
}

// chosen selects the notes that the variables choose.
func chosen() string {
	return of("sidenote_notes_total", `severity=~"$severity"`, `blame=~"$blame"`, `rule=~"$rule"`)
}

func severityNumbers() []Panel {
	number := func(severity, title, filter, what string, thresholds ...Threshold) Panel {
		notes := of("sidenote_notes_total", `severity="`+severity+`"`, `blame=~"$blame"`, `rule=~"$rule"`)
		return Panel{
			Title: title, Description: what, Kind: Number, Unit: Count, Width: 6, Height: 4,
			Queries: one(sum("", grown(notes))+" or vector(0)", title), Thresholds: thresholds, Links: to(filter),
		}
	}
	return []Panel{
		number("error", "Errors", "has:errors", "Notes on what breaks a MUST, or the client.", Threshold{1, Red}),
		number("warn", "Warnings", "has:warnings", "Notes on what breaks a SHOULD, or good practice.", Threshold{1, Orange}),
		number("info", "Remarks", "has:notes", "Notes on what is permitted but surprising."),
		{
			Title: "Rules with notes", Description: "How many rules have something to say.", Kind: Number, Unit: Count, Width: 6, Height: 4, Links: to("has:notes"),
			Queries: one("count("+sum("rule", grown(chosen()))+" > 0) or vector(0)", "Rules with notes"),
		},
	}
}

func rulePanels() []Panel {
	return []Panel{
		{
			Title: "Notes by severity", Description: "Notes each second.", Kind: Stacked, Unit: PerSec, Width: 12, Height: 8, Colors: severityColors(),
			Links:   []Link{{Series: "error", Filter: "has:errors"}, {Series: "info", Filter: "has:notes"}, {Series: "warn", Filter: "has:warnings"}},
			Queries: one(sum("severity", rate(chosen())), "{{severity}}"),
		},
		{
			Title: "Notes by who has to act", Description: "Notes each second.", Kind: Stacked, Unit: PerSec, Width: 12, Height: 8, Links: to(`blame:="{{blame}}"`),
			Queries: one(sum("blame", rate(chosen())), "{{blame}}"),
		},
		{
			Title: "Top rules over time", Description: "Notes each second of the rules with the most in the time shown.", Kind: Lines, Unit: PerSec, Width: 12, Height: 10, Links: to(`rule:="{{rule}}"`),
			Queries: one(sum("rule", rate(chosen()))+" and "+top("8", sum("rule", grownByEnd(chosen()))), "{{rule}}"),
		},
		{
			Title: "Top rules", Description: "Notes in the time shown. \"sidenote explain RULE\" says what to do.", Kind: Bars, Unit: Count, Width: 12, Height: 10, Links: to(`rule:="{{rule}}"`),
			Queries: one(top("15", sum("rule", grown(chosen()))), "{{rule}}"),
		},
		{
			Title: "Rules that began in the last hour", Description: "Rules with notes in the last hour that had none in the day before: look here after a deploy.", Kind: Table, Unit: Count, Width: 12, Height: 10, Links: to(`rule:="{{rule}}"`),
			Queries: one(top("20", sum("rule, severity, blame", inLastHour(chosen()))+" > 0 unless "+
				sum("rule, severity, blame", inDayBefore(chosen()))+" > 0"), ""),
		},
		{
			Title: "Who breaks which rule", Description: "Notes in the time shown by host, route and rule. Needs --metrics-labels host,route.", Kind: Table, Unit: Count, Width: 12, Height: 10, Links: to(routeFilter + ` rule:="{{rule}}"`),
			Queries: one(top("20", sum("host, route, rule", grown(of("sidenote_route_notes_total", `severity=~"$severity"`, `rule=~"$rule"`)))), ""),
		},
	}
}
