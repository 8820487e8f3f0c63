// The time line of one actor: slices of what it did and when, for `shootdown timeline`. There is
// none unless it is asked for; then each hook, otherwise a branch, writes one record here.
//
// float64                    of a record
// ROW_FIELD                  which of the actor's tracks
// KIND_FIELD                 a segment, or one of the kinds below
// START_FIELD, END_FIELD     in ns
// DETAIL_FIELD               its meaning goes with the kind
// PARTY_FIELD,               the message or submission that the slice is a part of. All slices with
//   SEQUENCE_FIELD           the same two, whoever did them, are one arrow

import type { MachineShape, TimelineWindow } from "../layout/shape.ts";
import { OWN_CHAIN } from "./critical-path.ts";
import { SEGMENT_NAMES, SEGMENTS } from "./segments.ts";

/** What the actor itself does, one thing after the other or one inside the other. */
export const OWN_ROW = 0;
/** What happens beside it: answers that come in to a core, submissions that wait for an IOMMU. */
export const SIDE_ROW = 1;
/** An initiator's critical path. `detail`: the chain, which is that of the message named. */
export const PATH_ROW = 2;
/** No slice but the moment in which the actor sent a message or a submission. */
export const ORIGIN_ROW = 3;

/** What slices show besides segments. */
const MORE_NAMES = [
  "operation",
  "wait",
  "run",
  "idle",
  "interrupt",
  "background",
  "sweep",
  "dma",
  "walk",
] as const;

/** By kind. */
export const SLICE_NAMES: readonly string[] = [...SEGMENT_NAMES, ...MORE_NAMES];

/** An initiator's operation. `detail`: its number, from 1; `sequence`: its subject, or NO_LINK. */
export const OPERATION = SEGMENTS;
/** An initiator waits for the chain in `detail`. */
export const WAIT = SEGMENTS + 1;
/** A user program. */
export const RUN = SEGMENTS + 2;
/** Nothing to run. */
export const IDLE = SEGMENTS + 3;
/** From the entry of an interrupt to its exit, with a HANDLER for each message. */
export const INTERRUPT = SEGMENTS + 4;
/** A deferred flush outside of any operation's path. */
export const BACKGROUND = SEGMENTS + 5;
/** A core drops at its tick what the others have published. */
export const SWEEP = SEGMENTS + 6;
/** A device's DMA, until it has landed. `detail`: the page. */
export const DMA = SEGMENTS + 7;
/** The walk that a miss takes; of a device, inside of its DMA. `detail`: the page. */
export const WALK = SEGMENTS + 8;

export const ROW_FIELD = 0;
export const KIND_FIELD = 1;
export const START_FIELD = 2;
export const END_FIELD = 3;
export const DETAIL_FIELD = 4;
export const PARTY_FIELD = 5;
export const SEQUENCE_FIELD = 6;
export const RECORD_FIELDS = 7;
const FIRST_RECORDS = 256;
/** A slice of no message and no submission has this for its party. */
export const NO_LINK = -1;
/** Own work, which is no chain's. */
const NO_ANSWER = { party: NO_LINK, sequence: NO_LINK };

/** Whether what is done now is recorded: all actors of a run share it. */
export interface RecordingGate {
  readonly recording: boolean;
  /** From now on it is. */
  record(): void;
}

/** Of a machine, what decides whether there are time lines. */
interface Recorded {
  readonly control: RecordingGate;
  readonly shape: MachineShape;
}

/** What an actor of this machine records its time line with; undefined where nobody asks for it. */
export function timelineOf({ control, shape }: Recorded): Timeline | undefined {
  return shape.timeline === undefined ? undefined : new Timeline(control, shape.timeline);
}

export interface TimelineData {
  /** One after the other, RECORD_FIELDS numbers each, as they ended. */
  readonly records: Float64Array;
  /** Slices for which there was no room … */
  readonly leftOut: number;
  /** … and when the first of them began; Infinity if there are none. */
  readonly leftOutFromNs: number;
  /** When the actor's operations that count began; undefined if it has none. */
  readonly operations: OperationTimes | undefined;
}

export interface OperationTimes {
  /** Of the first and of the last, recorded or not. */
  readonly firstNs: number;
  readonly lastNs: number;
  /** Of the first that was recorded from its beginning; Infinity if none was. */
  readonly wholeFromNs: number;
}

export class Timeline {
  private readonly gate: RecordingGate;
  private readonly window: TimelineWindow;
  private records = new Float64Array(FIRST_RECORDS * RECORD_FIELDS);
  private length = 0;
  private leftOut = 0;
  private leftOutFromNs = Number.POSITIVE_INFINITY;
  /** Operations that count, and whether they do yet. */
  private operations = 0;
  private counts = false;
  private inOperation = false;
  /** When the operation was from which on the window counts. */
  private baseNs: number;
  private subject = NO_LINK;
  private firstNs = 0;
  private lastNs = 0;
  private wholeFromNs = Number.POSITIVE_INFINITY;
  /** By chain: the message or submission whose answer it is. */
  private readonly answers: { party: number; sequence: number }[] = [];

  constructor(gate: RecordingGate, window: TimelineWindow) {
    this.gate = gate;
    this.window = window;
    this.baseNs = window.fromOperation === 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  /** The actor has done something, and nothing else meanwhile but what it did inside of that. */
  did(kind: number, startNs: number, endNs: number, detail = 0): void {
    if (endNs > startNs) this.note(OWN_ROW, kind, startNs, endNs, detail, NO_LINK, NO_LINK);
  }

  /** The same, as a part of a message or submission. */
  didFor(
    kind: number,
    startNs: number,
    endNs: number,
    detail: number,
    party: number,
    sequence: number,
  ): void {
    this.note(OWN_ROW, kind, startNs, endNs, detail, party, sequence);
  }

  /** Something has happened to a message or submission of the actor's beside what it did. */
  beside(kind: number, startNs: number, endNs: number, party: number, sequence: number): void {
    this.note(SIDE_ROW, kind, startNs, endNs, 0, party, sequence);
  }

  /** The actor sends a message, or a submission, of which others will do a part. */
  sent(kind: number, atNs: number, party: number, sequence: number): void {
    this.note(ORIGIN_ROW, kind, atNs, atNs, 0, party, sequence);
  }

  /** What the next operations are: a number by which whoever sets it knows them. */
  setSubject(subject: number): void {
    this.subject = subject;
  }

  /** An operation begins; those of the warm-up do not count. */
  beginOperation(nowNs: number): void {
    const { gate, window } = this;
    this.inOperation = true;
    this.operations++;
    if (!this.counts) return;
    if (this.operations === 1) this.firstNs = nowNs;
    this.lastNs = nowNs;
    if (this.operations === window.fromOperation) this.baseNs = nowNs;
    if (!gate.recording && nowNs - this.baseNs >= window.fromNs) gate.record();
    if (gate.recording) this.wholeFromNs = Math.min(this.wholeFromNs, nowNs);
  }

  /** Whether an operation that begins now is behind the window. */
  isOver(nowNs: number): boolean {
    return nowNs - this.baseNs > this.window.toNs;
  }

  endOperation(beganNs: number, endNs: number): void {
    this.inOperation = false;
    if (endNs === beganNs) return;
    this.note(OWN_ROW, OPERATION, beganNs, endNs, this.operations, NO_LINK, this.subject);
  }

  /** The warm-up is over. */
  countFromHere(): void {
    this.operations = 0;
    this.counts = true;
  }

  /** A step of the initiator's: own work of a segment, or a wait for a chain. */
  step(segment: number, chain: number, startNs: number, endNs: number): void {
    if (!this.inOperation) return; // It began at a former operation's end: nothing to show.
    this.did(chain === OWN_CHAIN ? segment : WAIT, startNs, endNs, chain);
  }

  /** Which answer a chain is from here on. */
  answered(chain: number, party: number, sequence: number): void {
    this.answers[chain] = { party, sequence };
  }

  /** A piece of the operation's critical path. */
  onPath(segment: number, chain: number, startNs: number, endNs: number): void {
    if (!this.inOperation) return;
    const { party, sequence } = this.answers[chain] ?? NO_ANSWER;
    this.note(PATH_ROW, segment, startNs, endNs, chain, party, sequence);
  }

  toData(): TimelineData {
    const { leftOut, leftOutFromNs, firstNs, lastNs, wholeFromNs } = this;
    const hasAny = this.counts && this.operations > 0;
    const operations = hasAny ? { firstNs, lastNs, wholeFromNs } : undefined;
    const records = this.records.slice(0, this.length);
    return { records, leftOut, leftOutFromNs, operations };
  }

  private note(
    row: number,
    kind: number,
    startNs: number,
    endNs: number,
    detail: number,
    party: number,
    sequence: number,
  ): void {
    if (!this.gate.recording) return;
    if (this.length === this.window.maxSlices * RECORD_FIELDS) {
      this.leftOut++;
      this.leftOutFromNs = Math.min(this.leftOutFromNs, startNs);
      return;
    }
    if (this.length === this.records.length) this.grow();
    const { records, length } = this;
    records[length + ROW_FIELD] = row;
    records[length + KIND_FIELD] = kind;
    records[length + START_FIELD] = startNs;
    records[length + END_FIELD] = endNs;
    records[length + DETAIL_FIELD] = detail;
    records[length + PARTY_FIELD] = party;
    records[length + SEQUENCE_FIELD] = sequence;
    this.length = length + RECORD_FIELDS;
  }

  private grow(): void {
    const records = new Float64Array(2 * this.records.length);
    records.set(this.records);
    this.records = records;
  }
}
