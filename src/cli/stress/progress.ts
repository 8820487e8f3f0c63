// What standard error says while a stress run lasts: one live line on a terminal, otherwise a line
// after the first round and every ten seconds.

import type { Tally } from "./tally.ts";

const CLEAR_LINE = "\r\x1b[K";
const LIVE_EVERY_MS = 250;
const LINE_EVERY_MS = 10_000;

export class StressProgress {
  private readonly tally: Tally;
  private readonly isQuiet: boolean;
  private readonly isLive = process.stderr.isTTY === true;
  private readonly beganMs = Date.now();
  private shownMs = Number.NEGATIVE_INFINITY;

  constructor(tally: Tally, isQuiet: boolean) {
    this.tally = tally;
    this.isQuiet = isQuiet;
  }

  /** After a round of `policy`. */
  show(policy: string): void {
    const nowMs = Date.now();
    const everyMs = this.isLive ? LIVE_EVERY_MS : LINE_EVERY_MS;
    if (this.isQuiet || nowMs - this.shownMs < everyMs) return;
    this.shownMs = nowMs;
    const { operations, detections, faults } = this.tally;
    const perSecond = (operations * 1000) / Math.max(1, nowMs - this.beganMs);
    const line =
      `${operations.toLocaleString("en")} operations · ${(perSecond / 1000).toFixed(1)} k/s · ` +
      `${detections} detections · ${faults} faults · ${policy}`;
    if (!this.isLive) process.stderr.write(`${line}\n`);
    else process.stderr.write(CLEAR_LINE + line.slice(0, (process.stderr.columns ?? 80) - 1));
  }

  end(): void {
    if (!this.isQuiet && this.isLive) process.stderr.write(CLEAR_LINE);
  }
}
