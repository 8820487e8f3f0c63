// Whether what was measured is enough, and what has to be said about it.

import { UsageError } from "../engine/errors.ts";
import { type CellTimes, cellName } from "./cell.ts";
import type { CellRounds } from "./measure.ts";

/** With more of all samples dropped, it is said. */
const NOTABLE_SHARE = 0.2;
const NAMED_CELLS = 3;

/** How many samples there were, and why some do not count. */
export interface Drops {
  readonly samples: number;
  /** The initiator had to wait for its CPU. */
  readonly initiator: number;
  /** A spinning peer was not running. */
  readonly peer: number;
}

export function dropsOf(cells: readonly CellRounds[]): Drops {
  const samples = cells.flatMap(({ rounds }) => rounds.flat());
  const count = (of: "initiator" | "peer") =>
    samples.filter(({ verdict }) => verdict === of).length;
  return { samples: samples.length, initiator: count("initiator"), peer: count("peer") };
}

/** Names of those that were measured and are not among `enough`. */
export function shortCells(cells: readonly CellRounds[], enough: readonly CellTimes[]): string[] {
  const names = new Set(enough.map(({ cell }) => cellName(cell)));
  return cells.map(({ cell }) => cellName(cell)).filter((name) => !names.has(name));
}

/** What is judged of a whole run. */
export interface Quality {
  readonly drops: Drops;
  readonly plannedCells: number;
  /** Names of the planned cells of which too few samples are left. */
  readonly short: readonly string[];
}

/** Throws a UsageError if more than half of all cells are short. */
export function refuseTooFew({ short, plannedCells, drops }: Quality): void {
  if (2 * short.length <= plannedCells) return;
  throw new UsageError(
    `${describeDrops(drops)}, which leaves too few of ${short.length} of ${plannedCells} cells: ` +
      "nothing is written. Other programs take the CPUs (see uptime, top): stop them, or start " +
      "again when they are done",
  );
}

/** What is to be said of a run that is not refused. */
export function warningsOf({ short, drops }: Quality): string[] {
  const warnings: string[] = [];
  if (drops.initiator + drops.peer > NOTABLE_SHARE * drops.samples) {
    warnings.push(
      `${describeDrops(drops)}. What is left counts, but there is less of it: stop other ` +
        "programs for narrower intervals.",
    );
  }
  if (short.length > 0) {
    const named = short.slice(0, NAMED_CELLS).join(", ");
    const others = short.length > NAMED_CELLS ? ` and ${short.length - NAMED_CELLS} more` : "";
    warnings.push(
      `too few samples are left of ${named}${others}: no row stands for them. Stop other ` +
        "programs, and start again.",
    );
  }
  return warnings;
}

/** `310 of 4200 samples were dropped (initiator not running: 120, a peer not running: 190)`. */
function describeDrops({ samples, initiator, peer }: Drops): string {
  return (
    `${initiator + peer} of ${samples} samples were dropped (the initiator had to wait for its ` +
    `CPU: ${initiator}, a peer was not running: ${peer})`
  );
}
