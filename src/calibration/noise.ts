// How restless a host was while it was measured, and what else was measured of it: what a manifest
// says beside the rows.

import type { Estimate, HostTimes } from "./cell.ts";
import type { HostMeasurement } from "./measure-host.ts";

/** As `noise` of a manifest has it: counts of samples, ns, and sends that the kernel counted. */
export type MeasuredNoise = Readonly<Record<string, number>>;

export function noiseOf({ drops, host, sendsPerCall }: HostMeasurement): MeasuredNoise {
  const { samples, initiator, peer } = drops;
  return {
    samples,
    dropped_initiator_not_running: initiator,
    dropped_peer_not_running: peer,
    ...timesOf(host),
    ...(sendsPerCall !== undefined && { sends_per_call: sendsPerCall }),
  };
}

/** The round trip is no noise: it stands among the floors. */
function timesOf({ stolenPerSend, wakeUp, clock }: HostTimes): MeasuredNoise {
  return {
    ...estimateOf("stolen_per_send_ns", stolenPerSend),
    ...estimateOf("wake_up_ns", wakeUp),
    ...estimateOf("clock_ns", clock),
  };
}

/** A median with its 95 % interval; nothing where it was not measured. */
function estimateOf(name: string, estimate: Estimate | undefined): MeasuredNoise {
  if (estimate === undefined) return {};
  const { ns, lowNs, highNs } = estimate;
  return { [name]: tenths(ns), [`${name}_low`]: tenths(lowNs), [`${name}_high`]: tenths(highNs) };
}

/** One read of the clock takes some tens of ns. */
function tenths(ns: number): number {
  return Math.round(10 * ns) / 10;
}
