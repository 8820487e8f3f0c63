// Whether one point took as long on threads as in virtual time.

import type { Column, RowOf } from "../../src/results/columns/column.ts";
import type { MeasuredPoint } from "../../src/results/rows.ts";

/** Undilated, where the actors fit the CPUs: a part of the latency, or one floor if that is more. */
const FITTING_TOLERANCE = 0.1;
const DILATED_TOLERANCE = 0.02;

const DECIMALS = 10_000;

export const COLUMNS = [
  { name: "workload", type: "string", unit: "", meaning: "What ran." },
  { name: "profile", type: "string", unit: "", meaning: "The machine's costs." },
  { name: "policy", type: "string", unit: "", meaning: "The policy." },
  { name: "cores", type: "integer", unit: "cores", meaning: "Cores." },
  { name: "iommus", type: "integer", unit: "IOMMUs", meaning: "IOMMUs." },
  { name: "devices", type: "integer", unit: "devices", meaning: "Devices." },
  { name: "pages", type: "integer", unit: "pages", meaning: "Pages of an operation." },
  { name: "dilation", type: "integer", unit: "", meaning: "Dilation of the threads." },
  { name: "threads_ns", type: "integer", unit: "ns", meaning: "Median latency on threads." },
  { name: "virtual_ns", type: "integer", unit: "ns", meaning: "The same in virtual time." },
  { name: "error", type: "number", unit: "", meaning: "Threads over virtual, less 1." },
  { name: "allowed_ns", type: "number", unit: "ns", meaning: "Difference that still agrees." },
  { name: "agrees", type: "boolean", unit: "", meaning: "Whether it is within that." },
] as const satisfies readonly Column[];

export type Agreement = RowOf<typeof COLUMNS>;

/** Compares two runs of a point; `floorNs` is the host's round trip. */
export function compare(
  threads: MeasuredPoint,
  virtual: MeasuredPoint,
  floorNs: number,
): Agreement {
  const { profile, policy, cores, iommus, devices, dilation } = threads.point;
  const threadsNs = threads.result.latency.quantile(0.5) ?? 0;
  const virtualNs = virtual.result.latency.quantile(0.5) ?? 0;
  const allowedNs =
    dilation === 1
      ? Math.max(FITTING_TOLERANCE * virtualNs, floorNs)
      : DILATED_TOLERANCE * virtualNs;
  return {
    workload: threads.workload,
    profile: profile.name,
    policy: policy.name,
    cores,
    iommus,
    devices,
    pages: threads.pages,
    dilation,
    threads_ns: threadsNs,
    virtual_ns: virtualNs,
    error: virtualNs === 0 ? undefined : rounded(threadsNs / virtualNs - 1),
    allowed_ns: rounded(allowedNs),
    agrees: Math.abs(threadsNs - virtualNs) <= allowedNs,
  };
}

function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}
