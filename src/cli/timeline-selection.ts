// What of a timeline is asked for: how it is said, and what there is to say where there is nothing
// of it.

import { UsageError } from "../engine/errors.ts";
import {
  isWindow,
  type OperationRange,
  type Selection,
  type Timeline,
  type TimeWindow,
} from "../results/timeline/form.ts";

const NS_PER_US = 1000;

/** A time that --from-us or --to-us says, to a whole ns. */
export function usToNs(us: number): number {
  return Math.round(us * NS_PER_US);
}

/** A time as it is printed, and as --from-us and --to-us take it. */
export function inUs(ns: number): string {
  return (ns / NS_PER_US).toFixed(3);
}

/** For the file and the manifest. */
export function selectionText(selection: Selection): Readonly<Record<string, string>> {
  if (isWindow(selection)) {
    const { fromNs, toNs } = selection;
    return {
      from_us: inUs(fromNs),
      ...(toNs < Number.POSITIVE_INFINITY && { to_us: inUs(toNs) }),
    };
  }
  const { first, last } = selection;
  return { operations: first === last ? `${first}` : `${first}..${last}` };
}

/** Throws a UsageError if there are not as many shootdowns as the first that is wanted. */
export function refuseMissing(count: number, { first }: OperationRange, trace: string): void {
  if (first <= count) return;
  throw new UsageError(`${trace} has ${count} shootdowns: there is none of number ${first}`);
}

/** Throws a UsageError where in a window nothing begins and nothing is sent. */
export function refuseEmpty(
  { operations, arrows, allBegan }: Timeline,
  selection: Selection,
  what: string,
): void {
  if (!isWindow(selection) || operations.length > 0 || arrows.length > 0) return;
  throw emptyWindow(selection, allBegan, what);
}

/** What to say of a window in which no operation begins; `began`: when the first and last do. */
export function emptyWindow(
  window: TimeWindow,
  began: TimeWindow | undefined,
  what: string,
): UsageError {
  const none = `no operation of ${what} begins ${windowText(window)}`;
  if (began === undefined) return new UsageError(`${none}: it has none`);
  const isBetween = window.toNs >= began.fromNs && window.fromNs <= began.toNs;
  const remedy = isBetween
    ? "ask for a longer time"
    : "--from-us and --to-us ask for a part of that";
  return new UsageError(`${none}: they begin ${windowText(began)}; ${remedy}`);
}

function windowText({ fromNs, toNs }: TimeWindow): string {
  if (toNs === Number.POSITIVE_INFINITY) return `after ${inUs(fromNs)} µs`;
  return `between ${inUs(fromNs)} and ${inUs(toNs)} µs`;
}
