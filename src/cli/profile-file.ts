// Machine profiles by name or from a user's JSON file. A file may name a shipped profile as its
// base: then it says only what is different.
//
// field                  what
// name                   not that of a shipped profile
// base                   whose values hold where the file gives none; without it, all are needed
// costs                  by name: whole ns, or {"ns": …, "grade": …, "source": …}, with "interval":
//                        [from, to] where it was measured
// topology               by name: a count, or {"count": …, "grade": …, "source": …}
// shootsBy               ipi, broadcast, both
// l1, l2, iotlb          {"sets": a power of two, "ways": …}
// origins                by name of the last four: {"grade": …, "source": …}
// tlbSource              where sizes come from that have no origin, as older manifests say it
// fit                    what `shootdown calibrate` knows besides, for `shootdown validate`

import { z } from "zod";
import { FIT_SOURCES, type FittedProfile } from "../calibration/fitted-profile.ts";
import { UsageError } from "../engine/errors.ts";
import { STRUCTURE_ENTRIES } from "../engine/layout/regions.ts";
import { MAX_CORES } from "../engine/layout/shape.ts";
import { byName } from "../engine/names.ts";
import type { CostName } from "../engine/profile/costs.ts";
import {
  GRADES,
  type Known,
  PARTS_WITH_ORIGIN,
  type PartWithOrigin,
  type Profile,
  SHOOTS_BY,
} from "../engine/profile/profile.ts";
import { HOST, PROFILES } from "../engine/profile/profiles.ts";
import type { TopologyName } from "../engine/profile/topology.ts";
import { isFile, JsonFile, named, nameField, oneOf, wholeNumber } from "../results/json-file.ts";

const WHAT = "the profile";
/** A second: a step that takes longer is a slip of the pen. */
const MAX_COST_NS = 1_000_000_000;
const MAX_SOCKETS = 64;
const MAX_SETS = 4096;
const MAX_WAYS = 64;

const COST_NAMES = Object.keys(HOST.costs) as CostName[];

/** What a file without a base must have. */
const PARTS = ["shootsBy", "topology", "costs", "l1", "l2", "iotlb"] as const;

/** A shipped profile by its name, or one from a file. Throws a UsageError. */
export function parseProfile(nameOrFile: string): Profile {
  return isFile(nameOrFile) ? readProfile(nameOrFile) : byName("profile", nameOrFile, PROFILES);
}

function readProfile(path: string): Profile {
  return profileOf(JsonFile.read(WHAT, path));
}

/** Parses and checks the text of a profile. Throws a UsageError. */
export function parseProfileText(path: string, text: string): Profile {
  return profileOf(new JsonFile(WHAT, path, text));
}

/** A profile that `calibrate` has written, with what it knows besides. Throws a UsageError. */
export function readFittedProfile(path: string): FittedProfile {
  if (!isFile(path)) throw notFitted(byName("profile", path, PROFILES).name);
  const file = JsonFile.read(WHAT, path);
  const profile = profileOf(file);
  const { fit } = file.check(schemaFor(path));
  if (fit === undefined) throw notFitted(path);
  return { profile, fit };
}

function notFitted(name: string): UsageError {
  return new UsageError(
    `${name} was not fitted to anything: write a profile with shootdown calibrate, or from a ` +
      "trace with shootdown calibrate --from TRACE",
  );
}

function profileOf(file: JsonFile): Profile {
  const given = file.check(schemaFor(file.path));
  const { base } = given;
  refuseShippedName(file, given.name);
  if (base === undefined) refuseGaps(file, given);
  const profile = {
    name: given.name,
    summary: given.summary ?? summaryOf(file.path, base),
    shootsBy: given.shootsBy ?? base?.shootsBy,
    topology: topologyOf(file, given),
    costs: { ...base?.costs, ...given.costs },
    l1: given.l1 ?? base?.l1,
    l2: given.l2 ?? base?.l2,
    iotlb: given.iotlb ?? base?.iotlb,
    origins: originsOf(file.path, given),
  } as Profile; // Whole: what neither file nor base has was refused above.
  refuseUnpaidBroadcasts(file, profile);
  return profile;
}

/**
 * The counts of the base but where the file gives its own. Cores of a base's complex that is larger
 * than the file's socket all stand in one: then the complex is the socket.
 */
function topologyOf(file: JsonFile, { base, topology: given = {} }: Given) {
  const counts = { ...base?.topology, ...given };
  const { coresPerSocket, coresPerComplex } = counts;
  if (coresPerSocket === undefined || coresPerComplex === undefined) return counts;
  if (coresPerComplex.count <= coresPerSocket.count) return counts;
  if (given.coresPerComplex !== undefined) {
    throw file.problem(
      ["topology", "coresPerComplex"],
      `a complex of ${coresPerComplex.count} cores does not fit a socket of ` +
        `${coresPerSocket.count}: give ${coresPerSocket.count} or less, or a larger coresPerSocket`,
    );
  }
  const source = `no more than coresPerSocket; ${base?.name} has ${coresPerComplex.count}`;
  return {
    ...counts,
    coresPerComplex: { count: coresPerSocket.count, grade: "derived" as const, source },
  };
}

type Given = z.infer<ReturnType<typeof schemaFor>>;

/** The schema of a file, whose path is the source of bare numbers. */
function schemaFor(path: string) {
  const source = silent(path);
  const costs = Object.fromEntries(COST_NAMES.map((name) => [name, costOf(source)])) as Record<
    CostName,
    ReturnType<typeof costOf>
  >;
  const topology = {
    sockets: countOf(1, MAX_SOCKETS, source),
    coresPerSocket: countOf(1, MAX_CORES, source),
    coresPerComplex: countOf(1, MAX_CORES, source),
    clusterCores: countOf(0, MAX_CORES, source),
    cachedRegions: countOf(1, STRUCTURE_ENTRIES, source),
  } satisfies Record<TopologyName, unknown>;
  const known = z.strictObject(origin(), '{"grade": …, "source": …}');
  const origins = { shootsBy: known, l1: known, l2: known, iotlb: known } satisfies Record<
    PartWithOrigin,
    unknown
  >;
  return z.strictObject({
    name: nameField(),
    summary: z.string("what machine it is, in one line").min(1, "what machine it is").optional(),
    base: named((name) => byName("profile", name, PROFILES)).optional(),
    shootsBy: oneOf(SHOOTS_BY).optional(),
    topology: z.strictObject(topology, "an object of counts").partial().optional(),
    costs: z.strictObject(costs, "an object of costs").partial().optional(),
    l1: tlb().optional(),
    l2: tlb().optional(),
    iotlb: tlb().optional(),
    origins: z.strictObject(origins, "an object of origins").partial().optional(),
    tlbSource: z.string("where the sizes come from").optional(),
    fit: fitRecord().optional(),
  });
}

function fitRecord() {
  const whole = z.number("ns");
  return z.strictObject(
    {
      from: oneOf(FIT_SOURCES),
      base: z.string("whose values stand where nothing was measured"),
      where: z.string("what was measured"),
      seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
      beforeNs: wholeNumber(0, MAX_COST_NS),
      afterNs: wholeNumber(0, MAX_COST_NS),
      line: z.strictObject(
        { baseNs: whole, perPageNs: whole, perSendNs: whole },
        '{"baseNs": …, "perPageNs": …, "perSendNs": …}',
      ),
    },
    "as shootdown calibrate writes it",
  );
}

function costOf(source: string) {
  const form = 'whole ns, or {"ns": …, "grade": …, "source": …}';
  const interval = z.tuple(
    [wholeNumber(0, MAX_COST_NS), wholeNumber(0, MAX_COST_NS)],
    "[from, to]",
  );
  return z.preprocess(
    (value) => (typeof value === "number" ? { ns: value, grade: "given", source } : value),
    z.strictObject(
      { ns: wholeNumber(0, MAX_COST_NS), ...origin(), interval: interval.optional() },
      form,
    ),
  );
}

function countOf(least: number, most: number, source: string) {
  const form = 'a count, or {"count": …, "grade": …, "source": …}';
  return z.preprocess(
    (value) => (typeof value === "number" ? { count: value, grade: "given", source } : value),
    z.strictObject({ count: wholeNumber(least, most), ...origin() }, form),
  );
}

function origin() {
  const source = "where the value comes from";
  return { grade: oneOf(GRADES), source: z.string(source).min(1, source) };
}

function tlb() {
  const sets = `a power of two from 1 to ${MAX_SETS}`;
  return z.strictObject(
    {
      sets: z
        .int(sets)
        .min(1)
        .max(MAX_SETS)
        .refine((count) => (count & (count - 1)) === 0, sets),
      ways: wholeNumber(1, MAX_WAYS),
    },
    '{"sets": …, "ways": …}',
  );
}

function silent(path: string): string {
  return `${path}, which gives no source`;
}

function summaryOf(path: string, base: Profile | undefined): string {
  return base === undefined ? `from ${path}` : `${base.name} with the changes of ${path}`;
}

/** What the file gives without an origin is `given`; what it leaves out is the base's. */
function originsOf(path: string, given: Given): Profile["origins"] {
  const origins = PARTS_WITH_ORIGIN.map((part): [PartWithOrigin, Known | undefined] => {
    const said = part === "shootsBy" ? undefined : given.tlbSource;
    const here: Known = { grade: "given", source: said ?? silent(path) };
    const isHere = given[part] !== undefined || said !== undefined;
    return [part, given.origins?.[part] ?? (isHere ? here : given.base?.origins[part])];
  });
  return Object.fromEntries(origins) as Profile["origins"];
}

/** Rows of results name their profile: one name must not stand for two. */
function refuseShippedName(file: JsonFile, name: string): void {
  if (!PROFILES.some((shipped) => shipped.name === name)) return;
  throw file.problem(
    ["name"],
    `"${name}" comes with the program: choose another name, and say "base": "${name}"`,
  );
}

function refuseGaps(file: JsonFile, given: Given): void {
  const remedy = 'give what is missing, or a "base" that has it, such as "base": "haswell-2s"';
  const parts = PARTS.filter((part) => given[part] === undefined);
  if (parts.length > 0) throw file.problem([], `${parts.join(", ")} missing: ${remedy}`);
  for (const part of ["topology", "costs"] as const) {
    const names = Object.keys(HOST[part]).filter((name) => !(name in given[part]!));
    if (names.length > 0) throw file.problem([part], `${names.join(", ")} missing: ${remedy}`);
  }
}

/** Where nothing costs anything broadcasts may be free, too. */
function refuseUnpaidBroadcasts(file: JsonFile, { shootsBy, costs }: Profile): void {
  if (shootsBy === "ipi" || costs.broadcastSendNs.ns > 0) return;
  if (Object.values(costs).every(({ ns }) => ns === 0)) return;
  throw file.problem(
    ["shootsBy"],
    `a machine that broadcasts has costs.broadcastSendNs above 0, not 0 (or "shootsBy": "ipi")`,
  );
}
