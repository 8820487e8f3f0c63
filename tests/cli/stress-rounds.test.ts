// Rounds of a stress run: how large they are; and those whose devices have TLBs of their own, and go
// away or answer wrongly while everybody flushes, which a run draws only now and then.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  roundOf,
  type StressSettings,
  usualRoundOperations,
} from "../../dist/src/cli/stress/rounds.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";
import { AKAROS_2020 } from "../support/virtual-run.ts";

const ROUNDS = [1, 4];

let pool: VirtualPool;
beforeAll(() => {
  pool = new VirtualPool(1);
});
afterAll(() => pool.close());

function settingsFor(policy: string): StressSettings {
  return {
    executor: "virtual",
    policies: [parsePolicy(policy)],
    profile: AKAROS_2020,
    profileName: AKAROS_2020.name,
    cores: 8,
    iommus: 1,
    devices: 2,
    seed: 7,
    injectsFaults: true,
    roundOperations: 4000,
    hostCpus: 1,
  };
}

describe("operations of a round", () => {
  it("up to 8 cores the same; with more, as many fewer as each tells more cores", () => {
    const usual = [1, 8, 16, 1024].map((cores) => usualRoundOperations("virtual", cores));
    expect(usual).toEqual([20_000, 20_000, 10_000, 157]);
  });

  it("at least one change and one access of each core", () => {
    const { operations } = roundOf({ ...settingsFor("strict"), cores: 32, roundOperations: 1 }, 0);
    expect(operations).toBe(2 * 32);
  });
});

describe("device TLBs under faults: every round ends, and nothing stale is used", () => {
  it.each([
    ["strict", "safe"],
    ["overlapped", "safe"],
    ["batch(8)", "safe"],
    ["strict+wait-every(4)", "exposed"],
    ["overlapped+wait-every(7)", "exposed"],
  ])("%s: %s", async (policy, verdict) => {
    for (const number of ROUNDS) {
      const { point } = roundOf(settingsFor(policy), number);
      const workload = { ...point.workload, ats: true };
      const { check, cores, iommus } = await pool.run({ ...point, workload });
      expect(check!.findings).toEqual([]);
      expect(check!.verdict).toBe(verdict);
      expect(iommus.deviceTlb).toBeGreaterThan(cores.shootdowns / 2);
      expect(cores.iommuFaults).toBeGreaterThan(0);
    }
  });
});

describe("frames that are given back before the flush that they need", () => {
  it.each(["deferred(256,10ms)+frames(at-once)", "strict+frames(at-once)", "vmap-lazy"])(
    "%s: somebody else has them by then, which is unsafe",
    async (policy) => {
      const settings = { ...settingsFor(policy), roundOperations: 20_000 };
      const { check } = await pool.run(roundOf(settings, 1).point);
      expect(check!.verdict).toBe("unsafe");
      expect(check!.staleUses).toBeGreaterThan(1);
    },
  );
});
