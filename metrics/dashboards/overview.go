package dashboards

// Matchers of classes and outcomes.
const (
	failing = `class=~"server-error|failed"`
	present = `outcome="present"`
)

// classColors are those of the classes of status codes everywhere.
func classColors() map[string]string {
	return map[string]string{
		"informational": Gray, "success": Green, "redirection": Blue, "client-error": Yellow, "server-error": Red, "failed": Purple, "other": Gray,
	}
}

func severityColors() map[string]string {
	return map[string]string{"info": Blue, "warn": Orange, "error": Red}
}

func overview() Dashboard {
	return Dashboard{
		UID: "sidenote-overview", Title: "sidenote: overview",
		Description: "What passes through, what fails, which rules are broken, and whether responses have the fields that their status calls for.",
		Panels:      append(append(overviewNumbers(), overviewTraffic()...), overviewFields()...),
	}
}

func overviewNumbers() []Panel {
	exchanges := of("sidenote_exchanges_total")
	number := func(title, description string, unit Unit, expr string, thresholds ...Threshold) Panel {
		return Panel{Title: title, Description: description, Kind: Number, Unit: unit, Width: 4, Height: 4, Queries: one(expr, title), Thresholds: thresholds}
	}
	coverage := number("Expected fields present", "Of the fields that the status codes of the responses call for, how many were there.", Share,
		share(sum("", grown(of("sidenote_expected_fields_total", present))), sum("", grown(of("sidenote_expected_fields_total")))),
		Threshold{.5, Orange}, Threshold{.9, Green})
	coverage.Best = true
	numbers := []Panel{
		number("Exchanges", "How many end each second.", PerSec, sum("", rate(exchanges))),
		number("5xx and failed", "Share of exchanges with a 5xx response or without a response, in the time shown.", Share,
			share(sum("", grown(of("sidenote_exchanges_total", failing))), sum("", grown(exchanges))), Threshold{.01, Orange}, Threshold{.05, Red}),
		number("Notes of errors", "Notes of severity error in the time shown.", Count,
			sum("", grown(of("sidenote_notes_total", `severity="error"`)))+" or vector(0)", Threshold{1, Red}),
		number("Time, 95th percentile", "19 of 20 exchanges in the time shown ended sooner.", Seconds,
			quantile("0.95", "", grown(of("sidenote_exchange_duration_seconds_bucket"))), Threshold{1, Orange}, Threshold{5, Red}),
		number("In flight", "Exchanges that have begun but not ended.", Count, sum("", of("sidenote_in_flight_exchanges"))),
		coverage,
	}
	for i, links := range [...][]Link{to(""), to(failedFilter), to("has:errors"), {{Slowest: true}}} {
		numbers[i].Links = links
	}
	return numbers
}

func overviewTraffic() []Panel {
	exchanges := of("sidenote_exchanges_total")
	ratio := func(class string) string {
		return share(sum("", rate(of("sidenote_exchanges_total", class))), sum("", rate(exchanges)))
	}
	return []Panel{
		{
			Title: "Status classes", Description: "Exchanges that end each second, by class of the final status. Failed exchanges have no response.",
			Kind: Stacked, Unit: PerSec, Width: 12, Height: 8, Colors: classColors(),
			Links:   classLinks("informational", "success", "redirection", "client-error", "server-error", "failed"),
			Queries: one(sum("class", rate(exchanges)), "{{class}}"),
		},
		{
			Title: "Shares of errors", Description: "Which share of the exchanges was a client error, a server error, or failed.",
			Kind: Lines, Unit: Share, Width: 12, Height: 8, Colors: classColors(), Links: classLinks("client-error", "server-error", "failed"),
			Queries: []Query{{ratio(`class="client-error"`), "client-error"}, {ratio(`class="server-error"`), "server-error"}, {ratio(`class="failed"`), "failed"}},
		},
		{
			Title: "Top rules", Description: "The rules with the most notes in the time shown. \"sidenote explain RULE\" says what to do.",
			Kind: Bars, Unit: Count, Width: 12, Height: 9, Links: to(`rule:="{{rule}}"`),
			Queries: one(top("10", sum("rule", grown(of("sidenote_notes_total", `severity!="info"`)))), "{{rule}}"),
		},
		{
			Title: "Who has to act", Description: "Notes of warnings and errors each second, by who has to act.",
			Kind: Stacked, Unit: PerSec, Width: 6, Height: 9, Links: to(`blame:="{{blame}}" verdict:>=warn`),
			Queries: one(sum("blame", rate(of("sidenote_notes_total", `severity!="info"`))), "{{blame}}"),
		},
		{
			Title: "Failures", Description: "Exchanges that failed in the time shown, by error code. docs/errors.md says what each code means.",
			Kind: Bars, Unit: Count, Width: 6, Height: 9, Links: to(`error:="{{code}}"`),
			Queries: one(top("10", sum("code", grown(of("sidenote_errors_total")))+" > 0"), "{{code}}"),
		},
		{
			Title: "Status codes", Description: "Exchanges in the time shown, by status code as the client got it.",
			Kind: Bars, Unit: Count, Width: 8, Height: 9, Links: to(`status:"{{code}}"`),
			Queries: one(top("12", sum("code", grown(exchanges))), "{{code}}"),
		},
		{
			Title: "Hosts by share of errors", Description: "The share of 5xx and failed exchanges of each host. Needs --metrics-labels host.",
			Kind: Bars, Unit: Share, Width: 8, Height: 9, Thresholds: []Threshold{{.01, Orange}, {.05, Red}}, Links: to(hostFilter + " " + failedFilter),
			Queries: one(top("10", share(sum("host", grown(of("sidenote_route_exchanges_total", failing))), sum("host", grown(of("sidenote_route_exchanges_total"))))), "{{host}}"),
		},
		{
			Title: "Slowest routes", Description: "Time in which 19 of 20 exchanges ended, by route. Needs --metrics-labels host,route.",
			Kind: Bars, Unit: Seconds, Width: 8, Height: 9, Thresholds: []Threshold{{1, Orange}, {5, Red}}, Links: []Link{{Filter: routeFilter, Slowest: true}},
			Queries: one(top("10", quantile("0.95", "host, route", grown(of("sidenote_route_duration_seconds_bucket")))), "{{host}} {{route}}"),
		},
	}
}

func overviewFields() []Panel {
	expected := func(matchers ...string) string { return of("sidenote_expected_fields_total", matchers...) }
	limited := Panel{
		Title: "429 with Retry-After", Description: "Of the responses that say \"too many requests\", how many say when to come back.",
		Kind: Number, Unit: Share, Width: 4, Height: 8, Best: true, Thresholds: []Threshold{{.5, Orange}, {.9, Green}}, Links: to("status:429 -response-field:retry-after"),
		Queries: one(share(sum("", grown(expected(`code="429"`, `field="Retry-After"`, present))), sum("", grown(expected(`code="429"`, `field="Retry-After"`)))), "429 with Retry-After"),
	}
	return []Panel{
		limited,
		{
			Title: "Coverage of expected fields", Description: "Which share of the responses with a status code has a field that this code calls for. The worst stand first.",
			Kind: Bars, Unit: Share, Width: 10, Height: 8, Best: true, Thresholds: []Threshold{{.5, Orange}, {.9, Green}},
			Links:   []Link{{Filter: `status:"{{code}}"`}, {Series: "103 Link", Filter: "has:interim"}}, // a 103 is not a final status
			Queries: one("sort("+share(sum("code, field", grown(expected(present))), sum("code, field", grown(expected())))+")", "{{code}} {{field}}"),
		},
		{
			Title: "Retries after Retry-After", Description: "Requests that were sent again after the server said when: early, or after the time it asked for.",
			Kind: Lines, Unit: PerSec, Width: 5, Height: 8, Colors: map[string]string{"early": Red, "waited": Green},
			Queries: one(sum("outcome", rate(of("sidenote_retries_total", `outcome=~"early|waited"`))), "{{outcome}}"),
		},
		{
			Title: "Redirects", Description: "Where Location leads. Cleartext is from https to http; nowhere is without a usable Location.",
			Kind: Lines, Unit: PerSec, Width: 5, Height: 8,
			Links:   to("status:300..303,305..308"),
			Colors:  map[string]string{"same-origin": Green, "other-origin": Blue, "cleartext": Red, "nowhere": Orange},
			Queries: one(sum("target", rate(of("sidenote_redirects_total"))), "{{target}}"),
		},
	}
}
