// Every value of a profile, with how well it is known and whence.

import type { Profile, ShootsBy } from "../engine/profile/profile.ts";

export const PROFILE_COLUMNS = ["name", "value", "interval", "grade", "source"] as const;
export type ProfileValue = Readonly<Record<(typeof PROFILE_COLUMNS)[number], string>>;

const SHOOTS_BY_MEANING: Readonly<Record<ShootsBy, string>> = {
  ipi: "cores are told by an interrupt each",
  broadcast: "one instruction tells all cores, and nobody is interrupted",
  both: "one instruction can tell all cores, or an interrupt each of them",
};

export function profileValues(profile: Profile): ProfileValue[] {
  const { shootsBy, topology, costs, l1, l2, iotlb, tlbSource } = profile;
  const blank = { interval: "", grade: "" };
  const way = { ...blank, name: "shootsBy", value: shootsBy, source: SHOOTS_BY_MEANING[shootsBy] };
  const counts = Object.entries(topology).map(([name, { count, grade, source }]) => {
    return { ...blank, name, value: `${count}`, grade: grade as string, source };
  });
  const values = Object.entries(costs).map(([name, { ns, grade, source, interval }]) => {
    const between = interval === undefined ? "" : interval.join(" to ");
    return { name, value: `${ns}`, interval: between, grade: grade as string, source };
  });
  const tlbs = Object.entries({ l1, l2, iotlb }).map(([name, { sets, ways }]) => {
    return { ...blank, name, value: `${sets} × ${ways}`, source: tlbSource };
  });
  return [way, ...counts, ...values, ...tlbs];
}
