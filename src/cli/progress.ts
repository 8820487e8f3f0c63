// What standard error says while points run: one live line on a terminal, otherwise a line for each
// point. Nothing is written while a point of threads is being measured.

import { plural } from "../results/plural.ts";
import { arrivalsOf, type NamedPoint, rateOf } from "../results/rows.ts";
import type { RunRecord } from "../workers/point.ts";
import { latencyOf } from "../workers/sums.ts";
import type { Run } from "./measure/order.ts";

const CLEAR_LINE = "\r\x1b[K";

export class Progress {
  private total: number;
  private readonly isQuiet: boolean;
  private readonly isLive: boolean;
  private done = 0;

  constructor(total: number, isQuiet: boolean) {
    this.total = total;
    this.isQuiet = isQuiet;
    this.isLive = process.stderr.isTTY === true;
  }

  /** There are so many runs more than was thought. */
  expect(runs: number): void {
    this.total += runs;
  }

  /** A run is about to take place, alone. */
  begin(run: Run): void {
    if (!this.isQuiet && this.isLive && !run.isAgain) this.show(this.done + 1, run.planned);
  }

  finish({ planned, isAgain }: Run, record: RunRecord): void {
    if (isAgain) return;
    this.done++;
    if (this.isQuiet) return;
    if (this.isLive) {
      this.show(this.done, planned);
      return;
    }
    const p50Us = ((latencyOf([record]).quantile(0.5) ?? 0) / 1000).toFixed(2);
    const took = `p50 ${p50Us} µs (${record.wallS.toFixed(1)} s)`;
    process.stderr.write(`${this.done}/${this.total} ${describe(planned)}: ${took}\n`);
  }

  private show(number: number, point: NamedPoint): void {
    const line = `${number}/${this.total} ${describe(point)}`;
    process.stderr.write(CLEAR_LINE + line.slice(0, (process.stderr.columns ?? 80) - 1));
  }

  end(): void {
    if (!this.isQuiet && this.isLive) process.stderr.write(CLEAR_LINE);
  }
}

function describe({ workload, pages, point }: NamedPoint): string {
  const { executor, profile, policy, cores, iommus, devices } = point;
  const rate = rateOf(point);
  const load = rate === undefined ? "" : ` ${rate}/s ${arrivalsOf(point)}`;
  const size = pages === undefined ? "" : ` ${plural(pages, "page")}`;
  const dma = devices === 0 ? "" : ` ${plural(devices, "device")}`;
  const others = describeOthers(point);
  const machine = `${plural(cores, "core")}${others} ${plural(iommus, "IOMMU")}${dma}`;
  return `${executor} ${profile.name} ${workload}${size}${load} ${machine} ${policy.name}`;
}

/** What cores do besides initiating and running the program: ` (1 idle, 2 other)`. */
function describeOthers({ workload }: NamedPoint["point"]): string {
  const { idleCores, otherCores, maskedNs } = workload;
  const states = [
    ...(idleCores > 0 ? [`${idleCores} idle`] : []),
    ...(otherCores > 0 ? [`${otherCores} other`] : []),
    ...(maskedNs > 0 ? [`masked ${maskedNs / 1000} µs`] : []),
  ];
  return states.length === 0 ? "" : ` (${states.join(", ")})`;
}
