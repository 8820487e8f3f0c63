// A binary heap of wake-ups, ordered by (time, actor, serial), in parallel arrays.

const FIRST_CAPACITY = 256;

export class EventHeap {
  private size = 0;
  private times = new Float64Array(FIRST_CAPACITY);
  private actors = new Int32Array(FIRST_CAPACITY);
  private serials = new Float64Array(FIRST_CAPACITY);

  get isEmpty(): boolean {
    return this.size === 0;
  }

  get topActor(): number {
    return this.actors[0];
  }

  get topSerial(): number {
    return this.serials[0];
  }

  /** Whether the first event comes after (ns, actor). */
  isAfter(ns: number, actor: number): boolean {
    return this.times[0] > ns || (this.times[0] === ns && this.actors[0] > actor);
  }

  push(ns: number, actor: number, serial: number): void {
    if (this.size === this.times.length) this.grow();
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.precedes(ns, actor, serial, parent)) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.put(hole, ns, actor, serial);
  }

  /** Removes the first event of a heap that is not empty. */
  pop(): void {
    const last = --this.size;
    if (last === 0) return;
    const ns = this.times[last];
    const actor = this.actors[last];
    const serial = this.serials[last];
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      const right = child + 1;
      if (right < last && this.inOrder(right, child)) child = right;
      if (this.precedes(ns, actor, serial, child)) break;
      this.move(child, hole);
      hole = child;
    }
    this.put(hole, ns, actor, serial);
  }

  private inOrder(a: number, b: number): boolean {
    return this.precedes(this.times[a], this.actors[a], this.serials[a], b);
  }

  private precedes(ns: number, actor: number, serial: number, other: number): boolean {
    if (ns !== this.times[other]) return ns < this.times[other];
    if (actor !== this.actors[other]) return actor < this.actors[other];
    return serial < this.serials[other];
  }

  private put(at: number, ns: number, actor: number, serial: number): void {
    this.times[at] = ns;
    this.actors[at] = actor;
    this.serials[at] = serial;
  }

  private move(from: number, to: number): void {
    this.put(to, this.times[from], this.actors[from], this.serials[from]);
  }

  private grow(): void {
    const times = new Float64Array(2 * this.times.length);
    const actors = new Int32Array(2 * this.times.length);
    const serials = new Float64Array(2 * this.times.length);
    times.set(this.times);
    actors.set(this.actors);
    serials.set(this.serials);
    this.times = times;
    this.actors = actors;
    this.serials = serials;
  }
}
