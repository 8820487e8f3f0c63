// Each operation of an initiator by itself: when it began and how long it took. Two stores an
// operation; the arrays grow by doubling where nobody could say how many operations there will be.

/** What crosses from a worker; as many as there were operations. */
export interface SampleData {
  readonly startNs: Float64Array;
  readonly latencyNs: Float64Array;
}

export class SampleLog {
  private length = 0;
  private startNs: Float64Array;
  private latencyNs: Float64Array;

  constructor(capacity: number) {
    this.startNs = new Float64Array(capacity);
    this.latencyNs = new Float64Array(capacity);
  }

  add(startNs: number, latencyNs: number): void {
    if (this.length === this.startNs.length) this.grow();
    const i = this.length++;
    this.startNs[i] = startNs;
    this.latencyNs[i] = latencyNs;
  }

  reset(): void {
    this.length = 0;
  }

  toData(): SampleData {
    return {
      startNs: this.startNs.slice(0, this.length),
      latencyNs: this.latencyNs.slice(0, this.length),
    };
  }

  private grow(): void {
    const capacity = 2 * this.length;
    const startNs = new Float64Array(capacity);
    const latencyNs = new Float64Array(capacity);
    startNs.set(this.startNs);
    latencyNs.set(this.latencyNs);
    this.startNs = startNs;
    this.latencyNs = latencyNs;
  }
}
