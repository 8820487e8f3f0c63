// Cells of this host as a profile.
//
// What a send adds is known as a whole only. How it is parted into send, delivery, entry and
// acknowledgement rests on what was measured beside it: an acknowledgement is half of a round trip
// between two CPUs, entry and exit are what a send takes from the CPU that is told. Whatever nobody
// measured is parted as on the other machine, and its source says so.

import type { Profile } from "../engine/profile/profile.ts";
import type { CellTimes, Estimate, HostTimes } from "./cell.ts";
import { type Fit, fitCells, isFitted } from "./fit.ts";
import type { FittedProfile } from "./fitted-profile.ts";
import { fitLine, linePoint } from "./null-model.ts";
import { checkBase, type KnownCosts, knownValue, profileFrom, wholeNs } from "./profile-from.ts";

export interface ProfileRequest {
  readonly name: string;
  /** Whose values stand where nothing was measured. */
  readonly base: Profile;
  /** What was measured, in words: `this host (AMD EPYC, 2 CPUs)`. */
  readonly where: string;
  readonly seed: number;
}

/** How often a call changes the entry of a page: in mprotect and in madvise. */
const ENTRIES_PER_PAGE = 2;

/** Throws a UsageError if the cells do not say enough. */
export function hostProfile(
  cells: readonly CellTimes[],
  host: HostTimes,
  { name, base, where, seed }: ProfileRequest,
): FittedProfile {
  checkBase(base);
  const { costs } = base;
  const fit = fitCells(
    cells,
    {
      page: ENTRIES_PER_PAGE * costs.pteNs.ns + costs.frameNs.ns,
      invalidation: costs.invalidatePageNs.ns,
      flush: costs.flushContextNs.ns,
    },
    seed,
  );
  const line = fitLine(cells.filter(({ cell }) => isFitted(cell)).map(linePoint));
  const known = { ...ownCosts(fit, base), ...sendCosts(fit, host, base) };
  return {
    profile: profileFrom(base, known, name, `fitted to shootdowns of ${where}`),
    fit: {
      base: base.name,
      where,
      seed,
      beforeNs: wholeNs(fit.call?.ns ?? 0),
      afterNs: 0,
      line,
    },
  };
}

/** What the initiator does by itself: from the cells without a peer. */
function ownCosts({ page, invalidation, flush }: Fit, base: Profile): KnownCosts {
  const { pteNs, frameNs } = base.costs;
  const pageNs = ENTRIES_PER_PAGE * pteNs.ns + frameNs.ns;
  const parted = `without a peer; parted as on ${base.name}: two entries and a frame make a page`;
  return {
    ...(page && {
      pteNs: knownValue(scaled(page, pteNs.ns / pageNs), "fitted", parted),
      frameNs: knownValue(scaled(page, frameNs.ns / pageNs), "fitted", parted),
    }),
    ...(invalidation && {
      invalidatePageNs: knownValue(
        invalidation,
        "fitted",
        "without a peer: what a page costs more below 34 pages than above",
      ),
    }),
    ...(flush && {
      flushContextNs: knownValue(
        flush,
        "fitted",
        "without a peer: what a call costs more from 34 pages on, but for their pages",
      ),
    }),
  };
}

/** What a send adds, parted. */
function sendCosts({ send, invalidation }: Fit, host: HostTimes, base: Profile): KnownCosts {
  const { costs } = base;
  const lineNs = acknowledgementNs(send, host, costs.cacheLineNs.ns);
  const travelNs = send.ns - lineNs;
  const [sendShare, deliveryShare, entryShare] = shares([
    costs.ipiSendNs.ns,
    costs.deliveryNs.ns,
    costs.interruptEntryNs.ns,
  ]);
  const { interruptEntryNs, interruptExitNs } = costs;
  const [entryPart, exitPart] = shares([interruptEntryNs.ns, interruptExitNs.ns]);
  const { stolenPerSend } = host;
  const flushNs = invalidation?.ns ?? costs.invalidatePageNs.ns;
  const handlerNs = stolenPerSend && Math.max(0, stolenPerSend.ns - flushNs);
  // No more than leaves send and delivery what they take on the other machine.
  const mostEntryNs = Math.max(
    entryShare * travelNs,
    travelNs - costs.ipiSendNs.ns - costs.deliveryNs.ns,
  );
  const entryNs =
    handlerNs === undefined ? entryShare * travelNs : Math.min(entryPart * handlerNs, mostEntryNs);
  const exitNs = handlerNs === undefined ? (entryNs * exitPart) / entryPart : handlerNs - entryNs;
  const awayNs = (travelNs - entryNs) / (sendShare + deliveryShare);
  const whole = `${wholeNs(send.ns)} ns that a send adds with one spinning peer`;
  const parted = `part of ${whole}; parted as on ${base.name}, as only the whole shows`;
  const stolen =
    handlerNs === undefined
      ? parted
      : `of what a send takes from a spinning peer, parted as on ${base.name}; ` +
        `send, delivery, entry and acknowledgement make up the ${whole}`;
  const part = (ns: number): Estimate => scaled(send, ns / send.ns);
  const taken = (ns: number): Estimate => {
    return stolenPerSend === undefined ? part(ns) : scaled(stolenPerSend, ns / stolenPerSend.ns);
  };
  return {
    ipiSendNs: knownValue(part(awayNs * sendShare), "fitted", parted),
    deliveryNs: knownValue(part(awayNs * deliveryShare), "fitted", parted),
    interruptEntryNs: knownValue(taken(entryNs), "fitted", stolen),
    interruptExitNs: knownValue(taken(exitNs), "fitted", stolen),
    ...(host.cacheLineRoundTrip && {
      cacheLineNs: knownValue(
        scaled(host.cacheLineRoundTrip, lineNs / host.cacheLineRoundTrip.ns),
        "measured",
        "half of a round trip between two threads",
      ),
    }),
  };
}

/** No more than half of what a send adds, however slow the threads were. */
function acknowledgementNs(send: Estimate, host: HostTimes, baseNs: number): number {
  const roundTripNs = host.cacheLineRoundTrip?.ns ?? 2 * baseNs;
  return Math.min(roundTripNs / 2, send.ns / 2);
}

/** Parts of one. */
function shares(parts: readonly number[]): number[] {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => (whole > 0 ? part / whole : 1 / parts.length));
}

function scaled({ ns, lowNs, highNs }: Estimate, times: number): Estimate {
  return { ns: ns * times, lowNs: lowNs * times, highNs: highNs * times };
}
