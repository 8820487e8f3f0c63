// Profiles that are fitted to cells: what was known before must come out again.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { CellTimes } from "../../dist/src/calibration/cell.js";
import { isFitted } from "../../dist/src/calibration/fit.js";
import { fittedProfileText } from "../../dist/src/calibration/fitted-profile.js";
import { hostProfile } from "../../dist/src/calibration/host-profile.js";
import { type Validation, validateCells } from "../../dist/src/calibration/validate.js";
import { parseProfile, readFittedProfile } from "../../dist/src/cli/profile-file.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { BASE, HOST_TIMES, modelledCells, TRUTH } from "./modelled.ts";

const REQUEST = { name: "again", base: BASE, where: "a machine in a test", seed: 7 };

let cells: CellTimes[];

beforeAll(async () => {
  cells = await modelledCells();
});

const costNames = Object.keys(TRUTH) as (keyof typeof TRUTH)[];

describe("a profile fitted to cells of a machine that is known", () => {
  it("has that machine's costs again, within their intervals", () => {
    const { profile, fit } = hostProfile(cells, HOST_TIMES, REQUEST);
    for (const name of costNames) {
      const { ns, interval, grade } = profile.costs[name];
      expect(Math.abs(ns / TRUTH[name] - 1), `${name}: ${ns}`).toBeLessThan(0.02);
      expect(interval![0], name).toBeLessThanOrEqual(TRUTH[name]);
      expect(interval![1], name).toBeGreaterThanOrEqual(TRUTH[name]);
      expect(["measured", "fitted"]).toContain(grade);
    }
    expect(fit.beforeNs).toBeGreaterThan(2900);
    expect(fit.beforeNs).toBeLessThan(3100);
  });

  it("does not look at any cell that it is to predict", () => {
    const few = cells.filter(({ cell }) => isFitted(cell));
    expect(few.length).toBe(9 + 2); // Neither it nor the null model: 512 pages are too many.
    expect(hostProfile(few, HOST_TIMES, REQUEST)).toEqual(hostProfile(cells, HOST_TIMES, REQUEST));
  });

  it("comes out the same for the same seed, with other intervals for another", () => {
    const [a, b, c] = [7, 7, 8].map((seed) => hostProfile(cells, HOST_TIMES, { ...REQUEST, seed }));
    expect(b).toEqual(a);
    const { flushContextNs } = a.profile.costs;
    expect(c.profile.costs.flushContextNs.ns).toBe(flushContextNs.ns);
    expect(c.profile.costs.flushContextNs.interval).not.toEqual(flushContextNs.interval);
  });

  it("says of every other value whose it is, with that one's grade", () => {
    const { profile } = hostProfile(cells, HOST_TIMES, REQUEST);
    expect(profile.costs.iotlbPageNs).toEqual({
      ...BASE.costs.iotlbPageNs,
      source: `taken from skylake-2s: ${BASE.costs.iotlbPageNs.source}`,
    });
    expect(profile.topology.sockets.source).toMatch(/^taken from skylake-2s: /);
    expect(profile.costs.deliveryRemoteNs.ns).toBe(profile.costs.deliveryNs.ns + 400);
  });

  it("keeps the base's invalidation where noise hides it", () => {
    const noisy = cells.map((times) => {
      const { ns } = times.p50;
      return { ...times, p50: { ns, lowNs: 0.5 * ns, highNs: 1.5 * ns } };
    });
    const { costs } = hostProfile(noisy, HOST_TIMES, REQUEST).profile;
    expect(costs.invalidatePageNs.ns).toBe(BASE.costs.invalidatePageNs.ns);
    expect(costs.invalidatePageNs.source).toMatch(/^taken from skylake-2s: /);
  });

  it("does with the few cells of a quick run, and refuses fewer", () => {
    const quick = cells.filter(({ cell: { pages } }) => [1, 33, 34].includes(pages));
    const { deliveryNs } = hostProfile(quick, HOST_TIMES, REQUEST).profile.costs;
    expect(deliveryNs.grade).toBe("fitted");
    const spinning = cells.filter(({ cell }) => cell.state === "spinning");
    const peerless = cells.filter(({ cell }) => cell.state === "none");
    expect(() => hostProfile(spinning, HOST_TIMES, REQUEST)).toThrow(/too few cells/);
    expect(() => hostProfile(peerless, HOST_TIMES, REQUEST)).toThrow(/too few cells/);
  });

  it("parts a send as the base does where nothing else was measured", () => {
    const nothing = { ...HOST_TIMES, cacheLineRoundTrip: undefined, stolenPerSend: undefined };
    const { costs } = hostProfile(cells, nothing, REQUEST).profile;
    const ratio = BASE.costs.deliveryNs.ns / BASE.costs.ipiSendNs.ns;
    expect(costs.deliveryNs.ns / costs.ipiSendNs.ns).toBeCloseTo(ratio, 1);
    expect(costs.cacheLineNs.source).toMatch(/^taken from skylake-2s: /);
  });

  it.each(["host", "arm-broadcast"])(
    "refuses %s as a base: it says nothing of interrupts",
    (of) => {
      const base = PROFILES.find(({ name }) => name === of)!;
      expect(() => hostProfile(cells, HOST_TIMES, { ...REQUEST, base })).toThrow(/another base/);
    },
  );
});

describe("its file", () => {
  it("is read again as it was, by its path wherever a profile's name may stand", () => {
    const folder = mkdtempSync(join(tmpdir(), "shootdown-fit-"));
    try {
      const path = join(folder, "host.json");
      const fitted = hostProfile(cells, HOST_TIMES, REQUEST);
      writeFileSync(path, fittedProfileText(fitted));
      expect(readFittedProfile(path)).toEqual(fitted);
      expect(parseProfile(path)).toEqual(fitted.profile);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("of another profile: is refused, with what to do", () => {
    expect(() => readFittedProfile("skylake-2s")).toThrow(/shootdown calibrate/);
  });
});

describe("validation of a profile that is right", () => {
  let validation: Validation;

  beforeAll(async () => {
    validation = await validateCells(hostProfile(cells, HOST_TIMES, REQUEST), cells, 3);
  });

  it("predicts every cell that it was not fitted to", () => {
    const { predictions, merits } = validation;
    for (const { name, cell, error } of predictions) {
      // From one peer to three nothing is known here but what the base says.
      const limit = cell?.state === "spinning" && cell.peers > 1 ? 0.25 : 0.02;
      expect(Math.abs(error!), name).toBeLessThan(limit);
    }
    const { executor, line, orderings } = merits!;
    expect(executor.cells).toBe(3 * 10 - 2);
    expect(executor.medianError).toBeLessThan(line.medianError);
    expect(executor.near).toBe(1);
    expect(executor.rankCorrelation!).toBeGreaterThan(line.rankCorrelation!);
    expect(orderings.predicted).toBe(orderings.count);
    expect(orderings.line).toBeLessThan(orderings.count);
  });

  it("shows that a call of 34 pages takes less than one of 33, which no straight line can", () => {
    const step = validation.predictions.find(({ name }) => name === "step-34/spinning-1")!;
    expect(step.fitted).toBe(false);
    expect(step.predictedNs).toBeLessThan(-2500);
    expect(step.nullNs!).toBeGreaterThan(0);
  });
});
