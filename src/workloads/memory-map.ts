// Where a workload's memory lies, and what of it is mapped before a run.
//
// pages                              what
// 0x1_0000 + 256 · space             the program of a space: what its access stream is drawn from
// 0x2_0000 + 64 · device             a device's own buffer
// 0x8_0000                           of a stress run: what all cores map and unmap …
// 0x8_0000 + 512 · (core + 1)        … and what only one does
// 0x10_0000 + initiator's share      windows that an initiator maps and unmaps

import { violated } from "../engine/errors.ts";
import { USER, WRITABLE } from "../engine/layout/pte.ts";
import { NO_FRAME } from "../engine/machine/frames.ts";
import type { Machine } from "../engine/machine/machine.ts";
import { NO_LEAF } from "../engine/machine/page-table.ts";

export const PROGRAM_PAGES = 256;
export const BUFFER_PAGES = 64;
const PROGRAM_VPN = 0x1_0000;
const BUFFER_VPN = 0x2_0000;
/** Of a stress run: pages that all cores map and unmap. */
export const SHARED_VPN = 0x8_0000;
const WINDOWS_VPN = 0x10_0000;

export function programVpn(space: number): number {
  return PROGRAM_VPN + PROGRAM_PAGES * space;
}

export function bufferVpn(device: number): number {
  return BUFFER_VPN + BUFFER_PAGES * device;
}

/** First page of what only one core of a stress run maps and unmaps: a table of its own. */
export function ownVpn(core: number): number {
  return SHARED_VPN + 512 * (core + 1);
}

/** First page of window `window` of an initiator that has `windows` windows of `pages` pages. */
export function windowVpn(
  initiator: number,
  windows: number,
  pages: number,
  window: number,
): number {
  // Each initiator begins at a table of its own, so that no two share a leaf table.
  const share = Math.ceil((windows * pages) / 512) * 512;
  return WINDOWS_VPN + initiator * share + window * pages;
}

/**
 * Maps every program, of so many pages, and every device's buffer; before the actors start. Larger
 * programs overlap those of other spaces in their addresses, and in nothing else.
 */
export function mapPrograms(machine: Machine, programPages = PROGRAM_PAGES): void {
  const { shape } = machine;
  for (let space = 0; space < shape.spaces; space++) {
    mapPages(machine, space, programVpn(space), programPages);
  }
  for (let device = 0; device < shape.devices; device++) {
    mapPages(machine, 0, bufferVpn(device), BUFFER_PAGES);
  }
}

function mapPages(machine: Machine, space: number, vpn: number, pages: number): void {
  const { pageTables, frames, spaces } = machine;
  for (let page = vpn; page < vpn + pages; page++) {
    const leaf = pageTables.ensureLeaf(spaces.rootOf(space), page, space);
    const frame = frames.allocate(0, space);
    if (leaf === NO_LEAF || frame === NO_FRAME) violated("no frame for a program's page", page);
    if (!pageTables.map(leaf, frame, USER | WRITABLE)) violated("a program overlaps another", page);
  }
}
