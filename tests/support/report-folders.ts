// Made-up result folders, as `report` reads them.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CRITICAL_PATH_COLUMNS } from "../../dist/src/results/columns/critical-path.js";
import { DISTRIBUTION_COLUMNS } from "../../dist/src/results/columns/distributions.js";
import { SUMMARY_COLUMNS } from "../../dist/src/results/columns/summary.js";
import { toCsv } from "../../dist/src/results/csv.js";

export interface MadeUpPoint {
  readonly policy: string;
  /** Of both halves. */
  readonly when?: string;
  readonly cores: number;
  readonly pages: number;
  readonly latencyNs: number;
  readonly opsPerS: number;
  readonly heldPages: number;
  readonly exposureNs: number;
  readonly executor?: string;
  readonly workload?: string;
  readonly segments?: Readonly<Record<string, { ns: number; slackNs: number }>>;
}

export const VALIDATION = [
  "cell,fitted,predicted_ns,null_ns,measured_ns,error,null_error",
  "spinning-1/1/one-call,true,20000,21000,20500,-0.024,0.024",
  "spinning-1/8/one-call,false,22000,30000,20000,0.1,0.5",
  "spinning-1/34/one-call,false,33000,45000,30000,0.1,0.5",
  "asleep-1/1/one-call,false,0,21000,600,-0.1,0.5",
  "step-34/none,false,-1400,610,-1300,0.9,0.9",
  "step-34/spinning-1,false,-1400,610,-3300,0.9,0.9",
  "",
].join("\r\n");

export const STRESS = [
  "policy,executor,seed,ops,ops_per_s,shootdowns,faults,late_accesses,stale_uses,verdict",
  "strict,virtual,42,10000,900000,3000,20,0,0,safe",
  '"deferred(256,10ms)",virtual,42,20000,2000000,3000,30,50,0,exposed',
  "vmap-lazy,virtual,42,20000,2500000,3000,30,40,7,unsafe",
  "akaros,threads,42,0,,0,1,0,0,",
  "",
].join("\r\n");

const BATCH_KEY = ["virtual", "p", "munmap", "batch(n)", "2", "0", "0", "0", "0", "0", "64"];
const BATCH_COLUMNS = ["executor", "profile", "workload", "policy", "cores", "idle_cores"];
const SIZE_COLUMNS = ["other_cores", "masked_ns", "iommus", "devices", "pages"];

/** Of `BATCHES`. */
export const FITS = [
  [...BATCH_COLUMNS, ...SIZE_COLUMNS, "over", "n_min", "n_max", "a_ns", "b_ns"].join(","),
  [...BATCH_KEY, "batch", 1, 16, 100, 900].join(","),
  "",
].join("\r\n");

const SEGMENTS = { send: { ns: 300, slackNs: 0 }, local: { ns: 100, slackNs: 50 } };
const MANIFEST = {
  ...{ command: ["bench", "--quick"], package: { version: "0.1.0" }, seed: 7 },
  ...{ started: "2026-01-01T00:00:00Z", host: { cpu: "c", cpus: 2, node: "20.0.0" } },
  ...{ warnings: ["noisy-host: <much> & more"], interrupted: false },
};

const HELD = { heldPages: 256, exposureNs: 5000 };

/** Strict takes twice as long on twice the cores; deferred never changes, and holds pages. */
export const TWO_POLICIES: readonly MadeUpPoint[] = [2, 4].flatMap((cores) =>
  [1, 8].flatMap((pages) => [
    { policy: "strict", cores, pages, ...rates(cores * pages * 1000), heldPages: 1, exposureNs: 0 },
    { policy: "deferred(256,10ms)", cores, pages, ...rates(100 * pages), ...HELD },
    // As strict, but slower: nobody would take it.
    { policy: "akaros", cores, pages, ...rates(cores * pages * 1500), heldPages: 1, exposureNs: 0 },
  ]),
);

/** A page costs 100 + 900 / n ns in batches of n, 1000 under strict and 400 if overlapped. */
export const BATCHES: readonly MadeUpPoint[] = [
  { policy: "strict", ...batchCost(1000) },
  { policy: "overlapped", ...batchCost(400) },
  ...[1, 4, 16].map((n) => {
    return { policy: `batch(${n})`, when: `batch(${n})`, ...batchCost(100 + 900 / n) };
  }),
];

function batchCost(pageNs: number) {
  const sizes = { cores: 2, pages: 64, heldPages: 1, exposureNs: 0 };
  return { ...sizes, ...rates(64 * pageNs) };
}

function rates(latencyNs: number) {
  return { latencyNs, opsPerS: 1e9 / latencyNs };
}

/** Writes the CSV files and the manifest of a run. */
export function writeFolder(folder: string, points: readonly MadeUpPoint[]): void {
  mkdirSync(folder, { recursive: true });
  const keyed = points.map((point, i) => ({ point, key: keyOf(point, i) }));
  const summary = keyed.map(({ point, key }) => ({
    ...key,
    ops: 1000,
    latency_ns_p50: point.latencyNs,
    latency_ns_p90: point.latencyNs,
    latency_ns_mean: point.latencyNs,
    latency_ns_p99: point.latencyNs * 3,
    ops_per_s: point.opsPerS,
    held_pages_max: point.heldPages,
    exposure_ns_max: point.exposureNs,
    oversubscribed: false,
  }));
  const paths = keyed.flatMap(({ point, key }) =>
    Object.entries(point.segments ?? SEGMENTS).map(([segment, { ns, slackNs }]) => {
      return { ...key, segment, ns_mean: ns, slack_ns_mean: slackNs };
    }),
  );
  const distributions = keyed.flatMap(({ point, key: { point: id, repetition } }) => [
    { point: id, repetition, latency_ns: point.latencyNs, count: 980 },
    { point: id, repetition, latency_ns: point.latencyNs * 3, count: 20 },
  ]);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write("summary.csv", toCsv(SUMMARY_COLUMNS, summary as never));
  write("critical-path.csv", toCsv(CRITICAL_PATH_COLUMNS, paths as never));
  write("distributions.csv", toCsv(DISTRIBUTION_COLUMNS, distributions));
  write("manifest.json", JSON.stringify(MANIFEST));
}

function keyOf(made: MadeUpPoint, place: number) {
  const { policy, when, cores, pages, executor, workload } = made;
  return {
    ...{ experiment: "made-up", point: `p${place}`, repetition: 1, profile: "p", policy },
    ...{ when_cores: when, when_iommu: when },
    ...{ executor: executor ?? "virtual", workload: workload ?? "munmap", cores, pages },
    ...{ iommus: 0, devices: 0, idle_cores: 0, other_cores: 0, masked_ns: 0 },
  };
}
