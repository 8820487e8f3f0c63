// Lines of `perf script` text → events. Fed with chunks of bytes that may end anywhere; holds one
// partial line and the table of event names, and nothing that grows with the file.
//
//        comm  pid/tid   cpu          time        event                  payload
//    io thd 1 21215/21220 [001]  3104.980651321: csd:csd_function_entry: func=flush_tlb_func, …
//
// Names may hold spaces and brackets. What marks a header is therefore the first `[cpu]` that has a
// thread before it and a time and an event name behind it: no name of 15 bytes can look like that.

import { UsageError } from "../../engine/errors.ts";
import { EventKind, type EventMeaning, meaningOf, NO_PID, TraceEvent } from "./event.ts";
import { Payload } from "./payload.ts";

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const HASH = 0x23;
const MINUS = 0x2d;
const POINT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const NS_PER_S = 1e9;
/** The kernel's clock has 64 bits of ns. */
const LARGEST_SECONDS = 18_446_744_073;
const SHORTEST_FRACTION = 6;
const LONGEST_FRACTION = 9;
/** Longer lines are no events; what is over is thrown away unread. */
const LONGEST_LINE_BYTES = 65_536;
const LARGEST_SAMPLES = 5;
const SAMPLE_CHARACTERS = 160;
/** Names beyond are counted as one: garbage must not fill the table. */
const LARGEST_NAMES = 4096;

/** A line that is no event. Lines count from 1. */
export interface SkippedLine {
  readonly line: number;
  readonly text: string;
}

export interface ParserOptions {
  /** For messages. */
  readonly file: string;
  /** Throw a UsageError at the first line that is no event. */
  readonly strict?: boolean;
}

class EventName {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly meaning: EventMeaning;
  count = 0;
  /** The next name with the same hash. */
  next: EventName | undefined = undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.name = Buffer.from(bytes).toString("latin1");
    this.meaning = meaningOf(this.name);
  }
}

export class TraceParser {
  lines = 0;
  events = 0;
  linesSkipped = 0;
  /** Lines skipped that have the header of a known event but no payload that can be its. */
  linesWithoutPayload = 0;
  readonly skippedSamples: SkippedLine[] = [];
  /** The second that is time 0: that of the first event. Undefined until there is one. */
  baseS: number | undefined = undefined;

  private readonly onEvent: (event: TraceEvent) => void;
  private readonly options: ParserOptions;
  private readonly event = new TraceEvent();
  private readonly payload = new Payload();
  private readonly names = new Map<number, EventName>();
  private readonly crowd = new EventName(Buffer.from("(further names)"));
  private nameCount = 0;

  private readonly partial: Buffer = Buffer.alloc(LONGEST_LINE_BYTES);
  private partialBytes = 0;
  private isOverlong = false;
  /** Results of `readThread`, `readTime` and `readName`, which cannot return several numbers. */
  private pid: number = NO_PID;
  private tid = -1;
  private seconds = 0;
  private timeNs = 0;
  private nameStart = 0;
  private nameEnd = 0;

  /** `onEvent` gets the same object each time. */
  constructor(onEvent: (event: TraceEvent) => void, options: ParserOptions) {
    this.onEvent = onEvent;
    this.options = options;
  }

  /** Parses what is complete in `chunk` and keeps the rest. Throws UsageError if strict. */
  feed(chunk: Buffer): void {
    let start = 0;
    if (this.partialBytes > 0 || this.isOverlong) {
      const newline = chunk.indexOf(NEWLINE);
      this.keep(chunk, 0, newline < 0 ? chunk.length : newline);
      if (newline < 0) return;
      this.endPartial();
      start = newline + 1;
    }
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (newline < 0) break;
      this.parseLine(chunk, start, newline);
      start = newline + 1;
    }
    this.keep(chunk, start, chunk.length);
  }

  /** Parses a last line that has no newline. */
  end(): void {
    if (this.partialBytes > 0 || this.isOverlong) this.endPartial();
  }

  /** Well-formed events by name. */
  eventsByName(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const first of this.names.values()) {
      for (let name: EventName | undefined = first; name !== undefined; name = name.next) {
        if (name.count > 0) counts.set(name.name, name.count);
      }
    }
    if (this.crowd.count > 0) counts.set(this.crowd.name, this.crowd.count);
    return counts;
  }

  private keep(chunk: Buffer, start: number, end: number): void {
    if (this.partialBytes + end - start > LONGEST_LINE_BYTES) this.isOverlong = true;
    const free = LONGEST_LINE_BYTES - this.partialBytes;
    this.partialBytes += chunk.copy(
      this.partial,
      this.partialBytes,
      start,
      Math.min(end, start + free),
    );
  }

  private endPartial(): void {
    const bytes = this.partialBytes;
    this.partialBytes = 0;
    if (this.isOverlong) {
      this.isOverlong = false;
      this.lines++;
      this.skip(this.partial, 0, bytes);
    } else {
      this.parseLine(this.partial, 0, bytes);
    }
  }

  private parseLine(bytes: Buffer, start: number, newline: number): void {
    this.lines++;
    const end = newline > start && bytes[newline - 1] === RETURN ? newline - 1 : newline;
    let first = start;
    while (first < end && isBlank(bytes[first]!)) first++;
    if (first === end || this.parseEvent(bytes, first, end)) return;
    // Asked last: a thread's name may begin with a hash as well.
    if (bytes[first] !== HASH) this.skip(bytes, start, end);
  }

  private parseEvent(bytes: Buffer, first: number, end: number): boolean {
    for (let at = first; at < end; at++) {
      if (bytes[at] === OPEN_BRACKET && this.parseHeader(bytes, first, at, end)) {
        return this.finishEvent(bytes, end);
      }
    }
    return false;
  }

  /** Tries the bracket at `open` as the one around the CPU. */
  private parseHeader(bytes: Buffer, first: number, open: number, end: number): boolean {
    let at = open + 1;
    let cpu = 0;
    for (; isDigit(bytes[at]!) && at < end; at++) cpu = cpu * 10 + bytes[at]! - ZERO;
    if (at === open + 1 || bytes[at] !== CLOSE_BRACKET || at - open > 7) return false;
    const time = this.readTime(bytes, at + 1, end);
    if (time < 0 || !this.readName(bytes, time, end)) return false;
    const commEnd = this.readThread(bytes, first, open);
    if (commEnd < 0) return false;
    const { event } = this;
    event.cpu = cpu;
    event.pid = this.pid;
    event.tid = this.tid;
    event.setComm(bytes, first, commEnd);
    return true;
  }

  /** Reads `  3104.980651321:` into `timeNs`; the position behind it, or −1. */
  private readTime(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && bytes[at] === SPACE) at++;
    const digits = at;
    let seconds = 0;
    for (; at < end && isDigit(bytes[at]!); at++) seconds = seconds * 10 + bytes[at]! - ZERO;
    if (at === digits || at === start || bytes[at] !== POINT) return -1;
    if (seconds > LARGEST_SECONDS) return -1;
    const point = at++;
    let fraction = 0;
    for (; at < end && isDigit(bytes[at]!); at++) fraction = fraction * 10 + bytes[at]! - ZERO;
    let places = at - point - 1;
    if (places < SHORTEST_FRACTION || places > LONGEST_FRACTION || bytes[at] !== COLON) return -1;
    for (; places < LONGEST_FRACTION; places++) fraction *= 10;
    // Relative to a full second: after 104 days of uptime ns no longer fit a number exactly.
    this.timeNs = (seconds - (this.baseS ?? seconds)) * NS_PER_S + fraction;
    this.seconds = seconds;
    return at + 1;
  }

  /** Finds `  tlb:tlb_flush:`, perhaps behind a sample period; the name excludes the last colon. */
  private readName(bytes: Buffer, start: number, end: number): boolean {
    let at = start;
    while (at < end && bytes[at] === SPACE) at++;
    if (at < end && isDigit(bytes[at]!)) {
      while (at < end && isDigit(bytes[at]!)) at++;
      while (at < end && bytes[at] === SPACE) at++;
    }
    this.nameStart = at;
    if (at >= end || !isLetter(bytes[at]!)) return false;
    while (at < end && !isBlank(bytes[at]!)) at++;
    this.nameEnd = at - 1;
    return bytes[at - 1] === COLON;
  }

  /** Reads `pid/tid` or `tid` backwards from the bracket; the end of the name before it, or −1. */
  private readThread(bytes: Buffer, first: number, open: number): number {
    let at = open;
    while (at > first && bytes[at - 1] === SPACE) at--;
    const end = at;
    while (at > first && isIdByte(bytes[at - 1]!)) at--;
    if (end === open || at === end) return -1;
    if (at > first && bytes[at - 1] !== SPACE) return -1;
    const slash = bytes.indexOf(SLASH, at);
    const hasPid = slash >= 0 && slash < end;
    this.pid = hasPid ? readId(bytes, at, slash) : NO_PID;
    this.tid = readId(bytes, hasPid ? slash + 1 : at, end);
    if (Number.isNaN(this.pid) || Number.isNaN(this.tid)) return -1;
    while (at > first && bytes[at - 1] === SPACE) at--;
    return at;
  }

  private finishEvent(bytes: Buffer, end: number): boolean {
    const name = this.nameAt(bytes, this.nameStart, this.nameEnd);
    const { event } = this;
    event.kind = name.meaning.kind;
    event.cause = name.meaning.cause;
    event.name = name.name;
    const isKnown = event.kind !== EventKind.other;
    if (isKnown && !this.payload.read(event, name.meaning, bytes, this.nameEnd + 1, end)) {
      this.linesWithoutPayload++;
      return false;
    }
    if (this.baseS === undefined) this.baseS = this.seconds;
    event.timeNs = this.timeNs;
    name.count++;
    this.events++;
    this.onEvent(event);
    return true;
  }

  private nameAt(bytes: Buffer, start: number, end: number): EventName {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const first = this.names.get(hash);
    for (let name = first; name !== undefined; name = name.next) {
      if (isSame(name.bytes, bytes, start, end)) return name;
    }
    if (this.nameCount >= LARGEST_NAMES) return this.crowd;
    const added = new EventName(Uint8Array.prototype.slice.call(bytes, start, end));
    added.next = first;
    this.names.set(hash, added);
    this.nameCount++;
    return added;
  }

  private skip(bytes: Buffer, start: number, end: number): void {
    this.linesSkipped++;
    if (!this.options.strict && this.skippedSamples.length >= LARGEST_SAMPLES) return;
    const cut = Math.min(end, start + SAMPLE_CHARACTERS);
    const text = bytes.toString("latin1", start, cut).replace(/[^ -~]/g, "?");
    if (this.options.strict) {
      throw new UsageError(
        `${this.options.file}:${this.lines}: not an event of perf script: "${text.trim()}" ` +
          "(without --strict such lines are counted and left out)",
      );
    }
    this.skippedSamples.push({ line: this.lines, text });
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || byte === 0x5f;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

function isIdByte(byte: number): boolean {
  return isDigit(byte) || byte === MINUS || byte === SLASH;
}

/** A decimal number, perhaps negative; NaN if anything else stands there. */
function readId(bytes: Buffer, start: number, end: number): number {
  const isMinus = bytes[start] === MINUS;
  let id = 0;
  const digits = isMinus ? start + 1 : start;
  if (digits >= end || end - digits > 10) return Number.NaN;
  for (let at = digits; at < end; at++) {
    if (!isDigit(bytes[at]!)) return Number.NaN;
    id = id * 10 + bytes[at]! - ZERO;
  }
  return isMinus ? -id : id;
}

function isSame(name: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}
