import { describe, expect, it } from "vitest";
import { type ExpandOptions, expand } from "../../dist/src/cli/experiments/expand.js";
import { parseExperiment } from "../../dist/src/cli/experiments/load.js";
import { UsageError } from "../../dist/src/engine/errors.js";

const SETTINGS: ExpandOptions = {
  quick: false,
  seed: 1,
  jitter: undefined,
  check: "auto",
  hostCpus: 2,
  overrides: {},
};

function parse(fields: object) {
  const text = JSON.stringify({ name: "x", question: "?", ...fields }, null, 2);
  return parseExperiment("x.json", text).experiment;
}

describe("expanding an experiment", () => {
  it("makes the cross product of a grid, policies innermost", () => {
    const experiment = parse({ policies: ["strict", "akaros"], pages: [1, 8] });
    const { points } = expand(experiment, SETTINGS);
    expect(points.map(({ pages, point }) => [pages, point.policy.name])).toEqual([
      [1, "strict"],
      [1, "akaros"],
      [8, "strict"],
      [8, "akaros"],
    ]);
  });

  it("has code compiled on threads, a K-th part dilated, unless it is said how long to warm up", () => {
    const compilingOf = (fields: object) => {
      const { points } = expand(parse({ policies: ["strict"], cores: [2], ...fields }), SETTINGS);
      return points.map(({ point }) => point.workload.compiling);
    };
    const undilated = { operations: 20_000, untilNs: 300_000_000 };
    expect(compilingOf({ executors: ["threads"], dilation: 1 })).toEqual([undilated]);
    const dilated = { operations: 200, untilNs: 400_000 };
    expect(compilingOf({ executors: ["threads"], dilation: 100 })).toEqual([dilated]);
    expect(compilingOf({ executors: ["virtual"] })).toEqual([undefined]);
    expect(compilingOf({ executors: ["threads"], warmup: 7 })).toEqual([undefined]);
  });

  it("lets a grid win over the top, quick over both, and the command line over all", () => {
    const experiment = parse({
      pages: [1],
      operations: 10,
      grids: [{ pages: [2] }],
      quick: { operations: 3 },
    });
    const quick = { ...SETTINGS, quick: true };
    const describePoint = (options: ExpandOptions) => {
      const [{ pages, point }] = expand(experiment, options).points;
      return [pages, point.workload.operations];
    };
    expect(describePoint(SETTINGS)).toEqual([2, 10]);
    expect(describePoint(quick)).toEqual([2, 3]);
    expect(describePoint({ ...quick, overrides: { pages: [4], operations: 7 } })).toEqual([4, 7]);
  });

  it("has each point once, however many grids hold it", () => {
    const grid = { policies: ["batch", "batch(32)"] };
    expect(expand(parse({ grids: [grid, grid] }), SETTINGS).points).toHaveLength(1);
  });

  it("shares a rate among initiators, and asks what has a pace of its own for none", () => {
    const experiment = parse({
      workloads: ["munmap", "nic-rx"],
      rates: [10_000, 40_000],
      cores: [4],
      iommus: [1],
      devices: [1],
      initiators: 2,
    });
    const { points, notes } = expand(experiment, SETTINGS);
    expect(points.map(({ point }) => point.workload.arrivalNs)).toEqual([200_000, 50_000]);
    expect(new Set(points.map(({ id }) => id)).size).toBe(2);
    expect(notes.join()).toMatch(/2 of 4 combinations: nic-rx has a pace of its own/);
  });

  it("arrivals at fixed gaps: another point, and the random ones are those that they were", () => {
    const idsOf = (part: object) => {
      const experiment = parse({ rates: [10_000], ...part });
      return expand(experiment, SETTINGS).points.map(({ id, point }) => {
        return [id, point.workload.fixedArrivals];
      });
    };
    const [[random], [fixed]] = [idsOf({}), idsOf({ arrivals: "fixed" })];
    expect(idsOf({ arrivals: "poisson" })).toEqual([random]);
    expect([random[1], fixed[1]]).toEqual([undefined, true]);
    expect(fixed[0]).not.toBe(random[0]);
  });

  it("arrivals at fixed gaps of operations that are never due: refused, not left out", () => {
    const expanded = (part: object) => () => expand(parse(part), SETTINGS);
    expect(expanded({ arrivals: "fixed" })).toThrow(/"arrivals": "fixed" .* add "rates"/);
    const grids = [{ rates: [10_000] }, {}];
    expect(expanded({ arrivals: "fixed", grids })).not.toThrow();
    expect(expanded({ grids: [grids[0], { arrivals: "fixed" }] })).toThrow(/add "rates"/);
  });

  it("shares a budget of pages among operations, and never goes below the least", () => {
    const experiment = parse({
      pages: [1, 8, 512],
      operations: { pages: 100, dilated_pages: 50, least: 5 },
    });
    const operationsWith = (hostCpus: number) =>
      expand(experiment, { ...SETTINGS, hostCpus }).points.map(
        ({ point }) => point.workload.operations,
      );
    expect(operationsWith(2)).toEqual([100, 12, 5]);
    expect(operationsWith(1)).toEqual([50, 6, 5]);
  });

  it("dilates where the actors do not fit the CPUs", () => {
    const { points } = expand(parse({ iommus: [0, 1] }), SETTINGS);
    expect(points.map(({ point }) => point.dilation)).toEqual([1, 100]);
  });

  it("leaves out points of a free profile that do not fit, and says so", () => {
    const { points, notes } = expand(parse({ profiles: ["host"], iommus: [0, 1] }), SETTINGS);
    expect(points).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringContaining("not run, 1 of 2 combinations: the profile host"),
    ]);
  });

  it("gives a flush queue more windows than it can hold back", () => {
    const { points } = expand(parse({ policies: ["deferred(256,10ms)"], pages: [8] }), SETTINGS);
    const { windows, pages } = points[0].point.workload;
    expect((windows - 1) * pages).toBeGreaterThan(256);
  });

  it("says where there are too few frames for that", () => {
    const experiment = parse({
      workloads: ["munmap-range"],
      policies: ["deferred(256,10ms)"],
      pages: [4096],
    });
    expect(expand(experiment, SETTINGS).notes).toEqual([expect.stringContaining("shorter queue")]);
  });

  it("crosses idle cores and those of another process with the cores, by default none", () => {
    const countsOf = (fields: object) =>
      expand(parse(fields), SETTINGS).points.map(({ point: { cores, workload } }) => [
        cores,
        workload.idleCores,
        workload.otherCores,
      ]);
    expect(countsOf({ cores: [4] })).toEqual([[4, 0, 0]]);
    expect(countsOf({ cores: [4], idle_cores: [0, 2], other_cores: [0, 1] })).toEqual([
      [4, 0, 0],
      [4, 0, 1],
      [4, 2, 0],
      [4, 2, 1],
    ]);
  });

  it("gives points that differ in these cores names that differ, and others the same", () => {
    const idsOf = (fields: object) =>
      expand(parse({ cores: [4], ...fields }), SETTINGS).points.map(({ id }) => id);
    const ids = idsOf({ idle_cores: [0, 1], other_cores: [0, 1] });
    expect(new Set(ids).size).toBe(4);
    expect(ids[0]).toBe(idsOf({})[0]);
  });

  it("leaves out machines whose cores are too few for what they should do, and says so", () => {
    const fields = { cores: [2, 4, 2], initiators: 2, idle_cores: [1], other_cores: [0, 1] };
    const { points, notes } = expand(parse(fields), SETTINGS);
    expect(points.map(({ point }) => point.cores)).toEqual([4, 4]);
    expect(notes).toEqual([
      expect.stringMatching(/^not run, 1 of 4 combinations: .*2 \+ 1 \+ 0 need 3 cores, not 2/),
      expect.stringMatching(/^not run, 1 of 4 combinations: .*2 \+ 1 \+ 1 need 4 cores, not 2/),
    ]);
  });

  it("says of the kernel what it is told, and nothing by default", () => {
    const planOf = (fields: object) => expand(parse(fields), SETTINGS).points[0];
    const told = planOf({
      serial_ns: 500,
      serial_until_flushed: true,
      table_locks: true,
      message_lines: 3,
      target_lines: 1,
      program_pages: 512,
      private_accesses: true,
    });
    const said = {
      serial: { ns: 500, untilFlushed: true },
      tableLocks: true,
      messageLines: 3,
      targetLines: 1,
      programPages: 512,
      privateAccesses: true,
    };
    expect(told.point.workload).toMatchObject(said);
    expect(told.id).not.toBe(planOf({}).id);
    for (const field of Object.keys(said)) {
      expect(planOf({}).point.workload).not.toHaveProperty(field);
    }
  });

  it("refuses serial sections where no operation has one", () => {
    const workloads = ["mprotect"];
    expect(() => expand(parse({ workloads, serial_ns: 1 }), SETTINGS)).toThrow(
      /mprotect does nothing under a lock of its own/,
    );
  });

  it("lets tlb-bench signal a core that is idle, but none that runs another process", () => {
    const signals = { workloads: ["tlb-bench:IPI"], policies: ["akaros"] };
    const runs = (fields: object) => () => expand(parse({ ...signals, ...fields }), SETTINGS);
    expect(runs({ cores: [2], idle_cores: [1] })().points).toHaveLength(1);
    expect(runs({ cores: [3], other_cores: [1] })().points).toHaveLength(1);
    const message = /tlb-bench:IPI signals core 1, which runs another process.*--cores 4/;
    expect(runs({ cores: [3], idle_cores: [1], other_cores: [1] })).toThrow(message);
  });

  it("has each workload say how many pages, initiators and windows it needs", () => {
    const sizesOf = (workload: string) => {
      const sizes = { cores: [4], iommus: [1], devices: [2], pages: [5] };
      const fields = { workloads: [workload], policies: ["akaros"], ...sizes };
      const { points } = expand(parse(fields), SETTINGS);
      const { initiators, windows } = points[0].point.workload;
      return [points[0].pages, initiators, windows];
    };
    expect(sizesOf("munmap")).toEqual([5, 1, 4]);
    expect(sizesOf("server")).toEqual([5, 4, 4]);
    expect(sizesOf("mprotect:widen")).toEqual([5, 1, 1]);
    expect(sizesOf("reclaim")).toEqual([32, 1, 4]);
    expect(sizesOf("nic-rx")).toEqual([64, 2, 11]);
    expect(sizesOf("tlb-bench:NOOP")).toEqual([undefined, 1, 4]);
  });

  it.each([
    ["nic-rx", { iommus: [1] }, /nic-rx is DMA: .*--iommus 1 --devices 1/],
    ["nic-tx", { iommus: [0], devices: [0] }, /nic-tx is DMA: /],
    ["nic-tx", { iommus: [1], devices: [3] }, /a core for each device's ring \(--cores 3\)/],
    ["port:mapped", { iommus: [1], devices: [2] }, /port:mapped is one device/],
    [
      "port:off",
      { iommus: [1], devices: [1], cores: [4], initiators: 4 },
      /a flow for each initiator at least: 4, not 1 \("flows": 4\)/,
    ],
    ["reclaim", { cores: [1] }, /faults in again what is reclaimed \(--cores 2\)/],
    ["idle-heavy", { cores: [3], idle_cores: [2] }, /sleeps and wakes \(--cores 4\)/],
    ["server", { cores: [2], idle_cores: [1] }, /2 \+ 1 \+ 0 need 3 cores, not 2/],
  ])(
    "refuses %s on a machine that lacks what it needs, and says what",
    (workload, fields, message) => {
      const experiment = parse({ workloads: [workload], policies: ["strict"], ...fields });
      expect(() => expand(experiment, SETTINGS)).toThrow(message);
    },
  );

  it("refuses what leaves nothing to run", () => {
    const alone = parse({ workloads: ["tlb-bench:IPI"], policies: ["akaros"], cores: [1] });
    expect(() => expand(alone, SETTINGS)).toThrow(/needs a core to signal/);
    expect(() => expand(parse({ devices: [1] }), SETTINGS)).toThrow(/needs an IOMMU/);
  });
});

describe("an experiment file with a mistake", () => {
  const cases: [what: string, text: string, message: RegExp][] = [
    ["no JSON", '{\n  "name": oops\n}', /^x\.json:2:11: this is no JSON/],
    ["nothing at all", "", /^x\.json is empty: it has no JSON/],
    ["no object", "[]", /^x\.json:1:1: the experiment: /],
    ["no name", '{\n "question": "?" }', /^x\.json:1:1: name is missing: a name/],
    ["an unknown field", '{"name":"x","question":"?",\n "page": [1]}', /^x\.json:2:2: .*"pages"/],
    [
      "an unknown policy",
      '{"name":"x","question":"?",\n "policies": ["strict", "bach"]}',
      /^x\.json:2:25: policies\[1\]: .*"batch"/,
    ],
    [
      "a trace",
      '{"name":"x","question":"?","workloads":["trace:redis"]}',
      /workloads\[0\]: .*shootdown replay/,
    ],
    [
      "a number beyond its range",
      '{"name":"x","question":"?","cores":[5000]}',
      /:1:37: cores\[0\]: a whole number from 1 to 1024/,
    ],
    [
      "a machine that is idle altogether",
      '{"name":"x","question":"?","idle_cores":[1024]}',
      /idle_cores\[0\]: a whole number from 0 to 1023/,
    ],
    [
      "a number that should be a list",
      '{"name":"x","question":"?","cores":2}',
      /cores: a list in brackets/,
    ],
    [
      "half a budget",
      '{"name":"x","question":"?","operations":{"pages":1}}',
      /operations: a whole number, or /,
    ],
    ["a name that no folder can have", '{"name":"../x","question":"?"}', /name: letters, digits/],
  ];
  it.each(cases)("%s: says where, and what would be right", (_what, text, message) => {
    expect(() => parseExperiment("x.json", text)).toThrow(UsageError);
    expect(() => parseExperiment("x.json", text)).toThrow(message);
  });

  it("may hold comments and a last comma", () => {
    const text = '{ // why\n "name": "x", "question": "?", }';
    expect(parseExperiment("x.json", text).experiment.name).toBe("x");
  });
});
