// Giving back what was unmapped: only now do the entries let go of their frame numbers, so that the
// addresses can be mapped again.

import { NO_FRAME } from "../machine/frames.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import type { Core } from "./core.ts";

/** Frees the frames that the unmapped entries of a range still name. */
export function freeRange(
  core: Core,
  space: number,
  vpn: number,
  pages: number,
  unmappedNs: number,
): void {
  const { cpu, machine, costs, counters } = core;
  const { pageTables, spaces } = machine;
  const root = spaces.rootOf(space);
  let leaf = NO_LEAF;
  let freed = 0;
  for (let page = vpn; page < vpn + pages; page++) {
    leaf = pageTables.leafAfter(leaf, root, page);
    if (leaf === NO_LEAF) continue;
    const frame = pageTables.takeHeld(leaf);
    if (frame === NO_FRAME) continue;
    freeFrame(core, frame, page);
    freed++;
  }
  cpu.spend(costs.frameNs * freed);
  counters.framesFreed += freed;
  counters.heldPageNs += freed * (cpu.now() - unmappedNs);
  machine.spaces.addHeld(space, -freed);
}

/** Gives one frame back that was mapped at `vpn`, or was to be. */
export function freeFrame(core: Core, frame: number, vpn: number): void {
  core.check?.freed(frame, vpn);
  core.machine.frames.free(core.id, frame);
}
