// `npm run floors`: what the whole protocol costs on this host over the bare exchange of two cache
// lines, with every modelled cost at zero; and how many events a second virtual time has, over a
// bare event loop. One JSON object a line.

import { median, quantileSorted } from "simple-statistics";
import { outliveReaders, print } from "../../src/cli/output.ts";
import { STRUCTURE_ENTRIES } from "../../src/engine/layout/regions.ts";
import { createMachine } from "../../src/engine/machine/machine.ts";
import { HOST } from "../../src/engine/profile/profiles.ts";
import { startPool } from "../../src/workers/pool.ts";
import { mapPrograms, PROGRAM_PAGES } from "../../src/workloads/memory-map.ts";
import type { VirtualFloorTask, VirtualRound } from "./virtual-floors.ts";
import { FLOOR_WORDS, type FloorSamples, type FloorTask } from "./worker.ts";

const QUICK = process.argv.includes("--quick");
const ROUNDS = QUICK ? 4 : 400;
const WARMUP_ROUNDS = QUICK ? 2 : 40;
/**
 * Operations of one burst, so that it stays below a millisecond; where others take a CPU away, each
 * may take that long.
 */
const BURST = QUICK ? 40 : 400;
/** Rounds whose raw before and after differ by more than this compare nothing. */
const MAX_RAW_DRIFT = 0.2;

const PARTS = ["ipi", "iotlb", "recorder"] as const;
const VIRTUAL_CORES = [2, 64, 1024] as const;

interface Floor {
  floor: string;
  raw: number;
  ours: number;
  unit: "ns" | "events/s";
  ratio: number;
  ratio_low: number;
  ratio_high: number;
  rounds: number;
  dropped: number;
}

outliveReaders();
const samples = await measure();
for (const [part, name] of PARTS.entries()) {
  print(JSON.stringify(threadFloor(samples, part, name)));
}
for (const cores of VIRTUAL_CORES) {
  print(JSON.stringify(await virtualFloor(cores)));
}

async function measure(): Promise<FloorSamples> {
  const shape = {
    cores: 2,
    iommus: 1,
    devices: 0,
    spaces: 2,
    dataFrames: 4 * PROGRAM_PAGES,
    tableFrames: 64,
    flushQueueSlots: 2,
    tracksAccesses: false,
    rings: 0,
    ringSlots: 0,
    cachedRegions: STRUCTURE_ENTRIES,
    l1: HOST.l1,
    l2: HOST.l2,
    iotlb: HOST.iotlb,
    ats: false,
    checks: false, // It is not part of what the floors say.
  };
  const machine = createMachine(shape, true);
  machine.spaces.detach(0, 0); // The shootdown is the cores'; the IOTLB is a part of its own.
  mapPrograms(machine);
  machine.control.expectInitiators(0); // There is no warm-up: everything counts.
  machine.spaces.load(0, 0);
  machine.spaces.load(0, 1);
  const words = new Int32Array(new SharedArrayBuffer(FLOOR_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const worker = new URL("../../threads/bench/floors/worker.js", import.meta.url);
  const pool = startPool<FloorTask, FloorSamples>(worker, 2);
  const task = {
    words,
    memory: machine.memory,
    shape,
    rounds: ROUNDS + WARMUP_ROUNDS,
    burst: BURST,
  };
  const [samples] = await Promise.all([
    pool.run({ ...task, leader: true }),
    pool.run({ ...task, leader: false }),
  ]);
  await pool.destroy();
  return samples;
}

function threadFloor(samples: FloorSamples, part: number, name: string): Floor {
  return floorOf(name, "ns", samples.parts[part].slice(WARMUP_ROUNDS));
}

async function virtualFloor(cores: number): Promise<Floor & Record<string, number | string>> {
  const worker = new URL("./virtual-floors.js", import.meta.url);
  const pool = startPool<VirtualFloorTask, VirtualRound[]>(worker, 1);
  const rounds = await pool.run({ cores, quick: QUICK });
  await pool.destroy();
  return {
    ...floorOf(`virtual-${cores}`, "events/s", rounds),
    shootdowns_per_s: Math.round(median(rounds.map((round) => round.shootdownsPerS))),
    acknowledgements_per_s: Math.round(median(rounds.map((round) => round.acknowledgementsPerS))),
  };
}

/** Medians over the rounds in which what it is compared with was steady. */
function floorOf(
  name: string,
  unit: Floor["unit"],
  rounds: readonly { before: number; ours: number; after: number }[],
): Floor {
  const steady = rounds.filter(
    ({ before, after }) => Math.abs(before - after) <= MAX_RAW_DRIFT * Math.min(before, after),
  );
  const kept = steady.length > 0 ? steady : rounds;
  const raws = kept.map(({ before, after }) => (before + after) / 2);
  const ours = kept.map((round) => round.ours);
  const ratios = kept.map((_, i) => ours[i] / raws[i]).sort((a, b) => a - b);
  return {
    floor: name,
    raw: Math.round(median(raws)),
    ours: Math.round(median(ours)),
    unit,
    ratio: round3(median(ratios)),
    ratio_low: round3(quantileSorted(ratios, 0.25)),
    ratio_high: round3(quantileSorted(ratios, 0.75)),
    rounds: kept.length,
    dropped: rounds.length - kept.length,
  };
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
