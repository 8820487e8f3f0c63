// Cuts one shootdown of a real kernel into segments, and walks back from its end through whatever
// was binding. Two chains start at the request; the one that ends later is the critical path:
//
//   prepare ─┬─ send ── delivery ── handler ─┬─ return          (the slowest target)
//            └─ send ── local ───────────────┘                  (the initiator's own flush)
//
// segment    from                                   to
// prepare    system call or fault entered           tlb_flush … remote IPI send
// send       there                                  ipi_send of the slowest target; or local entry
// delivery   ipi_send (csd_queue where none)        call_function(_single)_entry on the target
// handler    there                                  call_function(_single)_exit
// local      csd_function_entry with no csd         csd_function_exit (tlb_flush where none)
// return     end of the later chain                 system call exited (a fault has no exit event)
//
// Where it is not known when the local flush began, there is no `local`: on the second chain all of
// it is in `send`.
//
// A real IPI goes out behind its tracepoint: what it costs the sender is in `delivery` on the first
// chain and in `send` on the second.

export const KERNEL_SEGMENTS = [
  "prepare",
  "send",
  "local",
  "delivery",
  "handler",
  "return",
] as const;
export type KernelSegment = (typeof KERNEL_SEGMENTS)[number];

/** Times of one shootdown in ns; undefined is what the trace does not show. */
export interface ShootdownTimes {
  /** The request's own time where nothing opened it. */
  readonly startNs: number;
  readonly isOpened: boolean;
  readonly requestNs: number;
  readonly localStartNs: number | undefined;
  readonly localEndNs: number | undefined;
  /** Of the target that was slowest to finish. */
  readonly sentNs: number;
  readonly handlerEntryNs: number;
  readonly handlerExitNs: number;
  readonly returnNs: number | undefined;
}

export interface CriticalPath {
  readonly latencyNs: number;
  /** What each segment contributes to the latency: these sum to it. 0 off the path. */
  readonly pathNs: Readonly<Record<KernelSegment, number>>;
  /** How long each took, on the path or off it; undefined where it did not occur. */
  readonly durationNs: Readonly<Record<KernelSegment, number | undefined>>;
  /** How much later each could have ended without delaying the initiator. 0 on the path. */
  readonly slackNs: Readonly<Record<KernelSegment, number>>;
}

/** Walks one complete shootdown. Times that run backwards (skewed clocks) become empty segments. */
export function criticalPath(times: ShootdownTimes): CriticalPath {
  const lastNs = times.returnNs ?? Number.POSITIVE_INFINITY;
  const after = (ns: number, earliestNs: number) => Math.min(Math.max(ns, earliestNs), lastNs);
  const requestNs = after(times.requestNs, times.startNs);
  const sentNs = after(times.sentNs, requestNs);
  const entryNs = after(times.handlerEntryNs, sentNs);
  const exitNs = after(times.handlerExitNs, entryNs);
  const localStartNs = after(times.localStartNs ?? times.localEndNs ?? requestNs, requestNs);
  const localEndNs = after(times.localEndNs ?? localStartNs, localStartNs);
  const isLocalLast = localEndNs > exitNs;
  const boundNs = isLocalLast ? localEndNs : exitNs;
  const endNs = times.returnNs === undefined ? boundNs : Math.max(times.returnNs, boundNs);

  const prepare = requestNs - times.startNs;
  const send = (isLocalLast ? localStartNs : sentNs) - requestNs;
  const local = localEndNs - localStartNs;
  const delivery = entryNs - sentNs;
  const handler = exitNs - entryNs;
  const returning = endNs - boundNs;
  const hasLocal = times.localStartNs !== undefined && times.localEndNs !== undefined;
  return {
    latencyNs: endNs - times.startNs,
    pathNs: {
      prepare,
      send,
      local: isLocalLast ? local : 0,
      delivery: isLocalLast ? 0 : delivery,
      handler: isLocalLast ? 0 : handler,
      return: returning,
    },
    durationNs: {
      prepare: times.isOpened ? prepare : undefined,
      send,
      local: hasLocal ? local : undefined,
      delivery,
      handler,
      return: times.returnNs === undefined ? undefined : returning,
    },
    slackNs: {
      prepare: 0,
      send: 0,
      local: hasLocal ? boundNs - localEndNs : 0,
      delivery: boundNs - exitNs,
      handler: boundNs - exitNs,
      return: 0,
    },
  };
}
