// What standard error says while a calibration lasts: one live line on a terminal, otherwise a line
// every ten seconds. It is called only while nothing is being timed.

import type { Standing } from "../calibration/measure.ts";

const CLEAR_LINE = "\r\x1b[K";
const LIVE_EVERY_MS = 250;
const LINE_EVERY_MS = 10_000;

export class CalibrationProgress {
  private readonly isQuiet: boolean;
  private readonly isLive = process.stderr.isTTY === true;
  private shownMs = 0;

  constructor(isQuiet: boolean) {
    this.isQuiet = isQuiet;
  }

  show({ rounds, plannedRounds, samples, dropped }: Standing): void {
    const nowMs = Date.now();
    const everyMs = this.isLive ? LIVE_EVERY_MS : LINE_EVERY_MS;
    if (this.isQuiet || nowMs - this.shownMs < everyMs) return;
    this.shownMs = nowMs;
    const line =
      `round ${rounds + 1} of at most ${plannedRounds} · ${samples} samples · ` +
      `${dropped} dropped, as somebody was not running`;
    if (!this.isLive) process.stderr.write(`${line}\n`);
    else process.stderr.write(CLEAR_LINE + line.slice(0, (process.stderr.columns ?? 80) - 1));
  }

  end(): void {
    if (!this.isQuiet && this.isLive) process.stderr.write(CLEAR_LINE);
  }
}
