import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CALIBRATION_COLUMNS } from "../../dist/src/results/columns/calibration.js";
import { complaintsAboutFiles } from "../support/data-package.ts";
import { shootdown } from "../support/program.ts";

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-calibrate-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** What `calibrate` asks for itself: elsewhere it says so, which tests/calibration holds. */
const canMeasure = process.platform === "linux" && availableParallelism() >= 2;
/** Of the minute that the rounds may take; the warm-up has a part of them. */
const FIRST_ROUNDS_MS = 1500;

describe.runIf(canMeasure)("calibrate: real shootdowns need Linux and two CPUs", () => {
  it("--quick: rows of calibration.csv, on standard output and in the folder, with what explains them", async () => {
    const out = join(base, "quick");
    const { code, stdout, stderr } = await shootdown(["calibrate", "--quick", "--out", out]);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`written: ${out}`)]);
    const rows: Record<string, string>[] = parse(stdout, { columns: true });
    expect(stdout.split("\r\n")[0]).toBe(CALIBRATION_COLUMNS.map(({ name }) => name).join(","));
    // How many samples are dropped is up to the host, of which rows there are all.
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.cell).toMatch(/^(none|asleep-\d+|spinning-\d+)\/\d+\/(one-call|call-per-page)$/);
      expect(["1", row.pages]).toContain(row.calls);
      expect(Number(row.samples)).toBeGreaterThan(0);
      const times = [row.ns_min, row.ns_p50, row.ns_p90, row.ns_p99].map(Number);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThan(0);
      if (row.state === "none") expect(row.excess_ns).toBe("");
    }
    expect(readFileSync(join(out, "calibration.csv"), "utf8")).toBe(stdout);
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ seed: 42, interrupted: false });
    expect(manifest.noise.samples).toBeGreaterThan(0);
    for (const time of ["clock_ns", "clock_ns_low", "clock_ns_high", "wake_up_ns"]) {
      expect(manifest.noise[time], time).toBeGreaterThan(0);
    }
    expect(manifest.profiles).toHaveLength(1);
    expect(complaintsAboutFiles(out)).toEqual([]);
    expect(readdirSync(out).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("Ctrl-C before anything is measured: 130, and no folder", async () => {
    const out = join(base, "interrupted");
    let isInterrupted = false;
    const { code, stderr } = await shootdown(["calibrate", "--format", "csv", "--out", out], {
      onStderr: (text, interrupt) => {
        if (!text.includes("real shootdowns") || isInterrupted) return;
        isInterrupted = true;
        interrupt();
      },
    });
    expect([code, stderr]).toEqual([130, expect.stringContaining("nothing is written")]);
    expect(existsSync(out)).toBe(false);
  });
});

describe.runIf(canMeasure)("calibrate: Ctrl-C in the first of its rounds", () => {
  it("130; the samples that there are, and no profile fitted to so few", async () => {
    const out = join(base, "early");
    let interrupts = 0;
    const { code, stderr } = await shootdown(["calibrate", "--out", out], {
      onStderr: (text, interrupt) => {
        if (!text.includes("round 1 of") || interrupts++ > 0) return;
        setTimeout(interrupt, FIRST_ROUNDS_MS);
      },
    });
    expect([code, existsSync(join(out, "host.json"))]).toEqual([130, false]);
    if (!existsSync(out)) {
      expect(stderr).toContain("nothing is written"); // Not one sample counted.
      return;
    }
    expect(stderr).toContain("had too few samples when it was interrupted");
    expect(complaintsAboutFiles(out)).toEqual([]);
    expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")).interrupted).toBe(true);
  });
});

describe("calibrate: what is refused before anything is measured", () => {
  it("a base profile without costs: says which one is needed", async () => {
    const args = ["calibrate", "--profile", "host", "--out", join(base, "free")];
    const { code, stderr } = await shootdown(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining("no costs: name one")]);
  });

  it("a folder that exists: not written to", async () => {
    const out = join(base, "there");
    mkdirSync(out);
    const { code, stderr } = await shootdown(["calibrate", "--quick", "--out", out]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("results never replace others")]);
    expect(readdirSync(out)).toEqual([]);
  });
});
