// Real threads: every policy runs to its end on them, and every way in which a run can fail has an
// end. Times decide nothing here.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NoProgressError, UsageError } from "../../dist/src/engine/errors.js";
import { createMachine, type Machine } from "../../dist/src/engine/machine/machine.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { numbersOf } from "../../dist/src/engine/profile/profile.js";
import { HOST } from "../../dist/src/engine/profile/profiles.js";
import type { ActorTask } from "../../dist/src/workers/actor.js";
import { BrokenRunError } from "../../dist/src/workers/broken-run.js";
import { Gang } from "../../dist/src/workers/gang.js";
import { runOnThreads } from "../../dist/src/workers/on-threads.js";
import { mapPrograms } from "../../dist/src/workloads/memory-map.js";
import { pointOf, workloadOf } from "../support/points.ts";
import { POLICIES } from "../support/policies.ts";
import { smallShape } from "../support/virtual-run.ts";

describe("a gang of eight", () => {
  let gang: Gang;
  beforeAll(() => {
    gang = new Gang(8);
  });
  afterAll(async () => {
    await gang.close();
  });

  test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s: runs point after point on the same workers, and counts are exact",
    async (_, policy) => {
      for (const iommus of [0, 1]) {
        const point = pointOf({ policy, cores: 3, iommus, devices: iommus, dilation: 20 });
        const { cores, latency, segments } = await runOnThreads(gang, point);
        expect(cores.operations).toBe(30);
        expect(latency.count).toBe(30);
        expect(cores.framesHeld).toBe(60);
        const sum = segments.reduce((total, { onPath }) => total + onPath.sum, 0);
        expect(sum / latency.sum).toBeCloseTo(1, 2);
      }
    },
  );

  test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s, watched by the checker: nothing is found",
    async (_, policy) => {
      const workload = workloadOf({ initiators: 2, operations: 200, windows: 260 });
      const parts = { policy, workload, cores: 3, iommus: 1, devices: 1 };
      const { check } = await runOnThreads(gang, pointOf({ ...parts, dilation: 20, checks: true }));
      expect(check?.findings).toEqual([]);
      const { ack, whenCores, whenIommu, iommu } = policy;
      const kinds = [whenCores.kind, whenIommu.kind];
      const isDeferred = kinds.some((kind) => kind !== "each" && kind !== "batch");
      if (ack !== "none" && !isDeferred && iommu.waitEvery === 1) {
        expect(check?.verdict).toBe("safe");
      }
    },
  );

  test("four initiators that interrupt each other do not deadlock", async () => {
    const workload = workloadOf({ initiators: 4, windows: 40, gapNs: 0 });
    const point = pointOf({ workload, cores: 4, iommus: 2, devices: 1, dilation: 20 });
    const { cores } = await runOnThreads(gang, point);
    expect(cores.operations).toBe(120);
  });

  test("responders translate: they miss their TLB", async () => {
    const point = pointOf({ dilation: 20, workload: workloadOf({ gapNs: 100_000 }) });
    const { cores } = await runOnThreads(gang, point);
    expect(cores.tlbMisses).toBeGreaterThan(cores.operations);
  });

  test("an abort signal ends the run, and the gang can be used again", async () => {
    const abort = new AbortController();
    const long = workloadOf({ operations: 1e8 });
    const running = runOnThreads(gang, pointOf({ workload: long, dilation: 5 }), abort.signal);
    setTimeout(() => abort.abort(), 200);
    await expect(running).rejects.toThrow("interrupted");
    const { cores } = await runOnThreads(gang, pointOf({ dilation: 20 }));
    expect(cores.operations).toBe(30);
  });

  test("an actor that throws ends the run with its own error, at once", async () => {
    const tiny = workloadOf({ pages: 512, windows: 1 });
    const point = pointOf({ workload: tiny, dilation: 20 });
    const broken = { ...point, workload: { ...tiny, mode: 99, kind: 2 } };
    await expect(runOnThreads(gang, broken)).rejects.toThrow("no such mode: 99");
    const error = await runOnThreads(gang, { ...broken, checks: true }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(BrokenRunError);
    const [{ kind, actor, message }] = error.check.findings;
    expect([kind, actor, message]).toEqual(["broken-invariant", 0, "no such mode: 99"]);
    expect(error.check.verdict).toBe("unsafe");
    const { cores } = await runOnThreads(gang, pointOf({ dilation: 20 })); // It can be used again.
    expect(cores.operations).toBe(30);
  });

  test("interrupted while the workers of a large gang start: it ends before all of them have", async () => {
    const large = new Gang(64);
    const { machine, tasks } = stuckRun(63);
    const abort = new AbortController();
    const running = large.run(machine, tasks, 1, abort.signal);
    const begins = setInterval(() => machine.control.readyActors > 0 && abort.abort(), 1);
    await expect(running).rejects.toThrow("interrupted");
    clearInterval(begins);
    expect(machine.control.readyActors).toBeLessThan(64);
    const { cores } = await runOnThreads(large, pointOf({ dilation: 20 })); // It can be used again.
    expect(cores.operations).toBe(30);
    await large.close();
  });

  test("a worker that is killed while others still start: one with an actor, so that the run fails", async () => {
    const large = new Gang(40);
    const { machine, tasks } = stuckRun(39);
    const running = large.run(machine, tasks, 1).catch((error: Error) => error.message);
    while (machine.control.readyActors < 2) await delay(1);
    await large.killOne();
    expect(await running).toMatch(/worker exited|terminat/i);
    await large.close();
  });

  function stuckRun(cores = 2): { machine: Machine; tasks: ActorTask[] } {
    const machine = createMachine(smallShape(cores, 1, 0), true);
    mapPrograms(machine);
    machine.spaces.load(0, 0);
    machine.spaces.load(0, 1);
    machine.control.expectInitiators(1);
    // A lock that nobody will release: its ticket is taken and thrown away.
    machine.locks.takeTicket(machine.lockOfIommu(0));
    const play = { ...numbersOf(HOST), plan: planOf(STRICT), workload: workloadOf({}), seed: 1 };
    const tasks = Array.from({ length: machine.actorCount }, (_, actor): ActorTask => {
      const { memory, shape } = machine;
      return {
        actor,
        memory,
        shape,
        play,
        dilation: 1,
        parks: true,
        untimed: false,
        catchesUp: false,
        followsClock: false,
        logsSteps: false,
      };
    });
    return { machine, tasks };
  }

  test("no progress: the run ends with the table of who waits for whom", async () => {
    const { machine, tasks } = stuckRun();
    const failed = await gang.run(machine, tasks, 1, undefined, 500).catch((error) => error);
    expect(failed).toBeInstanceOf(NoProgressError);
    expect(failed.message).toMatch(/core 0 waits for lock 2/);
    expect(failed.message).toMatch(/iommu 0 waits for work/);
  });

  test("a worker that never comes to the start: the run ends and says how many have", async () => {
    const { machine, tasks } = stuckRun();
    Object.defineProperty(machine.control, "readyActors", { value: 2 });
    const failed = await gang.run(machine, tasks, 1, undefined, 500).catch((error) => error);
    expect(failed).toBeInstanceOf(NoProgressError);
    expect(failed.message).toMatch(/2 of 3 worker threads have started/);
  });

  test("a machine beyond the limits is refused before anything starts", async () => {
    await expect(runOnThreads(gang, pointOf({ cores: 2000 }))).rejects.toThrow(UsageError);
    await expect(runOnThreads(gang, pointOf({ devices: 1 }))).rejects.toThrow("is behind an IOMMU");
  });
});
