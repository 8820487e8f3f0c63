// What could not be done on a host, and what that means for what was measured.

import { readFileSync } from "node:fs";
import { SENDS_PER_CALL } from "./cell.ts";
import type { CrossCheck } from "./cross-check.ts";

/** Part of a send that is one too many or too few for the model of two a call. */
const NOTABLE_DIFFERENCE = 0.1;
const HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled";

export interface Hindrances {
  readonly isPinned: boolean;
  readonly seesWaits: boolean;
  readonly check: CrossCheck;
}

export function notesOf({ isPinned, seesWaits, check }: Hindrances): string[] {
  const notes: string[] = [];
  if (!isPinned) {
    notes.push(
      "there is no taskset: threads run where the kernel likes, which costs samples and widens " +
        "intervals. Install util-linux.",
    );
  }
  if (!seesWaits) {
    notes.push(
      "there is no /proc/thread-self/schedstat: samples in which the initiator had to wait for " +
        "its CPU are not dropped. Leave the machine alone meanwhile.",
    );
  }
  if (process.arch === "arm64") {
    notes.push(
      "arm64 broadcasts invalidations: a peer that spins takes about as long as one that sleeps.",
    );
  }
  if (usesHugePages()) {
    notes.push(
      "transparent huge pages are always on: 512 pages may be a single one. Say " +
        `echo madvise > ${HUGE_PAGES} (as root) to have pages of 4 KiB.`,
    );
  }
  return [...notes, ...notesOfCheck(check)];
}

function notesOfCheck(check: CrossCheck): string[] {
  if (check.sendsPerCall === undefined) {
    return [
      `sends were not counted by the kernel: ${check.why}. That a call makes ${SENDS_PER_CALL} ` +
        "is taken from its source.",
    ];
  }
  if (Math.abs(check.sendsPerCall - SENDS_PER_CALL) <= NOTABLE_DIFFERENCE) return [];
  return [
    `the kernel counts ${check.sendsPerCall.toFixed(2)} sends a call instead of ` +
      `${SENDS_PER_CALL}: what is said per send is wrong by that.`,
  ];
}

function usesHugePages(): boolean {
  try {
    return readFileSync(HUGE_PAGES, "utf8").includes("[always]");
  } catch {
    return false; // A kernel without them.
  }
}
