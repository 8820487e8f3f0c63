import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fittedProfileText } from "../../dist/src/calibration/fitted-profile.js";
import { hostProfile } from "../../dist/src/calibration/host-profile.js";
import { validationRow } from "../../dist/src/calibration/rows.js";
import { type Validation, validateCells } from "../../dist/src/calibration/validate.js";
import { meritLine, traceLine, validationTable } from "../../dist/src/cli/validation.js";
import { VALIDATION_COLUMNS } from "../../dist/src/results/columns/calibration.js";
import { BASE, HOST_TIMES, modelledCells } from "../calibration/modelled.ts";
import { complaintsAboutFiles } from "../support/data-package.ts";
import { shootdown } from "../support/program.ts";

const TRACES = "bench/traces";

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-validate-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true });

describe("calibrate --from and validate --on: a trace, and what is predicted of it", () => {
  const profile = () => join(base, "node", "host.json");

  it("calibrate --from: writes a profile, and prints what the trace has said", async () => {
    const args = ["calibrate", "--from", `${TRACES}/node-gc.perf.txt.gz`, "--format", "csv"];
    const { code, stdout } = await shootdown([...args, "--out", join(base, "node")]);
    expect(code).toBe(0);
    const seen = Object.fromEntries(rowsOf(stdout).map(({ name, grade }) => [name, grade]));
    expect(seen).toEqual({
      ipiSendNs: "measured",
      deliveryNs: "measured",
      interruptEntryNs: "fitted",
      pteNs: "fitted",
      frameNs: "fitted",
    });
    expect(existsSync(join(base, "node", "manifest.json"))).toBe(true);
    const shown = await shootdown(["profiles", profile(), "--format", "csv"]);
    const delivery = rowsOf(shown.stdout).find(({ name }) => name === "deliveryNs")!;
    expect(delivery.interval).toMatch(/^\d+ to \d+$/);
  });

  it("on the trace itself: every segment to a fifth, and says that it was fitted to it", async () => {
    const args = ["validate", profile(), "--on", `${TRACES}/node-gc.perf.txt.gz`];
    const out = join(base, "itself");
    const { code, stdout, stderr } = await shootdown([...args, "--format", "csv", "--out", out]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("IPIs 54 (56)")]);
    const rows = rowsOf(stdout);
    expect(Object.keys(rows[0])).toEqual(VALIDATION_COLUMNS.map(({ name }) => name));
    expect(rows.map(({ cell }) => cell)).toEqual([
      ...["prepare", "send", "delivery", "handler", "return"].map((name) => `segment/${name}`),
      "total/telling",
    ]);
    for (const { cell, fitted, error } of rows) {
      expect(fitted, cell).toBe("true");
      expect(Math.abs(Number(error)), cell).toBeLessThan(0.2);
    }
    expect(readFileSync(join(out, "validation.csv"), "utf8")).toBe(stdout);
    expect(complaintsAboutFiles(out)).toEqual([]);
  });

  it("Ctrl-C meanwhile: 130, and no folder", async () => {
    const args = ["validate", profile(), "--on", `${TRACES}/node-gc.perf.txt.gz`];
    const out = join(base, "interrupted");
    let isInterrupted = false;
    const { code, stderr } = await shootdown([...args, "--format", "csv", "--out", out], {
      onStderr: (_, interrupt) => {
        if (!isInterrupted) interrupt();
        isInterrupted = true;
      },
    });
    expect([code, stderr]).toEqual([130, expect.stringContaining("nothing is written")]);
    expect(existsSync(out)).toBe(false);
  });

  it("--quiet --format csv: the figures on standard error all the same, as they are results", async () => {
    const args = ["validate", profile(), "--on", `${TRACES}/node-gc.perf.txt.gz`, "--quiet"];
    const out = join(base, "quiet");
    const { stderr } = await shootdown([...args, "--format", "csv", "--out", out]);
    expect(stderr).toMatch(
      /^time of 50 shootdowns that told somebody: .* told somebody 54 \(50\)$/m,
    );
    expect(stderr).not.toContain("written");
  });

  it("on another: predictions that are none of the fit's", async () => {
    const args = ["validate", profile(), "--on", `${TRACES}/munmap-loop.perf.txt.gz`];
    const out = join(base, "other");
    const { code, stdout } = await shootdown([...args, "--format", "json", "--out", out]);
    expect(code).toBe(0);
    const { cells, counts } = JSON.parse(stdout);
    expect(counts).toMatchObject({ requests: 200, recordedRequests: 200 });
    for (const { fitted } of cells) expect(fitted).toBe(false);
    const total = cells.at(-1);
    expect(Math.abs(total.error)).toBeLessThan(Math.abs(total.null_error));
  });
});

describe("validate: this host's cells, as if they had been measured", () => {
  let validation: Validation;

  beforeAll(async () => {
    const cells = await modelledCells();
    const request = { name: "again", base: BASE, where: "a machine in a test", seed: 7 };
    const fitted = hostProfile(cells, HOST_TIMES, request);
    writeFileSync(join(base, "again.json"), fittedProfileText(fitted));
    validation = await validateCells(fitted, cells, 1);
  });

  it("prints one row for each cell with peers, and one for each state of the step", () => {
    const table = validationTable(validation.predictions).split("\n");
    expect(table).toHaveLength(1 + 3 * 10 + 4);
    expect(table[0]).toMatch(/cell +predicted µs +null µs +measured µs +error +null error/);
  });

  it("says in one line how good predictions are, and the null model", () => {
    const line = meritLine(validation.merits);
    expect(line).not.toContain("\n");
    expect(line).toMatch(/^28 cells held out: median error 0 % \(null model \d+ %\), worst \d+ %/);
    expect(line).toContain("orderings");
  });

  it("of a trace: the median of an even number of segments lies between the middle two", () => {
    const predictions = [0.1, -0.2, 0.5, 0.3].map((error, i) => {
      return { ...validation.predictions[0], name: `segment/${i}`, error };
    });
    const counts = {
      ...{ requests: 1, recordedRequests: 1, ipis: 1, recordedIpis: 1 },
      ...{ tellings: 1, recordedTellings: 1 },
    };
    expect(traceLine({ predictions, counts })).toMatch(/segments: median error 25 %, worst 50 %;/);
    expect(traceLine({ predictions: [], counts })).toMatch(/median error unknown, worst unknown;/);
  });

  it("has a cell of 0 where nothing was measured of the straight line: empty, not 0", () => {
    const row = validationRow({ ...validation.predictions[0], nullNs: undefined });
    expect(row.null_ns).toBeUndefined();
  });
});

/** What measuring asks for. */
const canMeasure = process.platform === "linux" && availableParallelism() >= 2;

describe.runIf(canMeasure)("validate: real shootdowns need Linux and two CPUs", () => {
  it("--quick: measures, and prints whatever is left beside what was predicted", async () => {
    const out = join(base, "quick");
    const args = ["validate", join(base, "again.json"), "--quick", "--format", "csv", "--out", out];
    const { code, stdout, stderr } = await shootdown(args);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/held out/)]);
    expect(readFileSync(join(out, "validation.csv"), "utf8")).toBe(stdout);
    const { noise } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(noise.samples).toBeGreaterThan(0);
    expect(noise.dropped_initiator_not_running).toBeGreaterThanOrEqual(0);
    expect(noise.clock_ns).toBeGreaterThan(0);
    for (const { cell, predicted_ns, null_ns } of rowsOf(stdout)) {
      expect([predicted_ns, null_ns], cell).not.toContain("");
    }
  });
});

describe("validate: what is refused before anything is measured", () => {
  it("a profile that was fitted to nothing: says what writes one", async () => {
    const { code, stderr } = await shootdown(["validate", "skylake-2s"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("shootdown calibrate")]);
  });

  it("standard input, as the trace is read twice", async () => {
    const args = ["validate", join(base, "again.json"), "--on", "-", "--out", join(base, "stdin")];
    const { code, stderr } = await shootdown(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining("give it a file")]);
    expect(existsSync(join(base, "stdin"))).toBe(false);
  });
});
