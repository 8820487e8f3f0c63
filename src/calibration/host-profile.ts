// Cells of this host as a profile: what a fit says as costs, each with what it rests on.

import { costsOf, type Profile } from "../engine/profile/profile.ts";
import type { CellTimes, Estimate, HostTimes } from "./cell.ts";
import { type Fit, fitCells, isFitted } from "./fit.ts";
import type { FittedProfile } from "./fitted-profile.ts";
import { fitLine, linePoint } from "./null-model.ts";
import { checkBase, type KnownCosts, knownValue, profileFrom, wholeNs } from "./profile-from.ts";
import { partSend } from "./send-parts.ts";

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
      from: "cells",
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
      pteNs: knownValue(partOf(page, (page.ns * pteNs.ns) / pageNs), "fitted", parted),
      frameNs: knownValue(partOf(page, (page.ns * frameNs.ns) / pageNs), "fitted", parted),
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

/** What a send adds, parted: each with an interval of what it is a part of. */
function sendCosts({ send, invalidation }: Fit, host: HostTimes, base: Profile): KnownCosts {
  const { stolenPerSend, cacheLineRoundTrip } = host;
  const flushNs = invalidation?.ns ?? base.costs.invalidatePageNs.ns;
  const parts = partSend(
    send.ns,
    {
      roundTripNs: cacheLineRoundTrip?.ns,
      handlerNs: stolenPerSend && Math.max(0, stolenPerSend.ns - flushNs),
    },
    costsOf(base),
  );
  const whole = `${wholeNs(send.ns)} ns that a send adds with one spinning peer`;
  const parted = `part of ${whole}; parted as on ${base.name}, as only the whole shows`;
  const taken =
    `part of what a send takes from a spinning peer, as on ${base.name}; with send, delivery and ` +
    `acknowledgement the entry makes up the ${whole}`;
  const handler = stolenPerSend === undefined ? parted : taken;
  return {
    ipiSendNs: knownValue(partOf(send, parts.sendNs), "fitted", parted),
    deliveryNs: knownValue(partOf(send, parts.deliveryNs), "fitted", parted),
    interruptEntryNs: knownValue(partOf(stolenPerSend ?? send, parts.entryNs), "fitted", handler),
    interruptExitNs: knownValue(partOf(stolenPerSend ?? send, parts.exitNs), "fitted", handler),
    ...(cacheLineRoundTrip && {
      cacheLineNs: knownValue(
        partOf(cacheLineRoundTrip, parts.acknowledgementNs),
        "measured",
        "half of a round trip between two threads",
      ),
    }),
  };
}

/** A part of `whole`, as sure as that is. */
function partOf(whole: Estimate, ns: number): Estimate {
  const part = whole.ns > 0 ? ns / whole.ns : 0;
  return { ns, lowNs: whole.lowNs * part, highNs: whole.highNs * part };
}
