// Measures this host: cells of real shootdowns, and what else it takes.

import { Random } from "../engine/random.ts";
import type { HostSamples } from "../workers/calibration/requests.ts";
import { type CellTimes, cellName, FIRST_FULL_PAGES, type HostTimes } from "./cell.ts";
import { hasTaskset, usableCpus } from "./cpus.ts";
import { type CrossCheck, countSends } from "./cross-check.ts";
import { InitiatorProcess } from "./initiator-process.ts";
import { type CellRounds, measureCells, type Standing } from "./measure.ts";
import { notesOf } from "./notes.ts";
import { type Plan, planFor } from "./plan.ts";
import { dropsOf, type Quality, shortCells } from "./quality.ts";
import { abilitiesOf, requireAbilities } from "./requirements.ts";
import { cellTimes, medianOf, stolenPerSend } from "./summarize.ts";

/** Streams of the seed. */
const ORDER = 0;
const RESAMPLING = 1;

export interface MeasurementSettings {
  readonly isQuick: boolean;
  readonly seed: number;
  /** Ends it early: what is done by then is what it returns. */
  readonly signal: AbortSignal;
  /** Called while nothing is being timed. */
  readonly onStanding: (standing: Standing) => void;
}

export interface HostMeasurement extends Quality {
  /** In the plan's order, those of which there are enough samples; interrupted, of any. */
  readonly cells: readonly CellTimes[];
  readonly host: HostTimes;
  /** How often a call made the kernel tell others, as it counts; undefined if it does not say. */
  readonly sendsPerCall: number | undefined;
  /** What could not be done on this host, and what that means. */
  readonly notes: readonly string[];
}

/** What was measured, before anything is made of it. */
interface Raw {
  readonly cells: readonly CellRounds[];
  readonly host: HostSamples;
  readonly check: CrossCheck;
}

/** Throws a UsageError where real shootdowns cannot be measured at all. */
export async function measureHost(settings: MeasurementSettings): Promise<HostMeasurement> {
  const cpus = process.platform === "linux" ? usableCpus() : [];
  requireAbilities(abilitiesOf(cpus.length));
  const plan = planFor(cpus.length, settings.isQuick);
  const isPinned = hasTaskset();
  const places = isPinned ? cpus : undefined;
  const alone = await InitiatorProcess.start({ peers: 0, cpus: places });
  try {
    const peers = Math.max(...plan.spinning);
    const crowd = await InitiatorProcess.start({ peers, cpus: places });
    try {
      const raw = await measure(plan, alone, crowd, settings);
      const notes = notesOf({ isPinned, seesWaits: crowd.seesWaits, check: raw.check });
      return { ...summarize(plan, raw, settings), notes };
    } finally {
      await crowd.close();
    }
  } finally {
    await alone.close();
  }
}

/** The cells last: whoever interrupts them still has the rest. */
async function measure(
  plan: Plan,
  alone: InitiatorProcess,
  crowd: InitiatorProcess,
  { seed, signal, onStanding }: MeasurementSettings,
): Promise<Raw> {
  const host = await crowd.host({ samples: plan.hostSamples });
  const check = await countSends(crowd.pid, crowd);
  const circumstances = {
    random: new Random(seed, ORDER),
    signal,
    nowMs: () => performance.now(),
    onStanding,
  };
  const cells = await measureCells(plan, { alone, crowd }, circumstances);
  return { cells, host, check };
}

/** What an interrupted run has done is worth having, however little it is. */
function summarize(
  plan: Plan,
  raw: Raw,
  { seed, signal }: MeasurementSettings,
): Omit<HostMeasurement, "notes"> {
  const random = new Random(seed, RESAMPLING);
  const enough = enoughOf(plan.leastSamples, raw.cells, random);
  const cells = signal.aborted ? enoughOf(1, raw.cells, random) : enough;
  const { clockNs, roundTripNs, wakeUpNs } = raw.host;
  return {
    cells,
    host: {
      clock: medianOf(clockNs, random)!,
      cacheLineRoundTrip: medianOf(roundTripNs, random),
      wakeUp: medianOf(wakeUpNs, random),
      stolenPerSend: stolenPerSend(raw.cells, random),
    },
    sendsPerCall: raw.check.sendsPerCall,
    plannedCells: raw.cells.length,
    short: shortCells(raw.cells, enough),
    drops: dropsOf(raw.cells),
  };
}

function enoughOf(leastSamples: number, all: readonly CellRounds[], random: Random): CellTimes[] {
  const byName = new Map(all.map((rounds) => [cellName(rounds.cell), rounds]));
  return all
    .map((rounds) => {
      const { cell } = rounds;
      const { pages, calls } = cell;
      const base = byName.get(cellName({ state: "none", peers: 0, pages, calls }))!;
      const isStep = pages === FIRST_FULL_PAGES && calls === 1;
      const below = isStep ? byName.get(cellName({ ...cell, pages: pages - 1 })) : undefined;
      return cellTimes(rounds, base, random, below);
    })
    .filter((times) => times !== undefined)
    .filter(({ samples }) => samples >= leastSamples);
}
