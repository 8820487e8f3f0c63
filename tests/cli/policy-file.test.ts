import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expand } from "../../dist/src/cli/experiments/expand.js";
import { parseExperiment } from "../../dist/src/cli/experiments/load.js";
import { parsePolicyText } from "../../dist/src/cli/policy-file.js";
import { loadPolicies } from "../../dist/src/cli/policy-list.js";
import { UsageError } from "../../dist/src/engine/errors.js";
import { choicesOf } from "../../dist/src/engine/policy/choices.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import {
  describeExtent,
  describeIommu,
  describeReuses,
  describeWhen,
  describeWhom,
} from "../../dist/src/engine/policy/policy.js";
import { PRESETS } from "../../dist/src/engine/policy/presets.js";
import { decisions } from "../support/policy-space.ts";
import { shootdown } from "../support/program.ts";

const SETTINGS = {
  quick: false,
  seed: 1,
  jitter: undefined,
  hostCpus: 2,
  check: "auto" as const,
  overrides: {},
};
const SWEEP = "examples/policies/gather-sweep.js";
const PRESETS_URL = new URL("../../dist/src/engine/policy/index.js", import.meta.url).href;

let folder: string;
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shootdown-policies-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A new file of the user's, with the ending that says what it is. */
function write(ending: string, text: string): string {
  const path = join(folder, `policy-${++files}${ending}`);
  writeFileSync(path, text);
  return path;
}

function experimentWith(policies: unknown[]) {
  const text = JSON.stringify({ name: "x", question: "?", policies }, null, 1);
  return parseExperiment(join(folder, "x.json"), text).experiment;
}

describe("a policy in JSON", () => {
  it("the cells of a row: make the policy of that row", () => {
    fc.assert(
      fc.property(decisions, (policy) => {
        const cells = {
          when_cores: describeWhen(policy.whenCores),
          when_iommu: describeWhen(policy.whenIommu),
          whom: describeWhom(policy.whom),
          ack: policy.ack,
          local: policy.local,
          iommu: `${describeIommu(policy.iommu)}${policy.iommu.leafHint ? "" : "/no-leaf-hint"}`,
          reuse: describeReuses(policy.reuse),
          extent: describeExtent(policy.extent),
        };
        const read = parsePolicyText("p.json", JSON.stringify({ name: "mine", ...cells }));
        expect(choicesOf(read)).toEqual(choicesOf(policy));
      }),
      { numRuns: 300 },
    );
  });

  it("what it leaves out: is as in its base, or in strict", () => {
    const read = (fields: object) =>
      choicesOf(parsePolicyText("p.json", JSON.stringify({ name: "mine", ...fields })));
    expect(read({})).toEqual(choicesOf(parsePolicy("strict")));
    expect(read({ base: "linux-x86", ack: "early", iommu: "domain" })).toEqual(
      choicesOf(parsePolicy("linux-x86+early-ack+domain")),
    );
  });

  it("in an experiment: stands as an object, or as a file beside it", () => {
    const path = write(".json", '{"name": "filed", "whom": "accessed"}');
    const experiment = experimentWith([
      "strict",
      { name: "mine", reuse: "frames:after-ticks(2)" },
      `./${path.split("/").at(-1)}`,
      "strict+early-ack",
    ]);
    const names = expand(experiment, SETTINGS).points.map(({ point }) => point.policy.name);
    expect(names).toEqual(["strict", "mine", "filed", "strict+early-ack"]);
  });

  const refused: [what: string, fields: object, message: RegExp][] = [
    ["an unknown field", { ak: "early" }, /ak: .*did you mean "ack"/],
    ["an unknown word", { ack: "erly" }, /ack: .*did you mean "early"/],
    ["a word of another field", { whom: "domain" }, /whom: there is no word of whom "domain"/],
    ["two words for one choice", { iommu: "page/domain" }, /iommu: .*choose the same thing/],
    ["a number beyond its range", { when_cores: "batch(0)" }, /when_cores: .*1 to 9690/],
    [
      "a half where there is none",
      { when_iommu: "batch(3,cores)" },
      /when_iommu: .*batch\(PAGES\)/,
    ],
    ["no text", { extent: 33 }, /extent: .*string/],
    ["reuse of what is not reused", { reuse: "pages:at-once" }, /write frames:WHEN/],
    ["an unknown base", { base: "linux" }, /base: .*did you mean "linux-/],
    ["a name that is taken", { name: "akaros" }, /"akaros" is another policy already/],
    ["what means nothing", { when_iommu: "tick(64,1ms)" }, /an IOMMU has no tick/],
  ];
  it.each(refused)("%s: is refused at its place, there and in a file", (_, fields, message) => {
    const text = JSON.stringify({ name: "mine", ...fields });
    expect(() => parsePolicyText("p.json", text)).toThrow(UsageError);
    expect(() => parsePolicyText("p.json", text)).toThrow(message);
    expect(() => parsePolicyText("p.json", text)).toThrow(/^p\.json:1:\d+: /);
    expect(() => experimentWith(["strict", { name: "mine", ...fields }])).toThrow(
      /x\.json:\d+:\d+: policies\[1\]/,
    );
  });

  it("a module in an experiment: is refused, as a module runs code", () => {
    expect(() => experimentWith(["./mine.js"])).toThrow(/mine\.js is an ES module, which only --p/);
  });

  it.each(["[]", "3", '"strict"'])("%s: is no policy", (text) => {
    expect(() => parsePolicyText("p.json", text)).toThrow(/p\.json:1:1: /);
  });
});

describe.concurrent("a policy from an ES module", () => {
  it("one that composes presets, and one that is plain data", async () => {
    const composed = write(
      ".mjs",
      `import { compose, PRESETS } from "${PRESETS_URL}";
       const base = PRESETS.find(({ name }) => name === "linux-x86");
       export default compose(base, ["early-ack"], { name: "a", summary: "", source: "" });`,
    );
    const data = write(
      ".mjs",
      `export default ${JSON.stringify({ ...parsePolicy("abis"), name: "b" })};`,
    );
    const policies = await loadPolicies(`${composed},strict,${data}`);
    expect(policies.map(({ name }) => name)).toEqual(["a", "strict", "b"]);
    expect(choicesOf(policies[0])).toEqual(choicesOf(parsePolicy("linux-x86+early-ack")));
    expect(choicesOf(policies[2])).toEqual(choicesOf(parsePolicy("abis")));
  });

  it("every preset as plain data: is taken as it is", async () => {
    const copies = PRESETS.map((policy) => ({ ...policy, name: `my-${policy.name}` }));
    const text = JSON.stringify(copies).replaceAll(/"timeoutNs":null/g, '"timeoutNs":Infinity');
    expect(await loadPolicies(write(".mjs", `export default ${text};`))).toEqual(copies);
  });

  const policy = JSON.stringify({ ...parsePolicy("strict"), name: "mine" });
  const refused: [what: string, text: string, message: RegExp][] = [
    ["no default export", "export const policy = {};", /has no default export/],
    ["an empty list", "export default [];", /an empty list/],
    ["something else", "export default 3;", /: a Policy, such as compose/],
    [
      "a promise",
      "export default new Promise(() => {});",
      /is a promise: write "export default aw/,
    ],
    [
      "what throws when it is looked at",
      'export default new Proxy({}, { get() { throw new Error("private"); } });',
      /throws Error: private \(.*:1:/,
    ],
    ["a wait without an end", "await new Promise(() => {});", /not been loaded after 5 s/],
    [
      "a part that is none",
      `import { compose, PRESETS } from "${PRESETS_URL}"; compose(PRESETS[0], ["nonsense"], {});`,
      /throws UsageError: there is no part of a policy "nonsense"/,
    ],
    ["a throw", 'throw new RangeError("no sizes");', /throws RangeError: no sizes/],
    ["what is no JavaScript", "export default {", /throws SyntaxError/],
    ["a package that is not there", 'import "nothing-like-it";', /nothing-like-it/],
    [
      "a missing field",
      "export default { name: 'mine' };",
      /whenCores is missing: an object whose kind/,
    ],
    [
      "a wrong value",
      `export default [{ ...${policy}, extent: { fullAbovePages: -1, generations: true } }];`,
      /\[0\]\.extent\.fullAbovePages: /,
    ],
    [
      "a field that there is not",
      `export default { ...${policy}, whenCore: 1 };`,
      /there is no field "whenCore"/,
    ],
    [
      "a number beyond its range",
      `export default { ...${policy}, whenCores: { kind: "batch", pages: 0 } };`,
      /whenCores\.pages: a whole number from 1 to 9690|whenCores\.pages: Too small/,
    ],
    [
      "a name that is taken",
      `export default { ...${policy}, name: "akaros" };`,
      /"akaros" is another policy already/,
    ],
    [
      "what means nothing",
      `export default { ...${policy}, whenIommu: { kind: "tick", states: 4, periodNs: 1e6 } };`,
      /an IOMMU has no tick/,
    ],
  ];
  it.each(refused)("%s: is refused with the file and the reason", async (_, text, message) => {
    const path = write(".mjs", text);
    const error = await loadPolicies(path).catch((reason: unknown) => reason as Error);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringContaining(path) });
  });

  it("a throw in a script that is no ES module: says where in that", async () => {
    const path = write(".js", '\nthrow new Error("no sizes");');
    await expect(loadPolicies(path)).rejects.toThrow(
      `${path}: it throws Error: no sizes (${realpathSync(path)}:2:7)`,
    );
  });

  it("a module that leaves something alive: the program ends when it is done", async () => {
    const text = `setInterval(() => {}, 1000); export default { ...${policy}, name: "alive" };`;
    const { code, stdout } = await shootdown(["policies", write(".mjs", text), "--format", "csv"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("name,alive")]);
  });

  it("a module that waits for something alive: the program ends all the same", async () => {
    const path = write(".mjs", "setInterval(() => {}, 1000); await new Promise(() => {});");
    const { code, stderr } = await shootdown(["policies", path]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("not been loaded after 5 s")]);
  });

  it("a file that is not there, and two policies of one name: are refused", async () => {
    await expect(loadPolicies("./none.js")).rejects.toThrow(/none\.js: there is no such file/);
    const [one, other] = ["early", "none"].map((ack) =>
      write(".json", JSON.stringify({ name: "mine", ack })),
    );
    await expect(loadPolicies(`${one},${other}`)).rejects.toThrow(/two policies are called "mine"/);
  });
});

describe.concurrent("the program", () => {
  it("bench --policy examples/…: runs each policy of the list", async () => {
    const { code, stdout } = await shootdown([
      ...["bench", "tests/fixtures/tiny.json", "--policy", `strict,${SWEEP}`, "--quiet"],
      ...["--executor", "virtual", "--iommus", "1", "--out", join(folder, "run")],
    ]);
    expect(code).toBe(0);
    const rows: Record<string, string>[] = parse(stdout, { columns: true });
    expect(rows.map(({ policy, when_cores }) => [policy, when_cores])).toEqual([
      ["strict", "each"],
      ["gather-8", "batch(8)"],
      ["gather-16", "batch(16)"],
      ["gather-64", "batch(64)"],
    ]);
  });

  it("policies FILE: lists what a module has, or explains a file", async () => {
    const { stdout } = await shootdown(["policies", SWEEP, "--format", "json"]);
    expect(JSON.parse(stdout)).toHaveLength(3);
  });

  it("bench: refuses an experiment in which two policies are called the same and differ", async () => {
    const [one, other] = ["early", "none"].map((ack) => ({ name: "mine", ack }));
    const experiment = { name: "x", question: "?", policies: [one, other] };
    const path = write(".json", JSON.stringify(experiment));
    const { code, stderr } = await shootdown(["bench", path, "--out", join(folder, "never")]);
    expect(stderr).toMatch(/two different policies are called "mine": give one another "name"/);
    expect(code).toBe(2);
  });

  it("a module that throws: ends with exit status 2 and no stack", async () => {
    const path = write(".mjs", 'throw new Error("no sizes");');
    const { code, stderr } = await shootdown(["bench", "--policy", path, "--quiet"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*throws Error: no sizes/);
    expect(stderr).not.toContain("\n    at ");
  });
});

describe("policies that broadcast", () => {
  it("are left out where machines have IPIs only, with the reason", () => {
    const experiment = experimentWith(["strict", "invlpgb", "arm-broadcast"]);
    const { points, notes } = expand(experiment, SETTINGS);
    expect(points).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringMatching(/1 of 3 combinations: invlpgb broadcasts.*--profile zen3-2s/),
      expect.stringMatching(
        /1 of 3 combinations: arm-broadcast broadcasts.*--profile arm-broadcast\)/,
      ),
    ]);
  });
});
