// What a send adds is known as a whole only. How it is parted into send, delivery, entry and
// acknowledgement rests on what was measured beside it: an acknowledgement is half of a round trip
// between two CPUs, entry and exit are what a send takes from the CPU that is told. Whatever nobody
// measured is parted as on another machine.

import type { Costs } from "../engine/profile/costs.ts";

/** ns, all of them; the exit is no part of what a send adds. */
export interface SendParts {
  readonly sendNs: number;
  readonly deliveryNs: number;
  readonly entryNs: number;
  readonly exitNs: number;
  readonly acknowledgementNs: number;
}

/** What was measured beside; undefined where it was not. */
export interface SendEvidence {
  readonly roundTripNs: number | undefined;
  /** Entry and exit together. */
  readonly handlerNs: number | undefined;
}

/** Parts `wholeNs` as the evidence says, and for the rest as `costs` are. */
export function partSend(
  wholeNs: number,
  { roundTripNs, handlerNs }: SendEvidence,
  costs: Costs,
): SendParts {
  // No more than half, however slow the threads were.
  const acknowledgementNs = Math.min((roundTripNs ?? 2 * costs.cacheLineNs) / 2, wholeNs / 2);
  const travelNs = wholeNs - acknowledgementNs;
  const { ipiSendNs, deliveryNs, interruptEntryNs, interruptExitNs } = costs;
  const sameEntryNs = part(interruptEntryNs, ipiSendNs + deliveryNs) * travelNs;
  const entryPart = part(interruptEntryNs, interruptExitNs);
  // Send and delivery keep at least what they take there.
  const mostEntryNs = Math.max(sameEntryNs, travelNs - ipiSendNs - deliveryNs);
  const entryNs =
    handlerNs === undefined ? sameEntryNs : Math.min(entryPart * handlerNs, mostEntryNs);
  const awayNs = travelNs - entryNs;
  const restNs =
    handlerNs === undefined
      ? entryNs * (interruptEntryNs > 0 ? interruptExitNs / interruptEntryNs : 0)
      : handlerNs - entryNs;
  // Otherwise the next send of a call would find the handler still there, and add more.
  const exitNs = Math.min(restNs, acknowledgementNs + awayNs);
  const sendNs = part(ipiSendNs, deliveryNs) * awayNs;
  return { sendNs, deliveryNs: awayNs - sendNs, entryNs, exitNs, acknowledgementNs };
}

/** Which part one of two is of both; half of nothing. */
function part(one: number, other: number): number {
  return one + other > 0 ? one / (one + other) : 1 / 2;
}
