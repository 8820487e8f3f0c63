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
import type { Profile, Value } from "../engine/profile/profile.ts";
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
  const points = linePointsOf(shootdowns);
  if (points.length === 0) {
    throw new UsageError(
      `${where} has no shootdown that took any time, as the times in it do not advance: write it ` +
        "with perf script --ns",
    );
  }
  const steps = fitSegments(complete, base, new Random(seed));
  const { prepare, returning } = steps;
  return {
    profile: profileFrom(base, costsFrom(steps), name, `fitted to shootdowns of ${where}`),
    fit: {
      from: "trace",
      base: base.name,
      where,
      seed,
      beforeNs: wholeNs(prepare?.constant.ns ?? 0),
      afterNs: wholeNs((returning?.constant.ns ?? 0) - base.costs.cacheLineNs.ns),
      line: fitLine(points),
    },
  };
}

/** What the segments say; undefined is what too few shootdowns show, or none tells from nothing. */
interface Segments {
  readonly prepare: Affine | undefined;
  readonly send: Estimate;
  readonly delivery: Estimate;
  readonly handler: Affine;
  readonly flush: Estimate | undefined;
  readonly returning: Affine | undefined;
}

function fitSegments(
  complete: readonly CompleteShootdown[],
  { costs }: Profile,
  random: Random,
): Segments {
  const fit = (segment: KernelSegment, perPageNs: number, of = complete) => {
    const samples = samplesOf(of, segment);
    return samples.length < FEWEST ? undefined : fitAffine(samples, perPageNs, random);
  };
  const full = complete.filter(({ pages }) => pages < 0);
  const ranged = complete.filter(({ pages }) => pages >= 0);
  const ofRanges = fit("handler", costs.invalidatePageNs.ns, ranged);
  const handler = ofRanges ?? {
    constant: restOfHandlers(full, costs.flushContextNs.ns, random),
    perPage: undefined,
  };
  const hasBoth = ofRanges !== undefined && full.length >= FEWEST;
  const flush = hasBoth ? restOfHandlers(full, handler.constant.ns, random) : undefined;
  return {
    prepare: fit("prepare", costs.pteNs.ns),
    send: medianEstimate(
      complete.map(({ path, targets }) => path.durationNs.send! / targets),
      random,
    ),
    delivery: medianEstimate(
      complete.map(({ path }) => path.durationNs.delivery!),
      random,
    ),
    handler,
    flush: flush && flush.lowNs > 0 ? flush : undefined,
    returning: fit("return", costs.frameNs.ns),
  };
}

function costsFrom({ prepare, send, delivery, handler, flush, returning }: Segments): KnownCosts {
  const seen = "median in the trace, which tracing has inflated";
  const fitted = (value: Estimate, source: string): Value => knownValue(value, "fitted", source);
  const entry = "the handler without its flush: entry and exit, which the trace has in one";
  return {
    ipiSendNs: knownValue(send, "measured", `send: ${seen}`),
    deliveryNs: knownValue(delivery, "measured", `delivery: ${seen}`),
    interruptEntryNs: fitted(handler.constant, entry),
    ...(handler.perPage && {
      invalidatePageNs: fitted(handler.perPage, "what a page adds to the handler"),
    }),
    ...(flush && { flushContextNs: fitted(flush, "what a full flush adds to the handler") }),
    ...(prepare?.perPage && {
      pteNs: fitted(prepare.perPage, "what a page adds before the request"),
    }),
    ...(returning?.perPage && {
      frameNs: fitted(returning.perPage, "what a page adds behind the last handler"),
    }),
  };
}

function samplesOf(complete: readonly CompleteShootdown[], segment: KernelSegment): PagesTaking[] {
  return complete.flatMap((shootdown) => {
    const ns = shootdown.path.durationNs[segment];
    return ns === undefined ? [] : [{ pages: pagesOf(shootdown), ns }];
  });
}

/** What handlers take besides `partNs`. */
function restOfHandlers(
  shootdowns: readonly CompleteShootdown[],
  partNs: number,
  random: Random,
): Estimate {
  return medianEstimate(
    shootdowns.map(({ path }) => path.durationNs.handler! - partNs),
    random,
  );
}

/** What the straight line is fitted to: also requests that told nobody, if their end is there. */
export function linePointsOf(shootdowns: readonly FinishedShootdown[]): LinePoint[] {
  return shootdowns.flatMap((shootdown) => {
    const { latencyNs, targets } = shootdown;
    if (latencyNs === undefined || latencyNs <= 0) return [];
    return [{ pages: pagesOf(shootdown), sends: targets, ns: latencyNs }];
  });
}
