import { afterEach, describe, expect, it } from "vitest";
import { Aborted } from "../../dist/src/engine/machine/control.js";
import { LaunchedGang } from "../../dist/src/workers/launch.js";
import { resultOf } from "../../dist/src/workers/sums.js";
import { TLB_BENCH } from "../../dist/src/workloads/workload.js";
import { pointOf, workloadOf } from "../support/points.ts";

const NEVER = new AbortController().signal;

describe("a gang in a process of its own", () => {
  let gang: LaunchedGang;
  afterEach(async () => {
    await gang.close();
  });

  it("runs points one after the other, and what comes out is whole", async () => {
    gang = new LaunchedGang(3);
    for (const point of [pointOf({ dilation: 20 }), pointOf({ dilation: 20, iommus: 1 })]) {
      const { cores, latency } = resultOf(point, [await gang.record(point, NEVER)]);
      expect(cores.operations).toBe(30);
      expect(latency.count).toBe(30);
    }
  });

  it("says what went wrong there", async () => {
    gang = new LaunchedGang(2);
    const broken = pointOf({ workload: workloadOf({ kind: TLB_BENCH, mode: 99 }) });
    await expect(gang.record(broken, NEVER)).rejects.toThrow("no such mode: 99");
  });

  it("is told of an interruption", async () => {
    gang = new LaunchedGang(2);
    const abort = new AbortController();
    const long = pointOf({ workload: workloadOf({ operations: 1e7 }), dilation: 5 });
    const running = gang.record(long, abort.signal);
    setTimeout(() => abort.abort(), 300);
    await expect(running).rejects.toThrow(Aborted);
  });

  it("that dies is noticed", async () => {
    gang = new LaunchedGang(2);
    const long = pointOf({ workload: workloadOf({ operations: 1e7 }), dilation: 5 });
    const running = gang.record(long, NEVER);
    setTimeout(() => gang.close(), 300);
    await expect(running).rejects.toThrow("has ended");
  });
});
