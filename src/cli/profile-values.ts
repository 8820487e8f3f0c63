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
  const { topology, costs, shootsBy, origins } = profile;
  const blank = { interval: "" };
  const { grade, source } = origins.shootsBy;
  const meaning = `${SHOOTS_BY_MEANING[shootsBy]}; ${source}`;
  const way = { ...blank, name: "shootsBy", value: shootsBy, grade, source: meaning };
  const counts = Object.entries(topology).map(([name, { count, ...known }]) => {
    return { ...blank, name, value: `${count}`, ...known };
  });
  const values = Object.entries(costs).map(([name, { ns, interval, ...known }]) => {
    return { name, value: `${ns}`, interval: interval?.join(" to ") ?? "", ...known };
  });
  const tlbs = (["l1", "l2", "iotlb"] as const).map((name) => {
    const { sets, ways } = profile[name];
    return { ...blank, name, value: `${sets} × ${ways}`, ...origins[name] };
  });
  return [way, ...counts, ...values, ...tlbs];
}
