import { describe, expect, it } from "vitest";
import { shootdown } from "../support/program.ts";

describe.concurrent("what there is", () => {
  it("policies: every one with its source, and one choice by choice", async () => {
    const all = JSON.parse((await shootdown(["policies", "--format", "json"])).stdout);
    expect(all.map(({ name }: { name: string }) => name)).toEqual([
      ...["akaros", "strict", "overlapped", "batch(32)", "deferred(256,10ms)", "linux-strict"],
      ...["linux-lazy", "linux-x86", "linux-reclaim", "freebsd-async", "eurosys20", "abis"],
      ...["latr", "latr-code", "xen-reuse", "luf", "fpr", "fast-and-safe", "invlpgb"],
      ...["arm-broadcast", "vmap-lazy"],
    ]);
    for (const { summary, source } of all) expect([summary, source]).not.toContain("");
    const { stdout } = await shootdown(["policies", "batch(64,cores)", "--format", "table"]);
    expect(stdout).toMatch(/when, cores +batch\(64\)/);
    expect(stdout).toMatch(/when, IOMMUs +each/);
  });

  it("policies: a composed one by its canonical notation, and one of a file with its base", async () => {
    const explain = async (policy: string) =>
      (await shootdown(["policies", policy, "--format", "csv"])).stdout;
    expect(await explain("each+early-ack+serial")).toMatch(
      /^choice,value\r\nname,strict\+early-ack\r\nnotation,strict\+early-ack\r\n/,
    );
    const file = await explain("examples/policies/early-linux.json");
    expect(file).toMatch(/\r\nname,early-linux\r\n/);
    expect(file).toContain("full-above(64)+generations");
  });

  it("profiles: every value with its grade and source", async () => {
    const { stdout } = await shootdown(["profiles", "akaros-2020", "--format", "json"]);
    const values: Record<string, string>[] = JSON.parse(stdout);
    expect(values).toContainEqual({
      name: "cacheLineNs",
      value: "44",
      interval: "",
      grade: "sourced",
      source: expect.stringContaining("44 ns"),
    });
    for (const { grade, source } of values) {
      expect(grade).not.toBe("");
      expect(source).not.toBe("");
    }
    const names = values.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["shootsBy", "sockets", "walkColdNs", "iotlb"]));
  });

  it("profiles: all that there are, and one of them as CSV", async () => {
    const all = JSON.parse((await shootdown(["profiles", "--format", "json"])).stdout);
    expect(all.map(({ name }: { name: string }) => name)).toEqual([
      ...["akaros-2020", "ivb-ex-8s", "haswell-2s", "skylake-2s", "skylake-2s-pti", "icelake-2s"],
      ...["zen3-2s", "arm-broadcast", "host"],
    ]);
    const { stdout } = await shootdown(["profiles", "zen3-2s", "--format", "csv"]);
    expect(stdout).toMatch(/^name,value,interval,grade,source\r\nshootsBy,both,,sourced,/);
    expect(stdout).toMatch(/\ncoresPerComplex,8,,sourced,/);
  });

  it("experiments: every one with its question, and all of them can run here", async () => {
    const { stdout } = await shootdown(["experiments", "--format", "json"]);
    const experiments: Record<string, string>[] = JSON.parse(stdout);
    expect(experiments.map(({ name }) => name)).toEqual([
      ...[
        "akaros",
        "amortization",
        "batch-size",
        "conformance",
        "responders",
        "scaling",
        "seed",
        "workloads",
      ],
    ]);
    for (const { points, quick } of experiments) {
      expect(Number(points)).toBeGreaterThan(0);
      expect(Number(quick)).toBeGreaterThan(0);
    }
  });

  it.each(["policies", "profiles", "experiments"])(
    "%s: an unknown name is refused",
    async (command) => {
      const { code, stderr } = await shootdown([command, "nothing-like-it"]);
      expect(stderr).toMatch(/there is no \w+ "nothing-like-it"\. There are/);
      expect(code).toBe(2);
    },
  );

  it.each(["policies", "profiles", "experiments"])(
    "%s: takes --quiet, as all do",
    async (command) => {
      const { code, stderr } = await shootdown([command, "--quiet"]);
      expect([code, stderr]).toEqual([0, ""]);
    },
  );
});

describe.concurrent("help", () => {
  it("explains a command by examples", async () => {
    const { code, stdout } = await shootdown(["bench", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Examples:\n  shootdown bench");
  });

  it("says the version", async () => {
    expect((await shootdown(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("without a command is a usage error", async () => {
    expect((await shootdown([])).code).toBe(2);
  });
});
