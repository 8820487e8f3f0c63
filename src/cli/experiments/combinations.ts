// What an experiment's grids and the command line come to: settings, and the combinations of their
// lists.

import type { Policy } from "../../engine/policy/policy.ts";
import type { Profile } from "../../engine/profile/profile.ts";
import type { Point } from "../../workers/point.ts";
import { traitsOf } from "../../workloads/traits.ts";
import { DEFAULTS, type Dimensions, type Experiment, type Grid } from "./schema.ts";
import type { NamedWorkload } from "./workloads.ts";

/** A grid with nothing left open but what depends on the point. */
export type Settings = Required<Omit<Dimensions, OpenField>> & Pick<Grid, OpenField>;
type OpenField = "warmup" | "rates" | "dma_period_ns";

/** How many there are of what a machine has, and how many of its cores do something else. */
interface Counts {
  readonly cores: number;
  readonly idleCores: number;
  readonly otherCores: number;
  readonly iommus: number;
  readonly devices: number;
}

/** One combination of a grid's lists. */
export interface Combination extends Counts {
  readonly executor: Point["executor"];
  readonly workload: NamedWorkload;
  readonly profile: Profile;
  readonly pages: number;
  /** Operations a second; undefined: as many as it gets done. */
  readonly rate: number | undefined;
  readonly policy: Policy;
}

/** One for each grid; of what stands in several places, the command line's wins over all. */
export function settingsOf(
  experiment: Experiment,
  options: { readonly quick: boolean; readonly overrides: Grid },
): Settings[] {
  const { name, question, source, notes, grids, quick, ...top } = experiment;
  const { grids: quickGrids, ...quickTop } = (options.quick ? quick : undefined) ?? {};
  const layers = quickGrids?.map((grid) => [quickTop, grid]) ??
    grids?.map((grid) => [grid, quickTop]) ?? [[quickTop]];
  return layers.map((layer) => {
    const settings = Object.assign({}, DEFAULTS, top, ...layer, options.overrides) as Settings;
    return Object.fromEntries(Object.entries(settings).map(withoutTwins)) as unknown as Settings;
  });
}

/** A size that a list names twice makes no further combination. */
function withoutTwins([name, value]: [string, unknown]): [string, unknown] {
  return [name, Array.isArray(value) ? [...new Set(value)] : value];
}

/** The cross product, policies innermost: what a reader compares stands together. */
export function* combinationsOf(settings: Settings): Generator<Combination> {
  for (const executor of settings.executors) {
    for (const workload of settings.workloads) {
      for (const profile of settings.profiles) {
        for (const counts of countsOf(settings)) {
          for (const pages of settings.pages) {
            for (const rate of settings.rates ?? [undefined]) {
              for (const policy of settings.policies) {
                yield { executor, workload, profile, ...counts, pages, rate, policy };
              }
            }
          }
        }
      }
    }
  }
}

function* countsOf(settings: Settings): Generator<Counts> {
  for (const cores of settings.cores) {
    for (const idleCores of settings.idle_cores) {
      for (const otherCores of settings.other_cores) {
        for (const iommus of settings.iommus) {
          for (const devices of settings.devices) {
            yield { cores, idleCores, otherCores, iommus, devices };
          }
        }
      }
    }
  }
}

/** Cores that do operations. */
export function initiatorsOf(
  { workload, cores, devices }: Combination,
  settings: Settings,
): number {
  const { initiators } = traitsOf(workload.kind);
  if (initiators === "asked") return settings.initiators;
  return initiators === "cores" ? cores : devices;
}

/** Whether operations do part of their way under one lock. */
export function isSerial({ serial_ns, serial_until_flushed }: Settings): boolean {
  return serial_ns > 0 || serial_until_flushed;
}
