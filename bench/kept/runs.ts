// Which runs are kept, and which plot of each stands for it. On two CPUs `amortization` and
// `batch-size` take two minutes each, all others seconds.

export interface KeptRun {
  /** Of its folder and picture. */
  readonly name: string;
  /** What comes behind `shootdown`. Paths, so that no file says where this computer has them. */
  readonly command: readonly string[];
  /** Its chapter in a report, and its scene where there are several. */
  readonly plot: { readonly chapter: string; readonly scene?: string };
}

/** The README shows it, in light and in dark. */
export const SHOWN = "batch-size";

export const KEPT_RUNS: readonly KeptRun[] = [
  {
    name: "amortization",
    command: ["bench", "bench/experiments/amortization.json", "--quick"],
    plot: { chapter: "amortization", scene: "threads · akaros-2020 · munmap" },
  },
  {
    name: SHOWN,
    command: ["bench", "bench/experiments/batch-size.json"],
    plot: { chapter: "batch-size", scene: "virtual" },
  },
  {
    name: "seed",
    command: ["bench", "bench/experiments/seed.json", "--quick", "--executor", "both"],
    plot: { chapter: "critical-path", scene: "virtual" },
  },
  {
    name: "scaling",
    command: ["bench", "bench/experiments/scaling.json", "--quick"],
    plot: { chapter: "latency-over-cores", scene: "haswell-2s" },
  },
  {
    name: "workloads",
    command: ["bench", "bench/experiments/workloads.json", "--quick"],
    plot: { chapter: "critical-path", scene: "server" },
  },
  {
    name: "responders",
    command: ["bench", "bench/experiments/responders.json", "--quick", "--executor", "both"],
    plot: { chapter: "critical-path", scene: "virtual" },
  },
  {
    name: "akaros",
    command: ["bench", "bench/experiments/akaros.json", "--quick", "--executor", "virtual"],
    plot: { chapter: "critical-path", scene: "tlb-bench:IPI" },
  },
  {
    name: "conformance",
    command: ["bench", "bench/experiments/conformance.json", "--quick"],
    plot: { chapter: "fidelity" },
  },
  {
    name: "replay",
    command: [
      ...["replay", "bench/traces/munmap-loop.perf.txt.gz", "--iommus", "0,1"],
      ...["--executor", "virtual"],
    ],
    plot: { chapter: "critical-path" },
  },
  {
    name: "analyze",
    command: ["analyze", "bench/traces/munmap-loop.perf.txt.gz"],
    plot: { chapter: "critical-path" },
  },
  {
    name: "stress",
    // As many rounds as give each of its policies a turn.
    command: ["stress", "--ops", "2000000"],
    plot: { chapter: "stress" },
  },
];
