// The choices of a policy side by side, each under a key of its own: what the notation sets one
// by one.

import type { IommuChoices, Policy, Reuse, When } from "./policy.ts";

export interface Choices {
  readonly whenCores: When;
  readonly whenIommu: When;
  readonly among: Policy["whom"]["among"];
  readonly skipIdle: boolean;
  readonly broadcastFrom: number;
  readonly ack: Policy["ack"];
  readonly local: Policy["local"];
  readonly interface: IommuChoices["interface"];
  readonly scope: IommuChoices["scope"];
  readonly order: IommuChoices["order"];
  readonly leafHint: boolean;
  readonly waitEvery: number;
  readonly frames: Reuse;
  readonly addresses: Reuse;
  readonly tables: Reuse;
  readonly fullAbovePages: number;
  readonly generations: boolean;
}

export type Choice = keyof Choices;

/** What a policy decides, without what it is called. */
export type Decisions = Omit<Policy, "name" | "summary" | "source" | "assumed">;

export function choicesOf(policy: Decisions): Choices {
  const { whenCores, whenIommu, whom, ack, local, iommu, reuse, extent } = policy;
  return { whenCores, whenIommu, ...whom, ack, local, ...iommu, ...reuse, ...extent };
}

export function decisionsOf(choices: Choices): Decisions {
  const { whenCores, whenIommu, among, skipIdle, broadcastFrom, ack, local } = choices;
  const { interface: by, scope, order, leafHint, waitEvery } = choices;
  const { frames, addresses, tables, fullAbovePages, generations } = choices;
  return {
    whenCores,
    whenIommu,
    whom: { among, skipIdle, broadcastFrom },
    ack,
    local,
    iommu: { interface: by, scope, order, leafHint, waitEvery },
    reuse: { frames, addresses, tables },
    extent: { fullAbovePages, generations },
  };
}
