// `shootdown analyze`: what the real kernel did in a trace. How many flushes it asked for and why,
// how many IPIs that took, and where the time of a shootdown went.

import { Histogram } from "../../engine/probe/histogram.ts";
import { type CriticalPath, KERNEL_SEGMENTS, type KernelSegment } from "./critical-path.ts";
import { ALL_PAGES, CAUSES, type Cause } from "./event.ts";
import { canFindHandlers, missingEvents } from "./missing-events.ts";
import type { SkippedLine } from "./parser.ts";
import { type ReadOptions, readTrace, skippedWarning, type TraceSummary } from "./reader.ts";
import { disorder, Reorder } from "./reorder.ts";
import { callsWithoutEntry, has, refuse, requireEvents } from "./requirements.ts";
import type { FinishedShootdown } from "./shootdown.ts";
import { ShootdownTracker } from "./tracker.ts";

export interface Percentiles {
  readonly p50_ns: number;
  readonly p90_ns: number;
  readonly p99_ns: number;
}

export interface LatencyPercentiles extends Percentiles {
  readonly count: number;
  readonly mean_ns: number;
  readonly max_ns: number;
}

/**
 * One row of critical-path.csv. Over all complete shootdowns, a segment off the critical path
 * counting 0: so the means sum to the mean latency, and the shares to 1.
 */
export interface CriticalPathRow {
  readonly segment: KernelSegment;
  readonly ns_mean: number;
  readonly ns_p50: number;
  readonly ns_p99: number;
  readonly share: number;
  /** Over the shootdowns in which it occurred. */
  readonly slack_ns_mean: number;
}

/** What `analyze --format json` prints. */
export interface TraceAnalysis {
  readonly events: number;
  readonly lines_skipped: number;
  readonly flush_requests: number;
  /** Null where the trace has neither csd nor ipi events: not measured. */
  readonly ipis: number | null;
  readonly full_flushes: number;
  /** Null where the trace shows no such cause, whether there was one or not. */
  readonly by_cause: Readonly<Record<Cause, number | null>>;
  /** Requests by pages; `all` for a full flush. */
  readonly by_pages: Readonly<Record<string, number>>;
  readonly complete: number;
  /** How long a segment takes where it occurs, on the critical path or off it. */
  readonly segments: Readonly<Partial<Record<KernelSegment, Percentiles>>>;
  /** Of the complete shootdowns. */
  readonly latency: LatencyPercentiles | null;
  /** Of the requests that interrupted nobody, since all others were idle or ran something else. */
  readonly latency_without_ipi: LatencyPercentiles | null;
  readonly critical_path: readonly CriticalPathRow[];
  readonly skipped_samples: readonly SkippedLine[];
  readonly warnings: readonly string[];
}

export interface AnalyzeOptions extends ReadOptions {
  /** Gets each request when it is over: for what percentiles cannot say. */
  readonly onShootdown?: (shootdown: FinishedShootdown) => void;
}

/**
 * Analyzes the trace at `path` (`-`: standard input) in one pass and in fixed memory. Rejects with
 * a UsageError if it cannot be read or has no `tlb:tlb_flush` event.
 */
export function analyzeTrace(path: string, options: AnalyzeOptions = {}): Promise<TraceAnalysis> {
  const tally = new Tally(options.onShootdown);
  const tracker = new ShootdownTracker((shootdown) => tally.add(shootdown));
  const reorder = new Reorder((event) => tracker.accept(event));
  return readTrace(path, (event) => reorder.push(event), options).then((summary) => {
    reorder.end();
    tracker.end();
    requireEvents(summary, "analyze");
    if (!has(summary, "flush")) refuse(summary, "analyze", "it has no tlb:tlb_flush event");
    return result(summary, tracker, tally, reorder.tooLate);
  });
}

/** Adds up what the tracker finishes. */
class Tally {
  fullFlushes = 0;
  complete = 0;
  readonly byCause = new Map<Cause, number>();
  readonly byPages = new Map<number, number>();
  readonly latency = new Histogram();
  readonly latencyWithoutIpi = new Histogram();
  readonly segments = KERNEL_SEGMENTS.map((segment) => new SegmentTally(segment));
  private readonly onShootdown: ((shootdown: FinishedShootdown) => void) | undefined;

  constructor(onShootdown: ((shootdown: FinishedShootdown) => void) | undefined) {
    this.onShootdown = onShootdown;
  }

  add(shootdown: FinishedShootdown): void {
    const { cause, pages, path, latencyNs, targets } = shootdown;
    if (pages === ALL_PAGES) this.fullFlushes++;
    this.byCause.set(cause, (this.byCause.get(cause) ?? 0) + 1);
    this.byPages.set(pages, (this.byPages.get(pages) ?? 0) + 1);
    if (path !== undefined) {
      this.complete++;
      this.latency.record(path.latencyNs);
      for (const segment of this.segments) segment.add(path);
    } else if (targets === 0 && latencyNs !== undefined) {
      this.latencyWithoutIpi.record(latencyNs);
    }
    this.onShootdown?.(shootdown);
  }
}

class SegmentTally {
  readonly segment: KernelSegment;
  readonly duration = new Histogram();
  readonly onPath = new Histogram();
  private slackNs = 0;

  constructor(segment: KernelSegment) {
    this.segment = segment;
  }

  add(path: CriticalPath): void {
    const { segment } = this;
    const durationNs = path.durationNs[segment];
    this.onPath.record(path.pathNs[segment]);
    if (durationNs === undefined) return;
    this.duration.record(durationNs);
    this.slackNs += path.slackNs[segment];
  }

  row(latencySumNs: number): CriticalPathRow {
    return {
      segment: this.segment,
      ns_mean: this.onPath.mean ?? 0,
      ns_p50: this.onPath.quantile(0.5) ?? 0,
      ns_p99: this.onPath.quantile(0.99) ?? 0,
      share: latencySumNs === 0 ? 0 : this.onPath.sum / latencySumNs,
      slack_ns_mean: this.slackNs / this.duration.count,
    };
  }
}

function result(
  summary: TraceSummary,
  tracker: ShootdownTracker,
  tally: Tally,
  tooLate: number,
): TraceAnalysis {
  const occurring = tally.segments.filter(({ duration }) => duration.count > 0);
  const sizes = [...tally.byPages].sort(([a], [b]) => a - b);
  const isMeasured = has(summary, "send") || tracker.flushRequests === 0;
  return {
    events: summary.events,
    lines_skipped: summary.linesSkipped,
    flush_requests: tracker.flushRequests,
    ipis: isMeasured ? tracker.ipis : null,
    full_flushes: tally.fullFlushes,
    by_cause: byCause(summary, tally),
    by_pages: Object.fromEntries(
      sizes.map(([pages, count]) => [pages === ALL_PAGES ? "all" : String(pages), count]),
    ),
    complete: tally.complete,
    segments: Object.fromEntries(
      occurring.map(({ segment, duration }) => [segment, percentiles(duration)]),
    ),
    latency: latencyPercentiles(tally.latency),
    latency_without_ipi: isMeasured ? latencyPercentiles(tally.latencyWithoutIpi) : null,
    critical_path: occurring.map((segment) => segment.row(tally.latency.sum)),
    skipped_samples: summary.skippedSamples,
    warnings: [...skippedWarning(summary), ...warnings(summary, tracker, tally, tooLate)],
  };
}

function byCause(summary: TraceSummary, { byCause }: Tally): TraceAnalysis["by_cause"] {
  const hasSyscalls = has(summary, "enter");
  const isShown = (cause: Cause): boolean => {
    return cause === "other" || (hasSyscalls && (cause !== "page_fault" || has(summary, "fault")));
  };
  const counts = CAUSES.map((cause): [Cause, number | null] => {
    return [cause, isShown(cause) ? (byCause.get(cause) ?? 0) : null];
  });
  return Object.fromEntries(counts) as Record<Cause, number | null>;
}

function percentiles(histogram: Histogram): Percentiles {
  return {
    p50_ns: histogram.quantile(0.5)!,
    p90_ns: histogram.quantile(0.9)!,
    p99_ns: histogram.quantile(0.99)!,
  };
}

function latencyPercentiles(histogram: Histogram): LatencyPercentiles | null {
  if (histogram.count === 0) return null;
  const { count, max } = histogram;
  return { ...percentiles(histogram), count, mean_ns: histogram.mean!, max_ns: max };
}

function warnings(
  summary: TraceSummary,
  tracker: ShootdownTracker,
  tally: Tally,
  tooLate: number,
): string[] {
  const found: string[] = [];
  if (tracker.flushRequests === 0) {
    found.push("the kernel never asked another CPU to flush: was more than one CPU in use?");
  } else {
    found.push(...missingEvents(summary, tracker.ipis > 0));
  }
  const unseen = tracker.ipis > 0 && tally.complete === 0 && canFindHandlers(summary);
  if (unseen) {
    found.push("no handler belongs to a request: record all CPUs with perf record -a");
  }
  if (tally.complete > 0 && tally.latency.max === 0) {
    found.push("no shootdown took any time: the times do not advance; write with perf script --ns");
  }
  found.push(...callsWithoutEntry(summary), ...disorder(tooLate));
  if (tracker.skewed > 0) {
    found.push(
      `${tracker.skewed} handlers began before their IPI was sent: the CPUs' clocks disagree; ` +
        "record with -k CLOCK_MONOTONIC",
    );
  }
  if (tracker.cutOff > 0) {
    found.push(`${tracker.cutOff} system calls had not returned when the trace ended`);
  }
  return found;
}
