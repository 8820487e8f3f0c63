// Linux's ceiling of single-page flushes: at how many pages a full flush takes as long as flushing
// them one by one, for a program that uses nothing else, and for one that fills the TLB again.

import type { Lab } from "../lab.ts";
import { US_PER_OPERATION } from "../metrics.ts";
import type { Effect, Paper } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** Pages at which both take as long. */
const PUBLISHED = { withoutRefill: 5, fullRefill: 85 };

const MACHINE = "ivb-ex-8s";

const UNMAP: Setup = {
  machine: MACHINE,
  workload: "munmap-range",
  policy: "strict",
  cores: 1,
  operations: 200,
  privateAccesses: true,
};

const ONE_BY_ONE = "strict+full-above(65535)";
const FULL = "strict+full";
const RANGE = { low: 1, high: 256 };

/** The program touches nothing between two flushes but what is flushed. */
const NOTHING_ELSE: Partial<Setup> = { gapNs: 1, accessGapNs: 1_000_000, programPages: 1 };
/** As many pages as the L2 TLB has entries, and time to touch all of them. */
const WHOLE_TLB: Partial<Setup> = { gapNs: 200_000, accessGapNs: 50, programPages: 512 };

async function breakEven(lab: Lab, program: Partial<Setup>): Promise<number> {
  const loss = async (pages: number): Promise<number> => {
    const [single, full] = await Promise.all(
      [ONE_BY_ONE, FULL].map((policy) => {
        return lab.measure({ ...UNMAP, ...program, pages, policy }, US_PER_OPERATION);
      }),
    );
    return single - full;
  };
  return lab.solve(loss, 0, RANGE);
}

function effectOf(what: string, published: number, program: Partial<Setup>): Effect {
  return {
    machine: MACHINE,
    setup: `munmap of pages, 1 core, ${what}, page by page ↔ full flush`,
    metric: "break-even",
    unit: "pages",
    published,
    note:
      "published of a mobile Ivy Bridge, whose costs this machine has; full refill: the program " +
      "touches as many pages between two flushes as the TLB holds",
    async reproduce(lab) {
      return { value: await breakEven(lab, program), parameters: [] };
    },
  };
}

export const CEILING: Paper = {
  row: 17,
  source: "D. Hansen, Linux 3.16, a5102476a24b: 'x86/mm: Set TLB flush tunable to sane value (33)'",
  effects: [
    effectOf("no refill", PUBLISHED.withoutRefill, NOTHING_ELSE),
    effectOf("full refill", PUBLISHED.fullRefill, WHOLE_TLB),
  ],
};
