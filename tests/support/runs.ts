// Made-up result folders, as `compare` reads them.

import { Distribution } from "../../dist/src/results/compare/distribution.js";
import type { Run, RunPoint, SegmentTimes } from "../../dist/src/results/compare/run.js";
import type { RunManifest } from "../../dist/src/results/compare/run-manifest.js";
import { MANIFEST_SCHEMA } from "../../dist/src/results/manifest.js";

export interface PointParts {
  readonly id: string;
  /** Latencies; those of one repetition after the other if there are several. */
  readonly samples: readonly (readonly number[])[];
  /** Cells of each row that are not as below. */
  readonly cells?: Readonly<Record<string, string>>;
  /** Mean ns: of all repetitions, or of one after the other. */
  readonly segments?: Readonly<Record<string, number | readonly number[]>>;
  /** Of each segment, between operations; undefined: the files do not say. */
  readonly segmentVariance?: number | undefined;
}

const CELLS = {
  ...{ experiment: "made-up", executor: "virtual", profile: "p", workload: "munmap" },
  ...{ policy: "strict", cores: "2", iommus: "0", devices: "0", pages: "1" },
  ...{ dilation: "1", jitter: "", oversubscribed: "false", verdict: "safe" },
};

export function manifestOf(part: Partial<RunManifest> = {}): RunManifest {
  const tlb = { sets: 16, ways: 4 };
  return {
    schema: MANIFEST_SCHEMA,
    package: { version: "0.1.0", commit: null },
    seed: 1,
    host: { cpu: "c", cpus: 2, kernel: "k", node: "n" },
    noise: { threads: { pairs: [{ p50_ratio: 1, p99_ratio: 1 }] } },
    profiles: [
      {
        ...{ name: "p", shootsBy: "ipi", topology: { sockets: { count: 1 } } },
        ...{ costs: { pteNs: { ns: 20 } }, l1: tlb, l2: tlb, iotlb: tlb },
      },
    ],
    interrupted: false,
    ...part,
  };
}

export function runOf(parts: readonly PointParts[], manifest: Partial<RunManifest> = {}): Run {
  const points = parts.map((part): [string, RunPoint] => [part.id, pointOf(part)]);
  return { folder: "made-up", manifest: manifestOf(manifest), points: new Map(points) };
}

export function distributionOf(samples: readonly number[]): Distribution {
  const counts = new Map<number, number>();
  for (const value of samples) counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Distribution(counts);
}

function timesOf(means: readonly number[], variance: number | undefined): SegmentTimes {
  const meanNs = means.reduce((sum, ns) => sum + ns, 0) / means.length;
  return { meanNs, medianNs: meanNs, means, variance };
}

function pointOf(part: PointParts): RunPoint {
  const { id, samples, cells = {}, segments = {} } = part;
  const variance = "segmentVariance" in part ? part.segmentVariance : 0;
  const rows = samples.map((own, i) => {
    const distribution = distributionOf(own);
    const percentiles = [50, 90, 99].map((percent) => [
      `latency_ns_p${percent}`,
      `${distribution.quantile(percent / 100)}`,
    ]);
    return {
      ...{ ...CELLS, point: id, repetition: `${i + 1}`, ops: `${own.length}` },
      ...Object.fromEntries(percentiles),
      latency_ns_mean: `${distribution.mean}`,
      ...cells,
    };
  });
  return {
    id,
    rows,
    distribution: distributionOf(samples.flat()),
    segments: new Map(
      Object.entries(segments).map(([name, ns]) => [
        name,
        timesOf(
          samples.map((_, i) => (typeof ns === "number" ? ns : ns[i])),
          variance,
        ),
      ]),
    ),
  };
}
