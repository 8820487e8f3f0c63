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
  DETAIL_FIELD,
  DMA,
  END_FIELD,
  KIND_FIELD,
  NO_LINK,
  OPERATION,
  ORIGIN_ROW,
  OWN_ROW,
  PARTY_FIELD,
  PATH_ROW,
  RECORD_FIELDS,
  ROW_FIELD,
  RUN,
  SEQUENCE_FIELD,
  SIDE_ROW,
  SLICE_NAMES,
  START_FIELD,
  type TimelineData,
  WAIT,
  WALK,
} from "../../engine/probe/timeline.ts";
import type { RecordedActors } from "./clock.ts";
import {
  type Arrow,
  byStart,
  grouped,
  isSelected,
  isWindow,
  type Operation,
  type Selection,
  type Slice,
  type SliceArguments,
  sliceOf,
  spanOf,
  type Timeline,
  type TimeWindow,
  type Track,
  type TrackGroup,
} from "./form.ts";
import { tracksOf } from "./lanes.ts";
import { SliceLine } from "./slice-line.ts";

/** An operation as it was recorded. */
export interface RecordedOperation {
  readonly actor: number;
  /** Of its initiator's, from 1. */
  readonly number: number;
  /** What it was set to be (Timeline.setSubject). */
  readonly subject: number;
  readonly startNs: number;
}

/** What a viewer should know of it. */
export interface DescribedOperation {
  readonly name: string;
  readonly number: number | undefined;
  /** By this it is selected. */
  readonly dueNs: number;
  readonly args: SliceArguments;
}

/** One record of an actor, taken apart. */
interface Entry {
  readonly actor: number;
  readonly row: number;
  readonly kind: number;
  readonly detail: number;
  readonly party: number;
  readonly sequence: number;
  readonly slice: Slice;
  /** Of operations. */
  readonly described?: DescribedOperation;
}

/** Steps in which messages and submissions are sent. */
const SENDERS = new Set([LOCK, PTE, SUBMIT, SEND, FREE, BACKGROUND]);
/** Parts of an IPI; those of a submission are the others that belong to anything. */
const IPI_KINDS = new Set([SEND, HANDLER, ACK_RETURN]);

/**
 * The timeline of the operations that are selected, and of what they have sent until that is
 * handled. `recorded` is what each actor of a machine of that shape recorded, in their order.
 * Operations go by their numbers unless `describe` knows more.
 */
export function runTimeline(
  source: string,
  recorded: RecordedActors,
  shape: MachineShape,
  selection: Selection,
  describe = byNumber,
): Timeline {
  const entries = recorded.flatMap((data, actor) => {
    return data === undefined ? [] : entriesOf(data, actor, shape, describe);
  });
  const whole = entries.filter(({ actor, slice: { startNs } }) => {
    return startNs >= Math.round(recorded[actor]?.operations?.wholeFromNs ?? 0);
  });
  const operations = operationsOf(whole, source, shape, selection);
  const span = shownSpan(operations, entries, selection, recorded);
  markCritical(entries, shape);
  const { arrows, added } = arrowsOf(entries, span);
  const toNs = arrows
    .flatMap(({ slices }) => slices)
    .reduce((last, { endNs }) => Math.max(last, endNs), span.toNs);
  const shown = [...entries, ...added].filter(({ row, slice }) => {
    return row !== ORIGIN_ROW && cut(slice, span.fromNs, toNs);
  });
  return {
    tracks: allTracks(shown, shape),
    ...{ arrows, operations },
    leftOut: recorded.reduce((sum, data) => sum + (data?.leftOut ?? 0), 0),
    leftOutFromNs: leftOutFromNs(recorded),
    allBegan: allBeganOf(recorded),
  };
}

function byNumber({ number, startNs }: RecordedOperation): DescribedOperation {
  return { name: `operation ${number}`, number, dueNs: startNs, args: {} };
}

function entriesOf(
  { records }: TimelineData,
  actor: number,
  shape: MachineShape,
  describe: (operation: RecordedOperation) => DescribedOperation,
): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i < records.length; i += RECORD_FIELDS) {
    const row = records[i + ROW_FIELD];
    const kind = records[i + KIND_FIELD];
    const startNs = Math.round(records[i + START_FIELD]);
    const endNs = Math.round(records[i + END_FIELD]);
    const detail = records[i + DETAIL_FIELD];
    const party = records[i + PARTY_FIELD];
    const sequence = records[i + SEQUENCE_FIELD];
    const entry = { actor, row, kind, detail, party, sequence };
    const before: Entry | undefined = entries.at(-1);
    if (goesOn(before, kind, startNs)) {
      before.slice.endNs = endNs;
    } else if (kind === OPERATION) {
      const described = describe({ actor, number: detail, subject: sequence, startNs });
      const slice = sliceOf(described.name, startNs, endNs, described.args);
      entries.push({ ...entry, slice, described });
    } else {
      const args = argumentsOf(row, kind, detail, party, shape);
      entries.push({ ...entry, slice: sliceOf(SLICE_NAMES[kind], startNs, endNs, args) });
    }
  }
  return entries;
}

/**
 * Whether a program ran on from where its last slice ended: it looks at its pages all the time, and
 * a viewer need not know how often.
 */
function goesOn(before: Entry | undefined, kind: number, startNs: number): before is Entry {
  return kind === RUN && before?.kind === RUN && before.slice.endNs === startNs;
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
  source: string,
  shape: MachineShape,
  selection: Selection,
): Operation[] {
  return entries
    .flatMap(({ actor, described, slice: { startNs, endNs } }) => {
      if (described === undefined || !isSelected(described, selection)) return [];
      const { number } = described;
      const initiator = actorName(shape, actor);
      return [{ number, source, initiator, startNs, latencyNs: endNs - startNs }];
    })
    .sort((a, b) => a.startNs - b.startNs);
}

/**
 * From the first operation's begin, or that of the window, to the end of the last one and of the
 * window, as far as everybody had room.
 */
function shownSpan(
  operations: readonly Operation[],
  entries: readonly Entry[],
  selection: Selection,
  recorded: RecordedActors,
): TimeWindow {
  const { fromNs, toNs } = spanOf(spansOf(operations, entries, selection));
  return { fromNs, toNs: Math.min(leftOutFromNs(recorded), toNs) };
}

/** From when on somebody had no room; Infinity if all had. */
function leftOutFromNs(recorded: RecordedActors): number {
  const fromNs = recorded.map((data) => data?.leftOutFromNs ?? Number.POSITIVE_INFINITY);
  return Math.floor(Math.min(...fromNs));
}

/** What is to be shown in any case; all there is where there are no operations. */
function spansOf(
  operations: readonly Operation[],
  entries: readonly Entry[],
  selection: Selection,
): TimeWindow[] {
  const spans = operations.map(({ startNs, latencyNs }) => {
    return { fromNs: startNs, toNs: startNs + latencyNs };
  });
  if (isWindow(selection)) return [...spans, selection];
  if (spans.length > 0) return spans;
  return entries.map(({ slice: { startNs, endNs } }) => ({ fromNs: startNs, toNs: endNs }));
}

function allBeganOf(recorded: RecordedActors): TimeWindow | undefined {
  const known = recorded.flatMap((data) => data?.operations ?? []);
  if (known.length === 0) return undefined;
  return spanOf(
    known.map(({ firstNs, lastNs }) => {
      return { fromNs: Math.round(firstNs), toNs: Math.round(lastNs) };
    }),
  );
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
  { fromNs, toNs }: TimeWindow,
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
    // What is inside of something was recorded before it; of one start and end it stays inside.
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
