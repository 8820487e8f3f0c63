// Runs whose difference would be that of something else: of another computer, of another machine
// under the same name, of files that mean something else.

import { UsageError } from "../../engine/errors.ts";
import { MANIFEST_SCHEMA } from "../manifest.ts";
import type { Run } from "./run.ts";
import type { RunProfile } from "./run-manifest.ts";

/** What a user may allow to differ. */
export interface Allowances {
  readonly otherHost: boolean;
  readonly otherProfile: boolean;
  readonly otherSchema: boolean;
}

const HOST_KEYS = ["cpu", "cpus", "kernel", "node"] as const;
/** Of a long list the first few say enough. */
const NAMED = 5;

/** @throws UsageError for files of another form, unless that is allowed. */
export function refuseOtherSchema(runs: readonly Run[], { otherSchema }: Allowances): void {
  if (otherSchema) return;
  for (const { folder, manifest } of runs) {
    if (manifest.schema !== MANIFEST_SCHEMA) {
      throw new UsageError(
        `${folder} has the schema ${manifest.schema}, not ${MANIFEST_SCHEMA}: columns may mean ` +
          "something else. --allow-other-schema compares those that both have.",
      );
    }
  }
}

/** @throws UsageError where a name means two machines, unless that is allowed. */
export function refuseOtherProfiles(base: Run, next: Run, { otherProfile }: Allowances): void {
  if (otherProfile) return;
  for (const profile of base.manifest.profiles) {
    const other = next.manifest.profiles.find(({ name }) => name === profile.name);
    const differs = other === undefined ? [] : profileDifferences(profile, other);
    if (differs.length > 0) {
      throw new UsageError(
        `the profile "${profile.name}" is not the same in both runs (${listed(differs)}): what ` +
          "differs would be the machine. --allow-other-profile compares them all the same.",
      );
    }
  }
}

/** Of points on threads only. @throws UsageError, unless that is allowed. */
export function refuseOtherHost(base: Run, next: Run, { otherHost }: Allowances): void {
  if (otherHost) return;
  const [a, b] = [base.manifest.host, next.manifest.host];
  const differs = HOST_KEYS.filter((key) => a[key] !== b[key]);
  if (differs.length > 0) {
    throw new UsageError(
      `the hosts differ (${listed(differs.map((key) => `${key} ${a[key]} → ${b[key]}`))}), and ` +
        "threads measure the host as well. --allow-other-host compares them all the same; points " +
        "in virtual time can be compared across hosts.",
    );
  }
}

function profileDifferences(base: RunProfile, next: RunProfile): string[] {
  const [a, b] = [base, next].map(numbersOf);
  return Object.keys({ ...a, ...b })
    .filter((name) => a[name] !== b[name])
    .map((name) => `${name} ${a[name]} → ${b[name]}`);
}

/** All that decides a run, without where it comes from. */
function numbersOf(profile: RunProfile): Record<string, string | number> {
  const { shootsBy, topology, costs } = profile;
  const tlbs = (["l1", "l2", "iotlb"] as const).flatMap((name) => [
    [`${name}.sets`, profile[name].sets],
    [`${name}.ways`, profile[name].ways],
  ]);
  return {
    shootsBy,
    ...Object.fromEntries(Object.entries(topology).map(([name, { count }]) => [name, count])),
    ...Object.fromEntries(Object.entries(costs).map(([name, { ns }]) => [name, ns])),
    ...Object.fromEntries(tlbs),
  };
}

function listed(differs: readonly string[]): string {
  const rest = differs.length - NAMED;
  return [...differs.slice(0, NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}
