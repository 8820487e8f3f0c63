// The shootdowns of a recorded kernel as a profile: here the steps can be seen one by one.
//
// segment    is
// prepare    what no cost stands for, and an entry for each page
// send       a send for each target
// delivery   delivery
// handler    entry (with exit, as the trace has them in one), and invalidations or a full flush
// return     an acknowledgement and what no cost stands for, and a frame for each page
//
// Tracing has inflated all of them.

import { UsageError } from "../engine/errors.ts";
import type { Value } from "../engine/profile/profile.ts";
import { Random } from "../engine/random.ts";
import type { CriticalPath, FinishedShootdown, KernelSegment } from "../workloads/traces/index.ts";
import { type Affine, fitAffine, type PagesTaking } from "./affine.ts";
import type { Estimate } from "./cell.ts";
import { medianEstimate } from "./estimates.ts";
import { CEILING_PAGES } from "./fit.ts";
import type { FittedProfile } from "./fitted-profile.ts";
import type { ProfileRequest } from "./host-profile.ts";
import { fitLine, type LinePoint } from "./null-model.ts";
import { checkBase, type KnownCosts, knownValue, profileFrom, wholeNs } from "./profile-from.ts";

/** Fewer shootdowns of a kind say nothing. */
const FEWEST = 5;

/** A shootdown of which the trace has every segment. */
export interface CompleteShootdown extends FinishedShootdown {
  readonly path: CriticalPath;
}

export function isComplete(shootdown: FinishedShootdown): shootdown is CompleteShootdown {
  return shootdown.path !== undefined;
}

/** Pages that the shootdown is about: the whole range's where everything is flushed. */
export function pagesOf({ pages, rangePages }: FinishedShootdown): number {
  if (pages >= 0) return pages;
  return Math.max(CEILING_PAGES + 1, rangePages ?? 0);
}

/** Throws a UsageError if the trace has too few complete shootdowns. */
export function traceProfile(
  shootdowns: readonly FinishedShootdown[],
  { name, base, where, seed }: ProfileRequest,
): FittedProfile {
  checkBase(base);
  const complete = shootdowns.filter(isComplete);
  if (complete.length < FEWEST) {
    throw new UsageError(
      `${where} has ${complete.length} shootdowns with send, delivery and handler: it takes ` +
        `${FEWEST} to fit a profile`,
    );
  }
  const random = new Random(seed);
  const { pteNs, frameNs, invalidatePageNs, flushContextNs, cacheLineNs } = base.costs;
  const prepare = fitAffine(samplesOf(complete, "prepare"), pteNs.ns, random);
  const returning = fitReturn(complete, frameNs.ns, random);
  const ranged = complete.filter(({ pages }) => pages >= 0);
  const full = complete.filter(({ pages }) => pages < 0);
  const ofRanges = ranged.length >= FEWEST;
  const handler = ofRanges
    ? fitAffine(samplesOf(ranged, "handler"), invalidatePageNs.ns, random)
    : { constant: fullEntry(full, flushContextNs.ns, random), perPage: undefined };
  const flush = full.length >= FEWEST && ofRanges ? flushNs(full, handler, random) : undefined;
  const sends = complete.map(({ path, targets }) => path.durationNs.send! / targets);
  const deliveries = complete.map(({ path }) => path.durationNs.delivery!);
  const seen = "median in the trace, which tracing has inflated";
  const known: KnownCosts = {
    ipiSendNs: knownValue(medianEstimate(sends, random), "measured", `send: ${seen}`),
    deliveryNs: knownValue(medianEstimate(deliveries, random), "measured", `delivery: ${seen}`),
    interruptEntryNs: knownValue(
      handler.constant,
      "fitted",
      "the handler without its flush: entry and exit, which the trace has in one",
    ),
    ...(handler.perPage && {
      invalidatePageNs: knownValue(handler.perPage, "fitted", "what a page adds to the handler"),
    }),
    ...(flush && { flushContextNs: flush }),
    ...(prepare.perPage && {
      pteNs: knownValue(prepare.perPage, "fitted", "what a page adds before the request"),
    }),
    ...(returning?.perPage && {
      frameNs: knownValue(returning.perPage, "fitted", "what a page adds behind the last handler"),
    }),
  };
  return {
    profile: profileFrom(base, known, name, `fitted to shootdowns of ${where}`),
    fit: {
      base: base.name,
      where,
      seed,
      beforeNs: wholeNs(prepare.constant.ns),
      afterNs: wholeNs((returning?.constant.ns ?? 0) - cacheLineNs.ns),
      line: fitLine(linePointsOf(shootdowns)),
    },
  };
}

/** Where the trace has too few returns, nothing is known of them. */
function fitReturn(
  complete: readonly CompleteShootdown[],
  frameNs: number,
  random: Random,
): Affine | undefined {
  const samples = samplesOf(complete, "return");
  return samples.length < FEWEST ? undefined : fitAffine(samples, frameNs, random);
}

function samplesOf(complete: readonly CompleteShootdown[], segment: KernelSegment): PagesTaking[] {
  return complete.flatMap((shootdown) => {
    const ns = shootdown.path.durationNs[segment];
    return ns === undefined ? [] : [{ pages: pagesOf(shootdown), ns }];
  });
}

/** Entry and exit of handlers that all flush everything. */
function fullEntry(full: readonly CompleteShootdown[], flushNs: number, random: Random): Estimate {
  return medianEstimate(
    full.map(({ path }) => path.durationNs.handler! - flushNs),
    random,
  );
}

/** What the handler of a full flush takes more than one that flushes nothing. */
function flushNs(
  full: readonly CompleteShootdown[],
  handler: Affine,
  random: Random,
): Value | undefined {
  const flushes = full.map(({ path }) => path.durationNs.handler! - handler.constant.ns);
  const flush = medianEstimate(flushes, random);
  if (flush.lowNs <= 0) return undefined;
  return knownValue(flush, "fitted", "the handler of a full flush less entry and exit");
}

/** What the straight line is fitted to: also requests that told nobody, if their end is there. */
export function linePointsOf(shootdowns: readonly FinishedShootdown[]): LinePoint[] {
  return shootdowns.flatMap((shootdown) => {
    const { latencyNs, targets } = shootdown;
    if (latencyNs === undefined || latencyNs <= 0) return [];
    return [{ pages: pagesOf(shootdown), sends: targets, ns: latencyNs }];
  });
}
