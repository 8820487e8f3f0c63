// What `analyze` found, as people read it: what was asked for and why, and where the time went.

import type { LatencyPercentiles, TraceAnalysis } from "../workloads/traces/index.ts";
import { type Heading, renderTable } from "./render.ts";

const SEGMENT_HEADINGS: readonly Heading[] = [
  { title: "segment", align: "left" },
  { title: "mean µs", align: "right" },
  { title: "share", align: "right" },
  { title: "slack µs", align: "right" },
  { title: "p50 µs", align: "right" },
  { title: "p90 µs", align: "right" },
  { title: "p99 µs", align: "right" },
];

/** Columns are of two populations: a segment that ran beside the path has no share, but a p50. */
const POPULATIONS =
  "mean, share: on the critical path, of all complete shootdowns; slack, p50 to p99: of the\n" +
  "segment where it occurs, on the path or beside it";

export function analysisTable(analysis: TraceAnalysis): string {
  return [...counts(analysis), "", ...latencies(analysis), "", segments(analysis)].join("\n");
}

function counts(analysis: TraceAnalysis): string[] {
  const { events, lines_skipped, flush_requests, ipis, full_flushes, complete } = analysis;
  return [
    `${events} events, ${lines_skipped} lines skipped`,
    `${flush_requests} flush requests (${full_flushes} full), ${ipis ?? "unknown"} IPIs, ` +
      `${complete} complete`,
    `by cause: ${listCounts(analysis.by_cause)}`,
    `by pages: ${listCounts(analysis.by_pages)}`,
  ];
}

function listCounts(counts: Readonly<Record<string, number | null>>): string {
  const entries = Object.entries(counts).filter(([, count]) => count !== null && count > 0);
  if (entries.length === 0) return "none";
  return entries.map(([name, count]) => `${name} ${count}`).join(", ");
}

function latencies({ latency, latency_without_ipi }: TraceAnalysis): string[] {
  return [
    `latency:             ${describeLatency(latency)}`,
    `latency without IPI: ${describeLatency(latency_without_ipi)}`,
  ];
}

function describeLatency(latency: LatencyPercentiles | null): string {
  if (latency === null) return "not measured";
  const { p50_ns, p90_ns, p99_ns, max_ns, count } = latency;
  return (
    `p50 ${micros(p50_ns)} µs, p90 ${micros(p90_ns)}, p99 ${micros(p99_ns)}, ` +
    `max ${micros(max_ns)} (${count})`
  );
}

function segments(analysis: TraceAnalysis): string {
  const rows = analysis.critical_path.map(({ segment, ns_mean, share, slack_ns_mean }) => {
    const duration = analysis.segments[segment];
    return [
      segment,
      micros(ns_mean),
      `${Math.round(100 * share)} %`,
      micros(slack_ns_mean),
      micros(duration?.p50_ns),
      micros(duration?.p90_ns),
      micros(duration?.p99_ns),
    ];
  });
  return `${renderTable(SEGMENT_HEADINGS, rows)}\n${POPULATIONS}`;
}

function micros(ns: number | undefined): string {
  return ns === undefined ? "" : (ns / 1000).toFixed(2);
}
