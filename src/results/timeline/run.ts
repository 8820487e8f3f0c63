// What the actors of a run have recorded → a timeline.

import { TYPE_CONTEXT_CACHE, TYPE_DEVICE_TLB } from "../../engine/layout/descriptor.ts";
import { actorName, type MachineShape } from "../../engine/layout/shape.ts";
import { CORES_CHAIN, FIRST_IOMMU_CHAIN, OWN_CHAIN } from "../../engine/probe/critical-path.ts";
import {
  ACK_RETURN,
  FLUSH,
  FREE,
  HANDLER,
  LOCK,
  PTE,
  SEND,
  SUBMIT,
} from "../../engine/probe/segments.ts";
import {
  BACKGROUND,
  DMA,
  NO_LINK,
  OPERATION,
  ORIGIN_ROW,
  OWN_ROW,
  PATH_ROW,
  RECORD_FIELDS,
  SIDE_ROW,
  SLICE_NAMES,
  type TimelineData,
  WAIT,
  WALK,
} from "../../engine/probe/timeline.ts";
import {
  type Arrow,
  byStart,
  grouped,
  type Operation,
  type OperationRange,
  type Slice,
  type SliceArguments,
  sliceOf,
  type Timeline,
  type Track,
  type TrackGroup,
} from "./form.ts";
import { tracksOf } from "./lanes.ts";
import { SliceLine } from "./slice-line.ts";

/** One record of an actor, taken apart. */
interface Entry {
  readonly actor: number;
  readonly row: number;
  readonly kind: number;
  readonly detail: number;
  readonly party: number;
  readonly sequence: number;
  readonly slice: Slice;
}

/** From when to when, in ns. */
interface Span {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Steps in which messages and submissions are sent. */
const SENDERS = new Set([LOCK, PTE, SUBMIT, SEND, FREE, BACKGROUND]);
/** Parts of an IPI; those of a submission are the others that belong to anything. */
const IPI_KINDS = new Set([SEND, HANDLER, ACK_RETURN]);

/**
 * The timeline of the operations in `range`, and of what they have sent until that is handled.
 * `recorded` is what each actor of a machine of that shape recorded, in their order.
 */
export function runTimeline(
  recorded: readonly (TimelineData | undefined)[],
  shape: MachineShape,
  range: OperationRange,
): Timeline {
  const entries = recorded.flatMap((data, actor) => {
    return data === undefined ? [] : entriesOf(data, actor, shape);
  });
  const operations = operationsOf(entries, shape, range);
  const span = spanOf(operations, entries, recorded);
  markCritical(entries, shape);
  const { arrows, added } = arrowsOf(entries, span);
  const toNs = arrows
    .flatMap(({ slices }) => slices)
    .reduce((last, { endNs }) => Math.max(last, endNs), span.toNs);
  const shown = [...entries, ...added].filter(({ row, slice }) => {
    return row !== ORIGIN_ROW && cut(slice, span.fromNs, toNs);
  });
  const leftOut = recorded.reduce((sum, data) => sum + (data?.leftOut ?? 0), 0);
  return { tracks: allTracks(shown, shape), arrows, operations, leftOut };
}

function entriesOf({ records }: TimelineData, actor: number, shape: MachineShape): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i < records.length; i += RECORD_FIELDS) {
    const [row, kind, startNs, endNs, detail, party, sequence] = records.subarray(i);
    const args = argumentsOf(row, kind, detail, party, shape);
    const name = kind === OPERATION ? `operation ${detail}` : SLICE_NAMES[kind];
    const slice = sliceOf(name, Math.round(startNs), Math.round(endNs), args);
    entries.push({ actor, row, kind, detail, party, sequence, slice });
  }
  return entries;
}

/** What a record says besides when. */
function argumentsOf(
  row: number,
  kind: number,
  detail: number,
  party: number,
  shape: MachineShape,
): SliceArguments {
  if (row === PATH_ROW) return detail === OWN_CHAIN ? {} : { by: chainName(detail, party, shape) };
  if (kind === WAIT) return { for: detail === CORES_CHAIN ? "cores" : chainName(detail, 0, shape) };
  if (kind === HANDLER) return { from: actorName(shape, detail) };
  if (kind === ACK_RETURN) return { from: actorName(shape, party) };
  if (kind === FLUSH) return { of: descriptorName(detail) };
  if (kind === DMA || kind === WALK) return { page: `0x${detail.toString(16)}` };
  return {};
}

/** The actor that a chain leads through; `core` is that of the cores' chain. */
function chainName(chain: number, core: number, shape: MachineShape): string {
  return actorName(shape, actorOfChain(chain, core, shape));
}

function actorOfChain(chain: number, core: number, shape: MachineShape): number {
  return chain === CORES_CHAIN ? core : shape.cores + chain - FIRST_IOMMU_CHAIN;
}

function descriptorName(type: number): string {
  if (type === TYPE_CONTEXT_CACHE) return "context cache";
  return type === TYPE_DEVICE_TLB ? "device TLB" : "IOTLB";
}

function operationsOf(
  entries: readonly Entry[],
  shape: MachineShape,
  { first, last }: OperationRange,
): Operation[] {
  return entries
    .filter(({ kind, detail }) => kind === OPERATION && detail >= first && detail <= last)
    .map(({ actor, detail, slice: { startNs, endNs } }) => {
      const initiator = actorName(shape, actor);
      return { number: detail, initiator, startNs, latencyNs: endNs - startNs };
    })
    .sort((a, b) => a.startNs - b.startNs);
}

/** From the first operation's begin to the last one's end, as far as everybody had room. */
function spanOf(
  operations: readonly Operation[],
  entries: readonly Entry[],
  recorded: readonly (TimelineData | undefined)[],
): Span {
  const slices = entries.map(({ slice }) => slice);
  const starts = (operations.length > 0 ? operations : slices).map(({ startNs }) => startNs);
  const ends =
    operations.length > 0
      ? operations.map(({ startNs, latencyNs }) => startNs + latencyNs)
      : slices.map(({ endNs }) => endNs);
  const completeNs = recorded.map((data) => data?.leftOutFromNs ?? Number.POSITIVE_INFINITY);
  return {
    fromNs: starts.reduce((first, ns) => Math.min(first, ns), Number.POSITIVE_INFINITY),
    toNs: Math.floor(
      Math.min(
        ...completeNs,
        ends.reduce((last, ns) => Math.max(last, ns), 0),
      ),
    ),
  };
}

/** Cuts off what lies before or behind; whether anything is left. */
function cut(slice: Slice, fromNs: number, toNs: number): boolean {
  if (slice.startNs > toNs || slice.endNs < fromNs) return false;
  const isMoment = slice.startNs === slice.endNs;
  slice.startNs = Math.max(slice.startNs, fromNs);
  slice.endNs = Math.min(slice.endNs, toNs);
  return isMoment || slice.endNs > slice.startNs;
}

/**
 * Marks what the critical path goes through. Of the initiator these are its steps and answers of
 * the same name at that time; of whoever answered, what it did for the message or submission, and
 * under a name that belongs to none (masked, drain) what it did then.
 */
function markCritical(entries: readonly Entry[], shape: MachineShape): void {
  const done = entries.filter(({ row }) => row === OWN_ROW || row === SIDE_ROW);
  const lines = linesOf(done, ({ actor, kind }) => `${actor} ${kind}`);
  const linked = done.filter(({ party }) => party !== NO_LINK);
  const parts = grouped(linked, (entry) => `${entry.kind} ${arrowKey(entry)}`);
  const linkedKinds = new Set(linked.map(({ kind }) => kind));
  for (const piece of entries) {
    const { actor, row, kind, detail, party, slice } = piece;
    if (row !== PATH_ROW) continue;
    slice.isCritical = true;
    const then = (who: number): Slice[] => {
      return lines.get(`${who} ${kind}`)?.overlapping(slice.startNs, slice.endNs) ?? [];
    };
    for (const step of then(actor)) step.isCritical = true;
    if (detail === OWN_CHAIN) continue;
    for (const part of parts.get(`${kind} ${arrowKey(piece)}`) ?? []) part.slice.isCritical = true;
    if (linkedKinds.has(kind)) continue;
    for (const other of then(actorOfChain(detail, party, shape))) other.isCritical = true;
  }
}

function linesOf<Key>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => Key,
): Map<Key, SliceLine> {
  const lines = new Map<Key, SliceLine>();
  for (const [key, group] of grouped(entries, keyOf)) {
    lines.set(key, new SliceLine(group.map(({ slice }) => slice)));
  }
  return lines;
}

/**
 * The arrows of all that was sent in a span; `added` are slices for what was sent in no time
 * at all.
 */
function arrowsOf(
  entries: readonly Entry[],
  { fromNs, toNs }: Span,
): { arrows: Arrow[]; added: Entry[] } {
  const senders = entries.filter(({ row, kind }) => row === OWN_ROW && SENDERS.has(kind));
  const lines = linesOf(senders, ({ actor }) => actor);
  const linked = entries.filter(({ row, party }) => row <= SIDE_ROW && party !== NO_LINK);
  const parts = grouped(linked, arrowKey);
  const arrows: Arrow[] = [];
  const added: Entry[] = [];
  for (const entry of entries) {
    const { row, kind, actor, slice } = entry;
    if (row !== ORIGIN_ROW || slice.startNs < fromNs || slice.startNs > toNs) continue;
    const later = (parts.get(arrowKey(entry)) ?? []).map((part) => part.slice).sort(byStart);
    if (later.length === 0) continue;
    const sentIn = lines.get(actor)?.around(slice.startNs) ?? slice;
    if (sentIn === slice) added.push({ ...entry, row: OWN_ROW });
    const name = kind === SEND ? "ipi" : "invalidation";
    arrows.push({ name, slices: [sentIn, ...later] });
  }
  return { arrows, added };
}

/** IPIs are told apart by their target and their number there, submissions by IOMMU and number. */
function arrowKey({ kind, party, sequence }: Entry): string {
  return `${IPI_KINDS.has(kind) ? "ipi" : "invalidation"} ${party} ${sequence}`;
}

/** All tracks, in the order of their groups and actors. */
function allTracks(entries: readonly Entry[], shape: MachineShape): Track[] {
  const rows = grouped(entries, ({ actor, row }) => `${actor} ${row}`);
  const slicesOf = (actor: number, row: number): Slice[] => {
    // What is inside of something else was recorded before it; of one start and end it stays inside.
    return (rows.get(`${actor} ${row}`) ?? []).map(({ slice }) => slice).reverse();
  };
  const actors = [...new Set(entries.map(({ actor }) => actor))].sort((a, b) => a - b);
  const paths = actors.flatMap((actor) => {
    const units = slicesOf(actor, PATH_ROW).map((slice) => [slice]);
    return tracksOf("critical path", `path of ${actorName(shape, actor)}`, units);
  });
  const others = actors.flatMap((actor) => {
    const group = groupOf(actor, shape);
    const name = actorName(shape, actor);
    const own = slicesOf(actor, OWN_ROW);
    const beside = slicesOf(actor, SIDE_ROW).map((slice) => [slice]);
    return [
      ...tracksOf(group, name, own.length > 0 ? [own] : []),
      ...tracksOf(group, `${name} ${group === "cores" ? "answers" : "queue"}`, beside),
    ];
  });
  return [...paths, ...others];
}

function groupOf(actor: number, { cores, iommus }: MachineShape): TrackGroup {
  if (actor < cores) return "cores";
  return actor < cores + iommus ? "IOMMUs" : "devices";
}
