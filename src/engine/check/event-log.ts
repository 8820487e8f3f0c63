// What happened to frames, for the history that a finding tells: each actor notes it in a ring of
// its own, plainly. Who reads does so while others write, and may get an event that is half
// another.
//
// float64    meaning
// 0          events noted so far
// 8 + 5·i    event i modulo the ring's length: number of its kind, frame, page, time, new owner

import {
  allFloatsOf,
  FRAME_EVENT_FLOATS,
  FRAME_EVENT_HEAD_LINES,
  FRAME_EVENTS,
  type SharedFloats,
} from "../layout/regions.ts";
import { LINE_BYTES } from "../layout/words.ts";
import type { Machine } from "../machine/machine.ts";
import { FRAME_EVENT_KINDS, type FrameEvent } from "./finding.ts";

export const MAPPED = FRAME_EVENT_KINDS.indexOf("mapped");
export const CACHED = FRAME_EVENT_KINDS.indexOf("cached");
export const TAKEN_AWAY = FRAME_EVENT_KINDS.indexOf("unmapped");
export const PROTECTED = FRAME_EVENT_KINDS.indexOf("protected");
export const FLUSHED = FRAME_EVENT_KINDS.indexOf("flushed");
export const FREED = FRAME_EVENT_KINDS.indexOf("freed");
export const HANDED_OUT = FRAME_EVENT_KINDS.indexOf("handed out");
export const USED = FRAME_EVENT_KINDS.indexOf("used");

/** Instead of a frame: the event is one of all. */
export const ALL_FRAMES = -1;
/** Events that a finding tells. */
const HISTORY_EVENTS = 24;
/** Of these, those that happened to the frame itself and are no use of it, at most. */
const OWN_EVENTS = 16;
const FIRST_EVENT = (FRAME_EVENT_HEAD_LINES * LINE_BYTES) / 8;

export class EventLog {
  private readonly floats: SharedFloats;
  private readonly stride: number;
  private readonly actors: number;

  constructor({ memory, regions }: Machine) {
    this.floats = allFloatsOf(memory, regions.frameEvents);
    this.stride = regions.frameEvents.stride / 8;
    this.actors = regions.frameEvents.count;
  }

  /**
   * `actor` itself: something happened to a frame, through a page or -1, that made it the space
   * `owner`'s or left it whose it was, -1.
   */
  note(actor: number, kind: number, frame: number, vpn: number, nowNs: number, owner = -1): void {
    const { floats } = this;
    const base = actor * this.stride;
    const noted = floats[base];
    const event = base + FIRST_EVENT + (noted & (FRAME_EVENTS - 1)) * FRAME_EVENT_FLOATS;
    floats[event] = kind;
    floats[event + 1] = frame;
    floats[event + 2] = vpn;
    floats[event + 3] = nowNs;
    floats[event + 4] = owner;
    floats[base] = noted + 1;
  }

  /**
   * The last that is known to have happened to a frame, oldest first. What was done by an actor
   * whose clock is ahead of the others' has happened all the same, and stands behind.
   */
  historyOf(frame: number): FrameEvent[] {
    const events: FrameEvent[] = [];
    for (let actor = 0; actor < this.actors; actor++) this.collect(actor, frame, events);
    const byTime = (a: FrameEvent, b: FrameEvent) => a.atNs - b.atNs;
    events.sort(byTime);
    // Flushes of everything, and uses through what is found stale, are many and tell the least.
    const isOneOfMany = ({ kind, vpn }: FrameEvent) =>
      kind === "used" || (kind === "flushed" && vpn < 0);
    const own = events.filter((event) => !isOneOfMany(event)).slice(-OWN_EVENTS);
    const others = events.filter(isOneOfMany).slice(own.length - HISTORY_EVENTS);
    return [...own, ...others].sort(byTime);
  }

  private collect(actor: number, frame: number, events: FrameEvent[]): void {
    const { floats } = this;
    const base = actor * this.stride;
    const kept = Math.min(floats[base], FRAME_EVENTS);
    for (let i = 0; i < kept; i++) {
      const event = base + FIRST_EVENT + i * FRAME_EVENT_FLOATS;
      const kind = FRAME_EVENT_KINDS[floats[event]];
      const of = floats[event + 1];
      if (of !== frame && of !== ALL_FRAMES) continue;
      const [atNs, vpn, owner] = [floats[event + 3], floats[event + 2], floats[event + 4]];
      events.push({ kind, atNs, actor, vpn, owner });
    }
  }
}
