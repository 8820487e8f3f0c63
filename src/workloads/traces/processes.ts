// Which process an event belongs to. A process here is one *image*: a pid between two execs,
// since an exec throws all mappings away. Events name pid and tid; sched_switch names the next
// thread only by its tid, which may be seen there before any event of its own: so that is
// resolved at the end.
//
// How an exec is recognized, where no sched_process_exec event says so: the main thread's name has
// changed, and its next page fault is an instruction fetch in a GiB that the old image never
// touched (the new image's loader, which address randomization puts elsewhere). A thread that only
// renames itself goes on running code near by. Without randomization an exec is missed, and the old
// image's pages stay mapped in the replay; that is harmless, since nothing uses them any more.

import { EventKind, type TraceEvent } from "./event.ts";

const GIB = 0x40000000;
/** A larger mapping (an arena that is only reserved) is noted up to here. */
const LARGEST_NOTED_GIB = 4096;
const FETCH = 0x10;

export class ProcessImage {
  /** Place in ProcessTable.images. */
  readonly id: number;
  readonly pid: number;
  /** When its exec was; −Infinity for the image that a trace begins with. */
  readonly startNs: number;
  comm: string;
  firstNs = Number.POSITIVE_INFINITY;
  lastNs = Number.NEGATIVE_INFINITY;
  /** Operations other than switches. */
  operations = 0;
  /** Among those, what may need a flush: unmap, protect, copy on write. */
  flushRelevant = 0;
  /** When the main thread's name changed, while it is open whether that was an exec. */
  renamedNs: number | undefined = undefined;
  private readonly touchedGib = new Set<number>();

  constructor(id: number, pid: number, startNs: number, comm: string) {
    this.id = id;
    this.pid = pid;
    this.startNs = startNs;
    this.comm = comm;
  }

  /** Notes that addresses from `address` on belong to this image. */
  touch(address: number, bytes: number): void {
    const first = Math.floor(address / GIB);
    const last = Math.floor((address + Math.max(0, bytes - 1)) / GIB);
    const noted = Math.min(last, first + LARGEST_NOTED_GIB);
    for (let gib = first; gib <= noted; gib++) this.touchedGib.add(gib);
  }

  hasTouched(address: number): boolean {
    return this.touchedGib.has(Math.floor(address / GIB));
  }
}

export class ProcessTable {
  readonly images: ProcessImage[] = [];
  private readonly byPid = new Map<number, ProcessImage[]>();
  private readonly pidOfTid = new Map<number, number>();

  /** The image that `event`, whose pid is known, belongs to. Call once for each event, in order. */
  imageOf(event: TraceEvent): ProcessImage {
    const { pid, tid, timeNs } = event;
    if (tid >= 0) this.pidOfTid.set(tid, pid);
    let image =
      this.byPid.get(pid)?.at(-1) ?? this.begin(pid, Number.NEGATIVE_INFINITY, event.comm());
    if (event.kind === EventKind.exec) image = this.begin(pid, timeNs, event.comm());
    else if (tid === pid) image = this.followName(image, event);
    image.firstNs = Math.min(image.firstNs, timeNs);
    image.lastNs = Math.max(image.lastNs, timeNs);
    if (event.kind === EventKind.fault) image.touch(event.address, 1);
    return image;
  }

  /** The image that thread `tid` ran in at that time; undefined if it has no event of its own. */
  imageAt(tid: number, atNs: number): ProcessImage | undefined {
    const pid = this.pidOfTid.get(tid);
    if (pid === undefined) return undefined;
    return this.byPid.get(pid)?.findLast(({ startNs }) => startNs <= atNs);
  }

  /**
   * Notices when the main thread has another name, and decides at its next fault what that means.
   */
  private followName(image: ProcessImage, event: TraceEvent): ProcessImage {
    const comm = event.comm();
    if (comm === image.comm) return image;
    image.renamedNs ??= event.timeNs;
    if (event.kind !== EventKind.fault) return image;
    const isFetch = (event.bits & FETCH) !== 0;
    if (isFetch && !image.hasTouched(event.address)) {
      return this.begin(event.pid, image.renamedNs, comm);
    }
    image.comm = comm;
    image.renamedNs = undefined;
    return image;
  }

  private begin(pid: number, startNs: number, comm: string): ProcessImage {
    const image = new ProcessImage(this.images.length, pid, startNs, comm);
    this.images.push(image);
    const ofPid = this.byPid.get(pid);
    if (ofPid === undefined) this.byPid.set(pid, [image]);
    else ofPid.push(image);
    return image;
  }
}
