package dashboards

func latency() Dashboard {
	return Dashboard{
		UID: "sidenote-latency", Title: "sidenote: latency",
		Description: "Where the time goes: names, connections, the server's thinking, the content, sidenote itself.",
		Variables:   []Variable{{Name: "phase", Label: "Phase", Metric: "sidenote_phase_duration_seconds_count", Of: "phase"}},
		Panels:      append(latencyWhole(), latencyPhases()...),
	}
}

// phaseColors are those of the phases of an exchange.
func phaseColors() map[string]string {
	return map[string]string{"dns": Purple, "connect": Blue, "tls": Yellow, "send": Gray, "wait": Orange, "receive": Green, "self": Red}
}

func latencyWhole() []Panel {
	whole := of("sidenote_exchange_duration_seconds_bucket")
	number := func(q, title string) Panel {
		return Panel{
			Title: title, Description: "Of the exchanges in the time shown.", Kind: Number, Unit: Seconds, Width: 6, Height: 4,
			Queries: one(quantile(q, "", grown(whole)), title), Thresholds: []Threshold{{1, Orange}, {5, Red}}, Links: []Link{{Slowest: true}},
		}
	}
	return []Panel{
		number("0.5", "Half end within"),
		number("0.95", "19 of 20 end within"),
		number("0.99", "99 of 100 end within"),
		{
			Title: "Slower than 1 s", Description: "The share of exchanges in the time shown.", Kind: Number, Unit: Share, Width: 6, Height: 4, Thresholds: []Threshold{{.01, Orange}, {.05, Red}}, Links: []Link{{Filter: "time:>1s", Slowest: true}},
			Queries: one("1 - "+share(sum("", grown(of("sidenote_exchange_duration_seconds_bucket", `le=~"1|1.0"`))), sum("", grown(of("sidenote_exchange_duration_seconds_count")))), "Slower than 1 s"),
		},
		{
			Title: "Whole exchange", Description: "Time from the first byte of the request to the end of both messages. Click a dot to open its exchange.",
			Kind: Lines, Unit: Seconds, Width: 12, Height: 9, Colors: map[string]string{"half": Green, "19 of 20": Orange, "99 of 100": Red},
			Links:   []Link{{Slowest: true}},
			Queries: []Query{{quantile("0.5", "", rate(whole)), "half"}, {quantile("0.95", "", rate(whole)), "19 of 20"}, {quantile("0.99", "", rate(whole)), "99 of 100"}},
		},
		{
			Title: "Where the time goes", Description: "Seconds spent each second in each phase, by all exchanges together.",
			Kind: Stacked, Unit: Seconds, Width: 12, Height: 9, Colors: phaseColors(),
			Queries: one(sum("phase", rate(of("sidenote_phase_duration_seconds_sum", `phase=~"$phase"`))), "{{phase}}"),
		},
	}
}

func latencyPhases() []Panel {
	phases := of("sidenote_phase_duration_seconds_bucket", `phase=~"$phase"`)
	reuse := func(reused string) string { return of("sidenote_connection_uses_total", reused) }
	return []Panel{
		{
			Title: "Phases, 95th percentile", Description: "Time in which 19 of 20 had the phase behind them. Phases that did not happen are left out.",
			Kind: Lines, Unit: Seconds, Width: 12, Height: 9, Colors: phaseColors(),
			Queries: one(quantile("0.95", "phase", rate(phases)), "{{phase}}"),
		},
		{
			Title: "Mean of each phase", Description: "Where the phase happened, in the time shown.", Kind: Bars, Unit: Seconds, Width: 12, Height: 9,
			Queries: one("sort_desc("+share(sum("phase", grown(of("sidenote_phase_duration_seconds_sum", `phase=~"$phase"`))),
				sum("phase", grown(of("sidenote_phase_duration_seconds_count", `phase=~"$phase"`))))+")", "{{phase}}"),
		},
		{
			Title: "Slowest routes", Description: "Time in which 19 of 20 exchanges ended, by route. Needs --metrics-labels host,route.",
			Kind: Bars, Unit: Seconds, Width: 12, Height: 9, Thresholds: []Threshold{{1, Orange}, {5, Red}}, Links: []Link{{Filter: routeFilter, Slowest: true}},
			Queries: one(top("15", quantile("0.95", "host, route", grown(of("sidenote_route_duration_seconds_bucket")))), "{{host}} {{route}}"),
		},
		{
			Title: "Connections used again", Description: "The share of exchanges on a connection that had carried one before. A new one costs the phases dns, connect and tls.",
			Kind: Lines, Unit: Share, Width: 12, Height: 9, Colors: map[string]string{"client": Blue, "origin": Orange},
			Queries: one(share(sum("side", rate(reuse(`reused="true"`))), sum("side", rate(reuse(`reused=~".+"`)))), "{{side}}"),
		},
	}
}
