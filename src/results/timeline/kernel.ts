// Shootdowns of a real kernel → a timeline, in the same form as that of a run.

import { type FinishedShootdown, KERNEL_SEGMENTS } from "../../workloads/traces/index.ts";
import {
  type Arrow,
  grouped,
  isSelected,
  type Operation,
  type Selection,
  type Slice,
  sliceOf,
  type Timeline,
  type TimeWindow,
  type Track,
} from "./form.ts";
import { tracksOf } from "./lanes.ts";

/** What the recorded kernel is called where others did the same. */
export const KERNEL = "kernel";

/** One shootdown, taken apart. */
interface Pieces {
  readonly cpu: number;
  /** The initiator's: what it did, inside of the whole. */
  readonly own: readonly Slice[];
  readonly path: readonly Slice[];
  readonly handlers: readonly { readonly cpu: number; readonly slice: Slice }[];
  readonly arrows: readonly Arrow[];
}

/** A shootdown, and by which number it is asked for. */
export interface NumberedShootdown {
  readonly number: number;
  readonly shootdown: FinishedShootdown;
}

/** In order of time, numbered from 1. */
export function numbered(shootdowns: readonly FinishedShootdown[]): NumberedShootdown[] {
  return shootdowns
    .toSorted((a, b) => a.startNs - b.startNs)
    .map((shootdown, i) => ({ number: i + 1, shootdown }));
}

/** When the first and the last of them began; there must be one. */
export function beganOf(shown: readonly NumberedShootdown[]): TimeWindow {
  return { fromNs: shown[0].shootdown.startNs, toNs: shown[shown.length - 1].shootdown.startNs };
}

/** The timeline of those that are selected. */
export function kernelTimeline(
  shootdowns: readonly FinishedShootdown[],
  selection: Selection,
): Timeline {
  const all = numbered(shootdowns);
  const shown = all.filter(({ shootdown: { startNs }, number }) => {
    return isSelected({ number, dueNs: startNs }, selection);
  });
  const pieces = shown.map(({ shootdown, number }) => piecesOf(shootdown, number));
  return {
    tracks: [...pathTracks(pieces), ...cpuTracks(pieces)],
    arrows: pieces.flatMap(({ arrows }) => arrows),
    operations: shown.map(({ shootdown, number }) => operationOf(shootdown, number)),
    leftOut: 0,
    leftOutFromNs: Number.POSITIVE_INFINITY,
    allBegan: allBeganOf(all),
  };
}

function allBeganOf(all: readonly NumberedShootdown[]): TimeWindow | undefined {
  return all.length === 0 ? undefined : beganOf(all);
}

function operationOf(shootdown: FinishedShootdown, number: number): Operation {
  const { startNs, tid, cpu } = shootdown;
  const latencyNs = endOf(shootdown) - startNs;
  return { number, source: KERNEL, initiator: `thread ${tid} on CPU ${cpu}`, startNs, latencyNs };
}

/** When the initiator could go on, as far as the trace shows it. */
function endOf({ startNs, latencyNs, boundNs }: FinishedShootdown): number {
  return latencyNs === undefined ? boundNs : startNs + latencyNs;
}

function piecesOf(shootdown: FinishedShootdown, number: number): Pieces {
  const { cpu, told } = shootdown;
  const steps = stepsOf(shootdown);
  const whole = wholeOf(shootdown, number);
  const onPath = pathOf(shootdown, steps);
  const handlers = told.flatMap(({ cpu, entryNs, exitNs }) => {
    if (entryNs === undefined || exitNs === undefined) return [];
    return [{ cpu, slice: sliceOf("handler", entryNs, exitNs, { from: `CPU ${shootdown.cpu}` }) }];
  });
  for (const slice of steps) slice.isCritical = onPath.some((piece) => isPartOf(piece, slice));
  for (const { slice } of handlers) {
    // Others' handlers may have run at the same time: the slowest is the one that ended then.
    slice.isCritical = onPath.some((piece) => {
      return isPartOf(piece, slice) && piece.endNs === slice.endNs;
    });
  }
  return {
    cpu,
    own: [whole, ...steps],
    path: onPath,
    handlers,
    arrows: arrowsOf(steps, handlers),
  };
}

function isPartOf(piece: Slice, slice: Slice): boolean {
  return piece.name === slice.name && piece.startNs < slice.endNs && piece.endNs > slice.startNs;
}

/** The system call or fault; where several requests are in one, from the end of the one before. */
function wholeOf(shootdown: FinishedShootdown, number: number): Slice {
  const { cause, pages, pid, tid, startNs } = shootdown;
  return sliceOf(cause, startNs, endOf(shootdown), {
    shootdown: number,
    pages: pages < 0 ? "all" : pages,
    pid,
    tid,
  });
}

/** What the initiator did, one after the other. */
function stepsOf(shootdown: FinishedShootdown): Slice[] {
  const { startNs, requestNs, localStartNs, localEndNs, boundNs, told } = shootdown;
  const endNs = endOf(shootdown);
  const sentNs = told.reduce((last, target) => Math.max(last, target.sentNs), requestNs);
  const steps: Slice[] = [];
  let fromNs = startNs;
  const step = (name: string, toNs: number): void => {
    const untilNs = Math.min(endNs, Math.max(fromNs, toNs));
    const begins = name === "send" && told.length > 0; // Arrows do, even in no time at all.
    if (untilNs > fromNs || begins) steps.push(sliceOf(name, fromNs, untilNs));
    fromNs = untilNs;
  };
  step("prepare", requestNs);
  step("send", localStartNs ?? localEndNs ?? sentNs);
  if (localEndNs !== undefined) step("local", localEndNs);
  step("wait", boundNs);
  step("return", endNs);
  return steps;
}

/**
 * The pieces of the critical path, which follow each other and sum to the latency. Where nobody was
 * told all that the initiator did is on it; where something is not in the trace, nothing is known.
 */
function pathOf(shootdown: FinishedShootdown, steps: readonly Slice[]): Slice[] {
  const { path, latencyNs, startNs } = shootdown;
  if (path === undefined) {
    if (latencyNs === undefined) return [];
    return steps.map((step) => ({ ...step, isCritical: true }));
  }
  const pieces: Slice[] = [];
  let fromNs = startNs;
  for (const name of KERNEL_SEGMENTS) {
    // In the order of either chain.
    const toNs = fromNs + path.pathNs[name];
    if (toNs > fromNs) pieces.push({ ...sliceOf(name, fromNs, toNs), isCritical: true });
    fromNs = toNs;
  }
  return pieces;
}

/** IPI → handler → return. Where no event marks the return, arrows end at the handlers. */
function arrowsOf(
  steps: readonly Slice[],
  handlers: readonly { readonly slice: Slice }[],
): Arrow[] {
  const sent = steps.filter(({ name }) => name === "send");
  const back = steps.filter(({ name }) => name === "return");
  return handlers.map(({ slice }): Arrow => ({ name: "ipi", slices: [...sent, slice, ...back] }));
}

function pathTracks(pieces: readonly Pieces[]): Track[] {
  const byCpu = grouped(
    pieces.filter(({ path }) => path.length > 0),
    ({ cpu }) => cpu,
  );
  return sortedByCpu(byCpu).flatMap(([cpu, group]) => {
    return tracksOf(
      "critical path",
      `path of CPU ${cpu}`,
      group.map(({ path }) => path),
    );
  });
}

/** What a CPU did for its own shootdowns, and beside it what it did for others'. */
function cpuTracks(pieces: readonly Pieces[]): Track[] {
  const own = grouped(pieces, ({ cpu }) => cpu);
  const handlers = grouped(
    pieces.flatMap((piece) => piece.handlers),
    ({ cpu }) => cpu,
  );
  const cpus = [...new Set([...own.keys(), ...handlers.keys()])].sort((a, b) => a - b);
  return cpus.flatMap((cpu) => {
    const calls = (own.get(cpu) ?? []).map((piece) => piece.own);
    const interrupts = (handlers.get(cpu) ?? []).map(({ slice }) => [slice]);
    return [
      ...tracksOf("cores", `CPU ${cpu}`, calls),
      ...tracksOf("cores", `CPU ${cpu} interrupts`, interrupts),
    ];
  });
}

function sortedByCpu<Group>(groups: ReadonlyMap<number, Group>): [number, Group][] {
  return [...groups].sort(([a], [b]) => a - b);
}
