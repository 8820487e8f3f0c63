// `mprotect`: one operation takes the right to write from a window, in one call, as a garbage
// collector does whose barrier is the page fault. `mprotect:widen`: one operation gives it back.
// Hardware needs no flush for that, as an entry which says too little only faults; Linux flushes on
// x86 all the same (arch/x86/include/asm/tlbflush.h: pte_flags_need_flush, any change of _PAGE_RW),
// and that is what is measured. `mprotect:widen-unflushed` is the same for kernels that leave it
// out: the program's next writes find what the entries allowed before, and walk again.
//
// The window stays mapped. What undoes an operation before the next is outside its latency.

import type { Protocol } from "../engine/executor/cpu.ts";
import { PTE } from "../engine/probe/segments.ts";
import type { Core } from "../engine/protocol/core.ts";
import {
  beginOperation,
  finishOperation,
  flushNow,
  protect,
  unprotect,
} from "../engine/protocol/memory.ts";
import type { AccessStream } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { usePages, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Operation number `index`: the window is writable and written to, then it is protected. */
export function* narrowWindow(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { pages, gapNs } = plan;
  const vpn = windowOf(core, plan, index);
  yield* unprotect(core, vpn, pages);
  yield* usePages(core, vpn, pages, true);
  yield* awaitArrival(core, stream, gapNs);
  beginOperation(core);
  yield* protect(core, vpn, pages);
  yield* finishOperation(core);
}

/** Modes of MPROTECT_WIDEN. */
export const WIDEN_FLUSHED = 0;
export const WIDEN_UNFLUSHED = 1;

/** Operation number `index`: the window is read-only and read, then it is made writable. */
export function* widenWindow(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  const { path, cpu } = core;
  const { pages, gapNs, mode } = plan;
  const vpn = windowOf(core, plan, index);
  path.enabled = false; // Protecting belongs to no operation.
  yield* protect(core, vpn, pages);
  core.check?.returned();
  path.enabled = true;
  yield* usePages(core, vpn, pages, false);
  yield* awaitArrival(core, stream, gapNs);
  beginOperation(core);
  yield* unprotect(core, vpn, pages);
  if (mode === WIDEN_FLUSHED) yield* flushNow(core, vpn, pages);
  else path.mark(PTE, cpu.now());
  yield* finishOperation(core);
  // No operation's latency: whoever was not told finds out when it writes.
  if (mode === WIDEN_UNFLUSHED) yield* usePages(core, vpn, pages, true);
}
