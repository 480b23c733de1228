-- ClickHouse: a table for sidenote's exchanges, and one for its notes.
--
--   sidenote --log-file log.jsonl --log-notes
--   clickhouse-client --multiquery < sidenote.sql
--   grep -h '"schema":"sidenote.exchange/1"' log*.jsonl |
--     clickhouse-client --input_format_skip_unknown_fields=1 --date_time_input_format=best_effort \
--       --query 'INSERT INTO sidenote.exchanges FORMAT JSONEachRow'
--   grep -h '"schema":"sidenote.note/1"' log*.jsonl |
--     clickhouse-client --input_format_skip_unknown_fields=1 --date_time_input_format=best_effort \
--       --query 'INSERT INTO sidenote.notes FORMAT JSONEachRow'

CREATE DATABASE IF NOT EXISTS sidenote;

CREATE TABLE IF NOT EXISTS sidenote.exchanges
(
    `time` DateTime64(9, 'UTC'),
    `sidenote.exchange.id` String,
    `sidenote.run.id` LowCardinality(String),
    `trace_id` String,
    `span_id` String,
    `http.request.method` LowCardinality(String),
    `url.full` String CODEC(ZSTD),
    `url.scheme` LowCardinality(String),
    `url.path` String CODEC(ZSTD),
    `server.address` LowCardinality(String),
    `server.port` UInt16,
    `client.address` String,
    `network.peer.address` String,
    `network.protocol.version` LowCardinality(String),
    `user_agent.original` String CODEC(ZSTD),
    `http.response.status_code` UInt16,
    `error.type` LowCardinality(String),
    `sidenote.error.phase` LowCardinality(String),
    `sidenote.status.class` LowCardinality(String),
    `sidenote.verdict` LowCardinality(String),
    `sidenote.blame` LowCardinality(String),
    `sidenote.changed` Array(LowCardinality(String)),
    -- milliseconds
    `sidenote.timing` Tuple(dns Float64, connect Float64, tls Float64, first_byte Float64, wait Float64, receive Float64, total Float64, self Float64)
)
ENGINE = MergeTree
PARTITION BY toDate(`time`)
ORDER BY (`server.address`, `http.response.status_code`, `time`)
TTL toDateTime(`time`) + INTERVAL 30 DAY;

CREATE TABLE IF NOT EXISTS sidenote.notes
(
    `time` DateTime64(9, 'UTC'),
    `sidenote.exchange.id` String,
    `sidenote.run.id` LowCardinality(String),
    `trace_id` String,
    `http.request.method` LowCardinality(String),
    `url.full` String CODEC(ZSTD),
    `server.address` LowCardinality(String),
    `http.response.status_code` UInt16,
    `sidenote.note.rule` LowCardinality(String),
    `sidenote.note.severity` LowCardinality(String),
    `sidenote.note.blame` LowCardinality(String),
    `sidenote.note.message` String CODEC(ZSTD),
    `sidenote.note.refs` Array(LowCardinality(String)),
    `sidenote.note.fingerprint` FixedString(16)
)
ENGINE = MergeTree
PARTITION BY toDate(`time`)
ORDER BY (`sidenote.note.rule`, `server.address`, `time`)
TTL toDateTime(`time`) + INTERVAL 30 DAY;
