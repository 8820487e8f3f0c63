// Reads the fields of an event's payload: `address=0x7f00 ip=0x55aa error_code=0x6`, or, for system
// calls, `addr: 0x7f00, len: 0x2000`. Works on bytes: no string is built for any line.
//
// Numbers of 64 bits do not fit a JavaScript number. Addresses are user addresses (47 bits),
// and of a kernel pointer the low 48 bits tell it from every other: so `word` keeps the low 48
// bits, exactly. A number of more than 64 bits is none that a kernel prints, and makes the line no
// event; nor does a kernel flush a negative number of pages, but for −1, which is all of them.

import { ALL_PAGES, Callee, EventKind, type EventMeaning, type TraceEvent } from "./event.ts";

const SPACE = 0x20;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const EQUALS = 0x3d;
const COLON = 0x3a;
const OPEN_PAREN = 0x28;
const LETTER_A = 0x61;
const LETTER_F = 0x66;
const LETTER_X = 0x78;
const TO_LOWER = 0x20;

const HALF_BITS = 24;
const HALF_MASK = 0xffffff;
const HALF_SIZE = 0x1000000;
const LARGEST_CPUMASK = 8192;
const LONGEST_HEXADECIMAL = 16;
/** Pages of a range in 64 bits of address space. */
const LARGEST_RANGE_PAGES = 0x10000000000000;

const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
const KEY = {
  addr: bytesOf("addr"),
  address: bytesOf("address"),
  start: bytesOf("start"),
  len: bytesOf("len"),
  lenIn: bytesOf("len_in"),
  prot: bytesOf("prot"),
  flags: bytesOf("flags"),
  behavior: bytesOf("behavior"),
  oldLen: bytesOf("old_len"),
  newLen: bytesOf("new_len"),
  newAddr: bytesOf("new_addr"),
  errorCode: bytesOf("error_code"),
  pages: bytesOf("pages"),
  reason: bytesOf("reason"),
  cpu: bytesOf("cpu"),
  cpumask: bytesOf("cpumask"),
  func: bytesOf("func"),
  csd: bytesOf("csd"),
  callsite: bytesOf("callsite"),
  callback: bytesOf("callback"),
  nextPid: bytesOf("next_pid"),
};
const FLUSH_FUNCTION = bytesOf("flush_tlb");
const NULL_CALLBACK = bytesOf("0x0");
const HEX_PREFIX = bytesOf("0x");
/** The largest number of 64 bits: as a signed one it is −1. */
const LARGEST_WORD = bytesOf("18446744073709551615");
const ALL_PAGES_TEXTS = [bytesOf("-1"), LARGEST_WORD];
/** IPIs that wake a CPU up and call nothing for others; they are sent during shootdowns too. */
const WAKE_UPS = [bytesOf("ttwu"), bytesOf("wakeup")];

/** A digit's value, hexadecimal in either case; −1 if `byte` is none. */
function digitOf(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  const lower = byte | TO_LOWER;
  return lower >= LETTER_A && lower <= LETTER_F ? lower - LETTER_A + 10 : -1;
}

export class Payload {
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;
  private end = 0;
  private at = 0;
  /** Of the last `word`: its sign bit, bit 63, or a minus sign. */
  private isNegative = false;
  /** Whether all words since `read` began have no more than 64 bits. */
  private fits = true;

  /**
   * Fills the payload fields of `event`; false if one that its kind needs is not there, or one has
   * a number that cannot be.
   */
  read(
    event: TraceEvent,
    meaning: EventMeaning,
    bytes: Buffer,
    start: number,
    end: number,
  ): boolean {
    this.bytes = bytes;
    this.start = start;
    this.at = start;
    this.end = end;
    this.fits = true;
    return this.readFields(event, meaning.kind) && this.fits;
  }

  private readFields(event: TraceEvent, kind: EventKind): boolean {
    switch (kind) {
      case EventKind.enter:
        return this.readEnter(event);
      case EventKind.exit:
        return this.readExit(event);
      case EventKind.fault:
        return this.readFault(event);
      case EventKind.flush:
        return this.readFlush(event);
      case EventKind.queue:
        return this.readQueue(event);
      case EventKind.send:
        return this.readSend(event);
      case EventKind.functionEntry:
      case EventKind.functionExit:
        return this.readFunction(event);
      case EventKind.switch:
        return this.readSwitch(event);
      default:
        return true;
    }
  }

  private readEnter(event: TraceEvent): boolean {
    if (!this.find(KEY.addr) && !this.find(KEY.start)) return false;
    event.address = this.word();
    event.bits = 0;
    event.flags = 0;
    switch (event.cause) {
      case "mmap":
        if (!this.find(KEY.len)) return false;
        event.bytes = this.word();
        if (this.find(KEY.prot)) event.bits = this.word();
        if (this.find(KEY.flags)) event.flags = this.word();
        return true;
      case "mremap":
        return this.readMremap(event);
      default:
        if (!this.find(KEY.len) && !this.find(KEY.lenIn)) return false;
        event.bytes = this.word();
        if (this.find(KEY.prot) || this.find(KEY.behavior)) event.bits = this.word();
        return true;
    }
  }

  private readMremap(event: TraceEvent): boolean {
    if (!this.find(KEY.oldLen)) return false;
    event.bytes = this.word();
    if (!this.find(KEY.newLen)) return false;
    event.newBytes = this.word();
    if (this.find(KEY.flags)) event.flags = this.word();
    event.newAddress = this.find(KEY.newAddr) ? this.word() : 0;
    return true;
  }

  private readExit(event: TraceEvent): boolean {
    this.skipSpaces();
    if (this.at === this.end) return false;
    event.result = this.word();
    event.failed = this.isNegative;
    return true;
  }

  private readFault(event: TraceEvent): boolean {
    if (!this.find(KEY.address)) return false;
    event.address = this.word();
    if (!this.find(KEY.errorCode)) return false;
    event.bits = this.word();
    return true;
  }

  private readFlush(event: TraceEvent): boolean {
    if (!this.find(KEY.pages)) return false;
    const isAll = ALL_PAGES_TEXTS.some((text) => this.isWord(text));
    event.pages = isAll ? ALL_PAGES : this.word();
    if (!isAll && (this.isNegative || event.pages > LARGEST_RANGE_PAGES)) return false;
    if (!this.find(KEY.reason)) return false;
    while (this.at < this.end && this.bytes[this.at] !== OPEN_PAREN) this.at++;
    this.at++;
    if (this.at >= this.end) return false;
    event.reason = this.word();
    return true;
  }

  private readQueue(event: TraceEvent): boolean {
    if (!this.find(KEY.cpu)) return false;
    event.targetCpu = this.word();
    return this.readFunction(event);
  }

  private readFunction(event: TraceEvent): boolean {
    if (!this.find(KEY.func)) return false;
    event.callee = this.callee();
    if (!this.find(KEY.csd)) return false;
    event.csd = this.bytes[this.at] === OPEN_PAREN ? 0 : this.word();
    return true;
  }

  private callee(): Callee {
    if (this.startsWith(FLUSH_FUNCTION)) return Callee.flush;
    return this.startsWith(HEX_PREFIX) ? Callee.unnamed : Callee.another;
  }

  private readSend(event: TraceEvent): boolean {
    if (this.find(KEY.cpumask)) event.targets = this.cpus();
    else if (this.find(KEY.cpu)) event.targets = [this.word()];
    else return false;
    event.isCall = true;
    if (this.find(KEY.callsite) && WAKE_UPS.some((name) => this.startsWith(name))) {
      event.isCall = false;
    }
    if (this.find(KEY.callback) && this.startsWith(NULL_CALLBACK)) event.isCall = this.isLonger();
    return true;
  }

  /** Whether the value here is longer than `0x0`: an address that only begins so. */
  private isLonger(): boolean {
    const next = this.at + NULL_CALLBACK.length;
    return next < this.end && digitOf(this.bytes[next]!) >= 0;
  }

  private readSwitch(event: TraceEvent): boolean {
    // The last one: a thread may be called "next_pid=7".
    const at = this.bytes.subarray(this.start, this.end).lastIndexOf(KEY.nextPid);
    if (at < 0) return false;
    this.at = this.start + at + KEY.nextPid.length + 1;
    if (this.at >= this.end) return false;
    event.nextTid = this.word();
    return true;
  }

  /**
   * Moves behind `key` and its `=` or `:` (and spaces), wherever in the payload it stands; leaves
   * the position alone if it is not there.
   */
  private find(key: Buffer): boolean {
    const { bytes, end, start } = this;
    const first = key[0];
    for (let at = start; at + key.length < end; at++) {
      if (bytes[at] !== first || !this.isKeyAt(key, at)) continue;
      this.at = at + key.length + 1;
      this.skipSpaces();
      return true;
    }
    return false;
  }

  private isKeyAt(key: Buffer, at: number): boolean {
    const { bytes } = this;
    const after = bytes[at + key.length];
    if (after !== EQUALS && after !== COLON) return false;
    const before = at === this.start ? SPACE : bytes[at - 1];
    if (before !== SPACE && before !== COMMA && before !== OPEN_PAREN) return false;
    for (let i = 1; i < key.length; i++) if (bytes[at + i] !== key[i]) return false;
    return true;
  }

  /** Whether the number here is written so. */
  private isWord(text: Buffer): boolean {
    return this.startsWith(text) && digitOf(this.bytes[this.at + text.length]!) < 0;
  }

  private startsWith(text: Buffer): boolean {
    if (this.at + text.length > this.end) return false;
    for (let i = 0; i < text.length; i++) if (this.bytes[this.at + i] !== text[i]) return false;
    return true;
  }

  private skipSpaces(): void {
    while (this.at < this.end && this.bytes[this.at] === SPACE) this.at++;
  }

  /**
   * The number here, decimal or `0x` hexadecimal: its low 48 bits, and in `isNegative` whether a
   * 64-bit register would call it negative. No digits read as 0.
   */
  private word(): number {
    const { bytes } = this;
    const isMinus = bytes[this.at] === MINUS;
    if (isMinus) this.at++;
    if (bytes[this.at] === ZERO && bytes[this.at + 1] === LETTER_X) {
      this.at += 2;
      return this.hexadecimal();
    }
    const first = this.at;
    let value = 0;
    for (; this.at < this.end; this.at++) {
      const digit = bytes[this.at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.isNegative = isMinus || value >= 0x8000000000000000;
    if (isLargerThan(bytes, first, this.at, LARGEST_WORD)) this.fits = false;
    return value;
  }

  private hexadecimal(): number {
    let high = 0;
    let low = 0;
    let digits = 0;
    let leading = 0;
    for (; this.at < this.end; this.at++) {
      const digit = digitOf(this.bytes[this.at]!);
      if (digit < 0) break;
      if (digits === 0) leading = digit;
      digits++;
      high = ((high << 4) | (low >>> (HALF_BITS - 4))) & HALF_MASK;
      low = ((low << 4) | digit) & HALF_MASK;
    }
    this.isNegative = digits === LONGEST_HEXADECIMAL && leading >= 8;
    if (digits > LONGEST_HEXADECIMAL) this.fits = false;
    return high * HALF_SIZE + low;
  }

  /** CPUs of `0-5,8`, or of a bit mask as older tools print it: `00000001,000000ff`. */
  private cpus(): number[] {
    let end = this.at;
    while (end < this.end && this.bytes[end] !== SPACE) end++;
    const groups = this.bytes.toString("latin1", this.at, end).split(",");
    this.at = end;
    const isMask = groups.every((group) => /^[0-9a-f]{8,16}$/i.test(group));
    return isMask ? cpusOfMask(groups) : groups.flatMap(cpusOfRange);
  }
}

/** Whether the decimal digits from `start` to `end` are a larger number than those of `limit`. */
function isLargerThan(bytes: Buffer, start: number, end: number, limit: Buffer): boolean {
  if (end - start !== limit.length) return end - start > limit.length;
  return bytes.compare(limit, 0, limit.length, start, end) > 0;
}

function cpusOfRange(range: string): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  if (match === null) return [];
  const first = Number(match[1]);
  const last = Math.min(Number(match[2] ?? match[1]), LARGEST_CPUMASK);
  const cpus: number[] = [];
  for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  return cpus;
}

/** Bit n of the whole mask is CPU n; the last group holds the lowest CPUs. */
function cpusOfMask(groups: readonly string[]): number[] {
  const digits = groups.join("");
  const cpus: number[] = [];
  for (let i = 0; i < digits.length; i++) {
    const digit = Number.parseInt(digits[digits.length - 1 - i]!, 16);
    for (let bit = 0; bit < 4; bit++) if ((digit >> bit) & 1) cpus.push(4 * i + bit);
  }
  return cpus;
}
