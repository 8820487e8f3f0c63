// How a core comes to use an address space, and how it stops: context switches and idling. Whoever
// comes back first counts among those who are told, and then drops what it may have missed.

import { TICK } from "../policy/plan.ts";
import type { Core } from "./core.ts";
import { flushOwnContext } from "./interrupts.ts";
import { skipPublished } from "./sweep.ts";

/** Loads `space` and is told of what is taken from it from here on. */
export function loadSpace(core: Core, space: number): void {
  const { machine, plan } = core;
  machine.spaces.load(space, core.id);
  core.space = space;
  // Read behind the load: what changes from here on is told.
  const newest = machine.spaces.generationOf(space);
  const missed = newest !== core.generations[space];
  core.generations[space] = newest;
  // What is only published makes no generation.
  if (missed || !plan.generations || plan.coresWhen === TICK) flushMissed(core, space);
  core.check?.loaded(space);
}

/**
 * The core has another space loaded from here on, and is not told of this one any more. Where idle
 * cores are skipped it goes on counting until a flush reaches it all the same (targets.ts).
 */
export function unloadSpace(core: Core, space: number): void {
  const { machine, plan } = core;
  if (plan.skipIdle) machine.spaces.leave(space, core.id);
  else machine.spaces.unload(space, core.id);
  core.check?.unloaded(space, core.cpu.now());
}

/** The core stops using translations, with its space still loaded. */
export function enterIdle(core: Core): void {
  core.machine.coreStates.enterIdle(core.id);
}

/**
 * It comes back: flushes first if it was marked meanwhile, or if nobody marks and all publish. If
 * it had to step aside meanwhile, it loads its space again.
 */
export function leaveIdle(core: Core): void {
  const { machine, plan, space } = core;
  const generation = machine.spaces.generationOf(space);
  const marked = machine.coreStates.leaveIdle(core.id);
  const sinceNs = marked ? machine.coreStates.markedNs(core.id) : Number.POSITIVE_INFINITY;
  const stoppedNs = core.check?.stopsUsing(sinceNs);
  if (plan.skipIdle && !machine.spaces.isRunning(space, core.id)) {
    loadSpace(core, space);
  } else if (marked || plan.coresWhen === TICK) {
    core.generations[space] = generation;
    flushMissed(core, space);
  }
  core.check?.resumes(stoppedNs);
}

function flushMissed(core: Core, space: number): void {
  if (space === core.home) skipPublished(core);
  flushOwnContext(core, space);
}
