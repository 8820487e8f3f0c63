// A trace has times in µs, and viewers make whole ns of them, each in its way.

/** As Perfetto does (importers/json/json_trace_tokenizer.cc). */
export function roundedNs(us: number): number {
  return Math.round(us * 1000);
}

/** As viewers do that cut off what is behind the point. */
export function truncatedNs(us: number): number {
  return Math.trunc(us * 1000);
}
