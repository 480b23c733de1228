package guide

import "sidenote/exchange"

var rangesTopic = Topic{
	Name: "ranges", Aliases: []string{"partial", "byte ranges", "resume"},
	Title: "Ranges: a part of a file, and resuming a download",
	Intro: []string{
		"A client can ask for a part of a resource with Range. Players do it to jump within a video, download programs do it to go on after a break. A server may always ignore Range and send the whole with a 200.",
	},
	Sections: []Section{
		{"1. Ask for a part", []string{
			"Range: bytes=0-4 is the first 5 bytes: both ends count, and the first byte is 0. bytes=500- is all from there on, bytes=-500 the last 500. A server that supports ranges says so with Accept-Ranges: bytes.",
			"The answer is 206 with Content-Range: which bytes these are, and of how many.",
		}, []Example{
			ok("Bytes 0 to 4 of 20.", "GET /app.txt\nRange: bytes=0-4", "206\nETag: \"v3\"\nContent-Range: bytes 0-4/20\nContent-Type: text/plain\n\nhello"),
			bad("range/206-missing-content-range", "The client can't tell where these bytes belong.", "GET /app.txt\nRange: bytes=0-4", "206\nETag: \"v3\"\nContent-Type: text/plain\n\nhello"),
			bad("range/206-length-not-equal-range", "Content-Range promises 10 bytes, and 5 came.", "GET /app.txt\nRange: bytes=0-9", "206\nETag: \"v3\"\nContent-Range: bytes 0-9/20\nContent-Type: text/plain\n\nhello"),
		}},
		{"2. The part doesn't exist", []string{
			"416 with Content-Range: bytes */20 says that the file has 20 bytes. A client that has 20 already is done.",
		}, []Example{
			ok("There is nothing after byte 19.", "GET /app.txt\nRange: bytes=500-", "416\nContent-Range: bytes */20\n"+problem(416, "The file has 20 bytes")),
			bad("range/416-missing-content-range", "The client can't tell how long the file is.", "GET /app.txt\nRange: bytes=500-", "416\n"+problem(416, "No such range")),
		}},
		{"3. Resume safely", []string{
			"The file may have changed since the first part came. If-Range with the ETag of that part says: send the rest if it is still this version, else the whole (200). It needs a strong ETag, one without W/.",
		}, []Example{
			ok("It is still version v3, so the rest fits.", "GET /app.txt\nRange: bytes=15-\nIf-Range: \"v3\"", "206\nETag: \"v3\"\nContent-Range: bytes 15-19/20\nContent-Type: text/plain\n\nworld"),
			bad("range/if-range-weak-etag", "A weak ETag doesn't promise that the bytes are the same. The server sends the whole.", "GET /app.txt\nRange: bytes=15-\nIf-Range: W/\"v3\"", "200\nETag: W/\"v3\"\nContent-Type: text/plain\n\nhello, this is world"),
			bad("range/206-if-range-etag-mismatch", "The client asked for version v3 and gets a part of v4. The file is broken.", "GET /app.txt\nRange: bytes=15-\nIf-Range: \"v3\"", "206\nETag: \"v4\"\nContent-Range: bytes 15-19/20\nContent-Type: text/plain\n\nworld"),
		}},
	},
	Statuses: []int{200, 206, 416},
	Fields:   []exchange.Name{exchange.FieldRange, exchange.FieldIfRange, exchange.FieldContentRange, exchange.FieldAcceptRanges, exchange.FieldETag},
	Rules:    []string{"range"},
	Refs:     []string{"RFC 9110 §14"},
}
