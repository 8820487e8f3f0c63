// Puts the operations of one process in order of time, with the context switches of the CPUs that
// it runs on: what a thread's tid belongs to is known only now that the whole trace has been read.

import { AddressRanges } from "./address-ranges.ts";
import { MappedPages } from "./mapped-pages.ts";
import { KIND, type Move, type OperationLog } from "./operation-log.ts";
import {
  FREES_TABLES,
  KEEPS_FIRST_TABLE,
  KEEPS_LAST_TABLE,
  OPERATION_CAUSES,
} from "./operations.ts";
import type { ProcessImage, ProcessTable } from "./processes.ts";

/** Pages that one page-table page maps. */
const TABLE_PAGES = 512;

export class Schedule {
  private readonly log: OperationLog;
  private readonly processes: ProcessTable;
  private readonly moves: ReadonlyMap<number, Move>;
  private readonly image: ProcessImage;
  /** What each CPU has: KIND.load, KIND.idle or KIND.other. */
  private readonly states = new Map<number, number>();
  private readonly ordered: number[] = [];
  private readonly mapped = new MappedPages();
  private readonly hasMoves: boolean;
  /** What is reserved or mapped: page tables of all else are freed. */
  private readonly inUse = new AddressRanges();

  constructor(
    log: OperationLog,
    processes: ProcessTable,
    moves: ReadonlyMap<number, Move>,
    image: ProcessImage,
  ) {
    this.log = log;
    this.processes = processes;
    this.moves = moves;
    this.image = image;
    this.hasMoves = [...moves.keys()].some((index) => log.owners[index] === image.id);
  }

  /** Indexes into the log, which gains the operations that had to be added. */
  indexes(): readonly number[] {
    const { log, image } = this;
    const candidates: number[] = [];
    for (let index = 0; index < log.length; index++) {
      const isSwitch = log.kinds[index] === KIND.switch && log.atNs[index]! <= image.lastNs;
      if (isSwitch || log.owners[index] === image.id) candidates.push(index);
    }
    candidates.sort((a, b) => log.atNs[a]! - log.atNs[b]! || a - b);
    for (const index of candidates) {
      if (log.kinds[index] === KIND.switch) this.switchTo(index);
      else this.place(index);
    }
    return this.ordered;
  }

  private switchTo(index: number): void {
    const { log } = this;
    const cpu = log.cpus[index]!;
    const tid = log.vpns[index]!;
    const isOurs = tid !== 0 && this.processes.imageAt(tid, log.atNs[index]!) === this.image;
    const next = tid === 0 ? KIND.idle : isOurs ? KIND.load : KIND.other;
    const now = this.states.get(cpu);
    // Before its first thread of the process a CPU has nothing of it: no switch matters.
    if (next === now || (now === undefined && next !== KIND.load)) return;
    this.put(cpu, log.atNs[index]!, next);
  }

  private put(cpu: number, atNs: number, state: number): void {
    this.states.set(cpu, state);
    this.ordered.push(this.log.push(this.image.id, cpu, atNs, state, "switch"));
  }

  private place(index: number): void {
    const { log } = this;
    const cpu = log.cpus[index]!;
    if (this.states.get(cpu) !== KIND.load) this.put(cpu, log.atNs[index]!, KIND.load);
    if (log.kinds[index] === KIND.move) this.placeMove(index);
    else if (log.kinds[index] !== KIND.reserve) this.ordered.push(index);
    this.followAddresses(index);
    if (this.hasMoves) this.follow(index);
  }

  /** An mremap to another place: unmap of the old one, and map of what was mapped in it. */
  private placeMove(index: number): void {
    const { log, image, ordered } = this;
    const move = this.moves.get(index)!;
    const cpu = log.cpus[index]!;
    const atNs = log.atNs[index]!;
    const { fromVpn, fromPages, toVpn, pages } = move;
    const runs = this.mapped.runs(fromVpn, pages);
    const unmap = log.push(image.id, cpu, atNs, KIND.unmap, "mremap", fromVpn, fromPages);
    ordered.push(unmap);
    this.release(unmap);
    this.mapped.unmap(fromVpn, fromPages);
    for (const run of runs) {
      const vpn = toVpn + run.vpn - fromVpn;
      const kind = run.writable ? KIND.map : KIND.mapZero;
      ordered.push(log.push(image.id, cpu, atNs, kind, "mremap", vpn, run.pages, run.writable));
      this.mapped.map(vpn, run.pages, run.writable);
    }
  }

  /** Keeps `inUse`, and decides which page-table pages an unmap frees. */
  private followAddresses(index: number): void {
    const { log, inUse } = this;
    const kind = log.kinds[index]!;
    if (kind === KIND.unmap) {
      // After madvise the addresses are still the program's.
      if (OPERATION_CAUSES[log.causes[index]!] !== "madvise") this.release(index);
    } else if (kind !== KIND.move && kind !== KIND.protect) {
      inUse.add(log.vpns[index]!, log.pages[index]!);
    }
  }

  /**
   * A page-table page goes when nothing in its 2 MiB is in use any more (Linux mm/memory.c,
   * free_pgtables: from the mapping before to the one behind).
   */
  private release(index: number): void {
    const { log, inUse } = this;
    const vpn = log.vpns[index]!;
    const end = vpn + log.pages[index]!;
    inUse.remove(vpn, end - vpn);
    const first = Math.floor(vpn / TABLE_PAGES) * TABLE_PAGES;
    const last = Math.floor((end - 1) / TABLE_PAGES) * TABLE_PAGES;
    const keepsFirst = inUse.hasAny(first, TABLE_PAGES);
    const keepsLast = inUse.hasAny(last, TABLE_PAGES);
    const kept = (keepsFirst ? 1 : 0) + (keepsLast && last !== first ? 1 : 0);
    if (kept > (last - first) / TABLE_PAGES) return;
    log.tables[index] =
      FREES_TABLES | (keepsFirst ? KEEPS_FIRST_TABLE : 0) | (keepsLast ? KEEPS_LAST_TABLE : 0);
  }

  private follow(index: number): void {
    const { log, mapped } = this;
    const kind = log.kinds[index]!;
    const vpn = log.vpns[index]!;
    const pages = log.pages[index]!;
    const isWritable = log.writable[index] === 1;
    if (kind === KIND.unmap) mapped.unmap(vpn, pages);
    else if (kind === KIND.protect) mapped.protect(vpn, pages, isWritable);
    else if (kind !== KIND.move && kind !== KIND.reserve) mapped.map(vpn, pages, isWritable);
  }
}
