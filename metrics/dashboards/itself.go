package dashboards

func itself() Dashboard {
	return Dashboard{
		UID: "sidenote-itself", Title: "sidenote: itself",
		Description: "Whether sidenote keeps up, what it costs, and what it had to drop.",
		Panels:      append(append(itselfNumbers(), itselfLoad()...), itselfProcess()...),
	}
}

func itselfNumbers() []Panel {
	number := func(title, description string, unit Unit, expr string, thresholds ...Threshold) Panel {
		return Panel{Title: title, Description: description, Kind: Number, Unit: unit, Width: 4, Height: 4, Queries: one(expr, title), Thresholds: thresholds}
	}
	return []Panel{
		number("Up for", "Since the last start of the process that started last.", Seconds, "time() - max("+of("process_start_time_seconds")+")"),
		number("CPU for each exchange", "CPU time of the process for each exchange that ended.", Seconds,
			share(sum("", rate(of("process_cpu_seconds_total"))), sum("", rate(of("sidenote_exchanges_total"))))),
		number("Memory in use", "Resident memory of the process.", Octets, sum("", of("process_resident_memory_bytes")), Threshold{1 << 30, Orange}, Threshold{4 << 30, Red}),
		number("Dropped by sinks", "Exchanges in the time shown that a sink never saw, because its queue was full.", Count,
			sum("", grown(of("sidenote_sink_dropped_total"))), Threshold{1, Red}),
		number("Not written", "Exchanges in the time shown that a sink could not write.", Count,
			sum("", grown(of("sidenote_sink_failed_total"))), Threshold{1, Red}),
		number("CA refused", "CONNECT requests in the time shown whose client did not trust sidenote's certificate.", Count,
			sum("", grown(of("sidenote_connects_total", `outcome="refused"`))), Threshold{1, Orange}),
	}
}

func itselfLoad() []Panel {
	return []Panel{
		{
			Title: "Own time", Description: "What sidenote spends on a response head before it is passed on.", Kind: Lines, Unit: Seconds, Width: 8, Height: 8,
			Colors: map[string]string{"half": Green, "19 of 20": Orange, "99 of 100": Red},
			Queries: []Query{
				{quantile("0.5", "", rate(of("sidenote_phase_duration_seconds_bucket", `phase="self"`))), "half"},
				{quantile("0.95", "", rate(of("sidenote_phase_duration_seconds_bucket", `phase="self"`))), "19 of 20"},
				{quantile("0.99", "", rate(of("sidenote_phase_duration_seconds_bucket", `phase="self"`))), "99 of 100"},
			},
		},
		{
			Title: "Queues of sinks", Description: "How full they are. A full queue of the console, the log or the saved exchanges slows the making of notes; no traffic waits for it.",
			Kind: Lines, Unit: Share, Width: 8, Height: 8,
			Queries: one("max by (sink) ("+of("sidenote_sink_queued")+" / "+of("sidenote_sink_queue_limit")+")", "{{sink}}"),
		},
		{
			Title: "CONNECT requests", Description: "By outcome: TLS intercepted, certificate refused by the client, or tunnelled.", Kind: Lines, Unit: PerSec, Width: 8, Height: 8,
			Colors:  map[string]string{"intercepted": Green, "refused": Red, "tunnelled": Blue},
			Queries: one(sum("outcome", rate(of("sidenote_connects_total"))), "{{outcome}}"),
		},
		{
			Title: "Connections open", Description: "By side.", Kind: Lines, Unit: Count, Width: 8, Height: 8, Colors: map[string]string{"client": Blue, "origin": Orange},
			Queries: one(sum("side", of("sidenote_connections_open")), "{{side}}"),
		},
		{
			Title: "Connections opened", Description: "Each second, by side.", Kind: Lines, Unit: PerSec, Width: 8, Height: 8, Colors: map[string]string{"client": Blue, "origin": Orange},
			Queries: one(sum("side", rate(of("sidenote_connections_opened_total"))), "{{side}}"),
		},
		{
			Title: "Content and tunnels", Description: "Bytes per second. The bytes of a tunnel count when it ends.", Kind: Lines, Unit: OctetsPS, Width: 8, Height: 8,
			Queries: []Query{
				{sum("", rate(of("sidenote_request_bytes_total"))), "requests"},
				{sum("", rate(of("sidenote_response_bytes_total"))), "responses"},
				{sum("direction", rate(of("sidenote_tunnel_bytes_total"))), "tunnels, {{direction}}"},
			},
		},
	}
}

func itselfProcess() []Panel {
	lines := func(title, description string, unit Unit, queries ...Query) Panel {
		return Panel{Title: title, Description: description, Kind: Lines, Unit: unit, Width: 8, Height: 8, Queries: queries}
	}
	each := "{{instance}}"
	return []Panel{
		lines("CPU", "1 is one core in full use.", Count, Query{rate(of("process_cpu_seconds_total")), each}),
		lines("Memory", "Resident, and what of it the Go heap uses.", Octets,
			Query{of("process_resident_memory_bytes"), each + " resident"}, Query{of("go_memstats_heap_inuse_bytes"), each + " heap"}),
		lines("Goroutines and files", "Both rise with the connections, and have to fall again.", Count,
			Query{of("go_goroutines"), each + " goroutines"}, Query{of("process_open_fds"), each + " files"}),
		lines("Pauses for garbage", "Seconds of each second for which the program stands still to find garbage.", Seconds, Query{rate(of("go_gc_duration_seconds_sum")), each}),
		lines("Series", "How many series a scrape of the metrics has. docs/metrics.md states the bound.", Count, Query{of("scrape_samples_scraped"), each}),
		{
			Title: "Versions", Description: "What runs.", Kind: Table, Unit: Count, Width: 8, Height: 8,
			Queries: one(sum("instance, version, revision, goversion", of("sidenote_build_info")), ""),
		},
		lines("Hosts and routes counted as other", "Exchanges each second for whose host or route --metrics-label-values left no room. Needs --metrics-labels.", PerSec,
			Query{rate(of("sidenote_route_folded_total")), each}),
		lines("Time of a scrape", "How long Prometheus waited for the metrics.", Seconds, Query{of("scrape_duration_seconds"), each}),
		lines("Exchanges kept in memory", "For the inspector: what they take of the memory that --store-bytes gives them. When it is full, the oldest go.", Share,
			Query{of("sidenote_store_bytes") + " / " + of("sidenote_store_limit_bytes"), each}),
		lines("Exchanges that made room", "Exchanges per second that the inspector dropped to make room for later ones.", PerSec,
			Query{rate(of("sidenote_store_evicted_total")), each}),
		{
			Title: "OpenTelemetry records", Description: "Spans and log records per second, by outcome. Needs --otlp.", Kind: Lines, Unit: PerSec, Width: 8, Height: 8,
			Colors:  map[string]string{"sent": Green, "dropped": Orange, "failed": Red, "rejected": Purple},
			Queries: one(sum("outcome", rate(of("sidenote_otlp_records_total"))), "{{outcome}}"),
		},
		lines("Waits forgotten", "Clients that a server told to wait, and that were forgotten before they came back.", PerSec,
			Query{rate(of("sidenote_retries_total", `outcome="forgotten"`)), each}),
	}
}
