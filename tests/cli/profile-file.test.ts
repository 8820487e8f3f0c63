import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expand } from "../../dist/src/cli/experiments/expand.js";
import { loadExperiment, parseExperiment } from "../../dist/src/cli/experiments/load.js";
import { parseProfile, parseProfileText } from "../../dist/src/cli/profile-file.js";
import { UsageError } from "../../dist/src/engine/errors.js";
import { isFree, type Profile } from "../../dist/src/engine/profile/profile.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { shootdown } from "../support/program.ts";

const HASWELL = PROFILES.find(({ name }) => name === "haswell-2s")!;
const CHANGED = { name: "mine", base: "haswell-2s", costs: { deliveryNs: 350 } };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shootdown-profile-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function parse(fields: object): Profile {
  return parseProfileText("mine.json", JSON.stringify(fields));
}

function write(name: string, content: object): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe("a profile from a file", () => {
  it("has its base's values but where it gives its own", () => {
    const mine = parse({ ...CHANGED, topology: { sockets: 4 }, l2: { sets: 64, ways: 8 } });
    const source = "mine.json, which gives no source";
    expect(mine).toEqual({
      ...HASWELL,
      name: "mine",
      summary: "haswell-2s with the changes of mine.json",
      topology: { ...HASWELL.topology, sockets: { count: 4, grade: "given", source } },
      costs: { ...HASWELL.costs, deliveryNs: { ns: 350, grade: "given", source } },
      l2: { sets: 64, ways: 8 },
      origins: { ...HASWELL.origins, l2: { grade: "given", source } },
    });
  });

  it("says where TLB sizes and how cores are told come from, if the file does", () => {
    const known = { grade: "memory", source: "a data sheet" };
    const { origins } = parse({ ...CHANGED, origins: { l2: known, shootsBy: known } });
    expect(origins).toEqual({ ...HASWELL.origins, l2: known, shootsBy: known });
  });

  it("says of all TLB sizes at once where they come from, as an older manifest does", () => {
    const given = { grade: "given", source: "a data sheet" };
    const { origins } = parse({ ...CHANGED, tlbSource: "a data sheet" });
    const { shootsBy } = HASWELL.origins;
    expect(origins).toEqual({ shootsBy, l1: given, l2: given, iotlb: given });
  });

  it("says where a value comes from, if the file does", () => {
    const known = { ns: 350, grade: "interpolated", source: "between two others" };
    expect(parse({ ...CHANGED, costs: { walkNs: known } }).costs.walkNs).toEqual(known);
  });

  it.each(PROFILES.map((profile) => [profile.name, profile] as const))(
    "%s: as a manifest shows it, under another name and without a base, is that profile",
    (_, profile) => {
      expect(parse({ ...profile, name: "mine" })).toEqual({ ...profile, name: "mine" });
    },
  );

  it("a complex of its base that is larger than its own socket: is the socket", () => {
    const small = { sockets: 4, coresPerSocket: 12 };
    expect(parse({ ...CHANGED, topology: small }).topology.coresPerComplex).toEqual({
      ...{ count: 12, grade: "derived" },
      source: "no more than coresPerSocket; haswell-2s has 18",
    });
    const { topology } = parse({ name: "mine", base: "zen3-2s", topology: small });
    expect(topology.coresPerComplex.count).toBe(8);
  });

  it("may take away broadcasts, or all costs", () => {
    expect(parse({ name: "mine", base: "zen3-2s", shootsBy: "ipi" }).shootsBy).toBe("ipi");
    const free = parse({ name: "mine", base: "host", shootsBy: "both" });
    expect(isFree(free)).toBe(true);
  });

  it("may hold comments and a last comma", () => {
    const text = '{ // why\n "name": "mine", "base": "host", }';
    expect(parseProfileText("mine.json", text).name).toBe("mine");
  });

  it("stands wherever a name does: what ends in .json or has a slash is a file", () => {
    expect(parseProfile("haswell-2s")).toBe(HASWELL);
    expect(parseProfile(write("plain", CHANGED)).costs.deliveryNs.ns).toBe(350);
    expect(() => parseProfile("none.json")).toThrow(
      "cannot read the profile none.json: there is no such file",
    );
    expect(() => parseProfile(folder)).toThrow(UsageError);
  });
});

describe("a profile file with a mistake", () => {
  const base = '{"name":"mine","base":"host"';
  const cases: [what: string, text: string, message: RegExp][] = [
    ["no JSON", '{\n  "name": oops\n}', /^mine\.json:2:11: this is no JSON/],
    ["nothing at all", "", /^mine\.json is empty: it has no JSON/],
    ["lists without an end", "[".repeat(1e5), /^mine\.json: lists or objects are nested too deep/],
    [
      "a field that stands there twice",
      `${base},\n "costs": {"walkNs": 1,\n  "walkNs": 2}}`,
      /^mine\.json:3:3: costs has the field "walkNs" twice: leave one out/,
    ],
    ["no object", "[]", /^mine\.json:1:1: the profile: /],
    ["no name", '{"base":"host"}', /^mine\.json:1:1: name is missing: a name/],
    ["a name with blanks", '{"name":"my own","base":"host"}', /:1:9: name: letters, digits/],
    ["a shipped profile's name", '{"name":"host"}', /:1:9: name: "host" comes with the program/],
    ["an unknown base", '{"name":"mine","base":"hasvell-2s"}', /base: .*"haswell-2s"/],
    ["a file as its base", '{"name":"mine","base":"./x.json"}', /base: there is no profile/],
    ["an unknown field", `${base},\n "cost": {}}`, /:2:2: the profile has no field .*"costs"/],
    [
      "an unknown cost",
      `${base},\n "costs": {"walkNs": 1,\n  "delveryNs": 2}}`,
      /^mine\.json:3:3: costs has no field "delveryNs": did you mean "deliveryNs"\? There are ipi/,
    ],
    [
      "two unknown costs",
      `${base},"costs":{"walk":1,"pte":2}}`,
      /"walk": did you mean "walkNs"[\s\S]*\n[\s\S]*"pte": did you mean "pteNs"/,
    ],
    [
      "an unknown count",
      `${base},"topology":{"socket":2}}`,
      /topology has no field "socket": did you mean "sockets"/,
    ],
    ["a negative cost", `${base},"costs":{"walkNs":-1}}`, /:1:48: costs\.walkNs: a whole number/],
    ["half a ns", `${base},"costs":{"walkNs":0.5}}`, /costs\.walkNs: a whole number from 0 to/],
    [
      "a cost that is text",
      `${base},"costs":{"walkNs":"17"}}`,
      /costs\.walkNs: whole ns, or {"ns": …, "grade": …, "source": …}/,
    ],
    [
      "a cost without a source",
      `${base},"costs":{"walkNs":{"ns":1,"grade":"memory"}}}`,
      /costs\.walkNs\.source is missing: where the value comes from/,
    ],
    [
      "an unknown grade",
      `${base},"costs":{"walkNs":{"ns":1,"grade":"guess","source":"me"}}}`,
      /costs\.walkNs\.grade: one of sourced, derived, interpolated, memory, zero, given/,
    ],
    [
      "an unknown field of a cost",
      `${base},"costs":{"walkNs":{"ns":1,"grade":"memory","sauce":"x","source":"me"}}}`,
      /costs\.walkNs has no field "sauce": did you mean "source"/,
    ],
    [
      "a count where a cost is",
      `${base},"costs":{"walkNs":{"count":1,"grade":"memory","source":"me"}}}`,
      /costs\.walkNs\.ns is missing: a whole number/,
    ],
    ["no socket", `${base},"topology":{"sockets":0}}`, /topology\.sockets: a whole number from 1/],
    [
      "more cores than a machine can have",
      `${base},"topology":{"coresPerSocket":1025}}`,
      /topology\.coresPerSocket: a whole number from 1 to 1024/,
    ],
    [
      "a complex that does not fit its socket",
      `${base},"topology":{"coresPerSocket":12,"coresPerComplex":18}}`,
      /topology\.coresPerComplex: a complex of 18 cores does not fit a socket of 12: give 12 or/,
    ],
    [
      "an unknown way to tell cores",
      `${base},"shootsBy":"shouting"}`,
      /shootsBy: one of ipi, broadcast, both/,
    ],
    [
      "broadcasts that cost nothing",
      '{"name":"mine","base":"haswell-2s","shootsBy":"both"}',
      /:1:47: shootsBy: .*broadcastSendNs above 0/,
    ],
    ["sets that are no power", `${base},"l1":{"sets":3,"ways":1}}`, /l1\.sets: a power of two/],
    [
      "a broadcast that costs nothing, on a base that broadcasts",
      '{"name":"mine","base":"arm-broadcast","costs":{"broadcastSendNs":{"ns":0,"grade":"memory","source":"x"}}}',
      /shootsBy: a machine that broadcasts/,
    ],
    ["half a TLB", `${base},"l1":{"sets":4}}`, /l1\.ways is missing: a whole number from 1 to 64/],
    [
      "no base, and little else",
      '{"name":"mine"}',
      /shootsBy, topology, costs, .* missing: .*base/,
    ],
    [
      "no base, and a cost too few",
      JSON.stringify({ ...HASWELL, name: "mine", costs: { ...HASWELL.costs, walkNs: undefined } }),
      /: costs: walkNs missing: .*"base": "haswell-2s"/,
    ],
  ];
  it.each(cases)("%s: says where, and what would be right", (_what, text, message) => {
    expect(() => parseProfileText("mine.json", text)).toThrow(UsageError);
    expect(() => parseProfileText("mine.json", text)).toThrow(message);
  });
});

describe("experiments with profiles of one's own", () => {
  const SETTINGS = {
    jitter: undefined,
    check: "auto",
    quick: false,
    seed: 1,
    hostCpus: 2,
    overrides: {},
  } as const;

  it("find them from their own folder, in grids and in quick, too", () => {
    mkdirSync(join(folder, "near"), { recursive: true });
    write("near/mine.json", CHANGED);
    const profiles = ["akaros-2020", "./mine.json"];
    const definition = { name: "x", question: "?", profiles, quick: { grids: [{ profiles }] } };
    const loaded = loadExperiment(write("near/experiment.json", definition));
    for (const quick of [false, true]) {
      const { points } = expand(loaded.experiment, { ...SETTINGS, quick });
      expect(points.map(({ point }) => point.profile.name)).toEqual(["akaros-2020", "mine"]);
    }
    expect(loaded.definition).toEqual(definition);
  });

  it("say where in both files something is wrong", () => {
    write("broken.json", { ...CHANGED, costs: { walkNS: 1 } });
    const text = '{"name":"x","question":"?",\n "profiles":["broken.json"]}';
    expect(() => parseExperiment(join(folder, "x.json"), text)).toThrow(
      /x\.json:2:14: profiles\[0\]: .*broken\.json:1:\d+: costs has no field .*"walkNs"/,
    );
  });

  it("have a point for each difference, even in what is not a cost", () => {
    const paths = [
      write("a.json", { name: "mine", base: "zen3-2s" }),
      write("b.json", { name: "mine", base: "zen3-2s", topology: { coresPerComplex: 4 } }),
      write("c.json", { name: "mine", base: "zen3-2s", shootsBy: "ipi" }),
      write("d.json", { name: "mine", base: "zen3-2s", costs: { walkColdNs: 1 } }),
    ];
    const definition = { name: "x", question: "?", profiles: [...paths, paths[0]] };
    const { experiment } = parseExperiment("x.json", JSON.stringify(definition));
    expect(expand(experiment, SETTINGS).points).toHaveLength(4);
  });
});

describe("the command line with a profile of one's own", () => {
  const tiny = ["bench", "tests/fixtures/tiny.json", "--policy", "strict", "--quiet"];

  it("bench: runs it, and the manifest has it whole", async () => {
    const out = join(folder, "run");
    const mine = write("mine.json", CHANGED);
    const { code, stdout, stderr } = await shootdown([
      ...[...tiny, "--profile", `${mine},haswell-2s,${mine}`, "--out", out, "--format", "json"],
    ]);
    expect(stderr).not.toContain("error");
    expect(code).toBe(0);
    const names = JSON.parse(stdout).map(({ profile }: { profile: string }) => profile);
    expect(names).toEqual(["mine", "haswell-2s"]);
    const { profiles } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(profiles).toEqual([parseProfile(mine), HASWELL]);
  });

  it("bench: refuses two that are called the same and differ", async () => {
    const paths = [
      write("one.json", CHANGED),
      write("two.json", { ...CHANGED, costs: { deliveryNs: 360 } }),
    ];
    const out = join(folder, "never");
    const { code, stderr } = await shootdown([
      ...[...tiny, "--profile", paths.join(","), "--out", out],
    ]);
    expect(stderr).toMatch(/two different profiles are called "mine"/);
    expect(code).toBe(2);
  });

  it("bench: refuses a broken one with its place", async () => {
    const path = write("bad.json", { ...CHANGED, costs: { deliveryNs: "fast" } });
    const { code, stderr } = await shootdown([...tiny, "--profile", path]);
    expect(stderr).toMatch(/bad\.json:1:\d+: costs\.deliveryNs: whole ns, or/);
    expect(stderr).not.toContain("    at ");
    expect(code).toBe(2);
  });

  it("profiles: shows it as it shows the others", async () => {
    const path = write("shown.json", CHANGED);
    const { code, stdout } = await shootdown(["profiles", path, "--format", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual({
      name: "deliveryNs",
      value: "350",
      interval: "",
      grade: "given",
      source: `${path}, which gives no source`,
    });
  });
});
