// The profile in which nothing costs anything: threads then measure this machine's cache lines,
// atomics and waits.

import { STRUCTURE_ENTRIES } from "../layout/regions.ts";
import { MAX_CORES } from "../layout/shape.ts";
import { AKAROS_2020 } from "./akaros-2020.ts";
import type { CostName } from "./costs.ts";
import type { Profile, Value } from "./profile.ts";
import { count, none, origin } from "./values.ts";

const NOTHING = none("not modelled: what remains is this host's own cost");
const ONE_PLACE = "not modelled: cores are as far from each other as the host's CPUs";

function freeCosts(): Profile["costs"] {
  const names = Object.keys(AKAROS_2020.costs) as CostName[];
  return Object.fromEntries(names.map((name) => [name, NOTHING])) as Record<CostName, Value>;
}

export const HOST: Profile = {
  name: "host",
  summary: "all costs zero: this machine's own cache lines, atomics and waits",
  shootsBy: "ipi",
  topology: {
    sockets: count(1, "zero", ONE_PLACE),
    coresPerSocket: count(MAX_CORES, "zero", ONE_PLACE),
    coresPerComplex: count(MAX_CORES, "zero", ONE_PLACE),
    clusterCores: count(0, "zero", "not modelled: there is a message for each core"),
    cachedRegions: count(STRUCTURE_ENTRIES, "zero", "not modelled: as many as there can be"),
  },
  costs: freeCosts(),
  l1: AKAROS_2020.l1,
  l2: AKAROS_2020.l2,
  iotlb: AKAROS_2020.iotlb,
  origins: {
    ...AKAROS_2020.origins,
    shootsBy: origin("zero", "not modelled: a message to each core, and no interrupt's cost"),
  },
};
