// The workers that make pictures: some draw, others turn what is drawn into PNG meanwhile.

import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import type { Drawing, Sketch } from "./draw.ts";

export interface Picture extends Drawing {
  readonly png: Promise<Uint8Array>;
}

/** Vega takes as long to get up to speed as to draw twenty plots: a drawer for so many CPUs. */
const CPUS_PER_DRAWER = 4;

/** Who makes pictures. */
export interface Painter {
  paint(sketch: Sketch): Promise<Picture>;
  close(): Promise<void>;
}

export class Studio implements Painter {
  private readonly drawers: Piscina<Sketch, Drawing>;
  private readonly printers: Piscina<string, Uint8Array>;

  /** One of each starts at once, as loading takes them some time. */
  constructor() {
    const cpus = availableParallelism();
    this.drawers = poolOf("./draw.js", Math.ceil(cpus / CPUS_PER_DRAWER));
    this.printers = poolOf("./png.js", cpus);
  }

  async paint(sketch: Sketch): Promise<Picture> {
    const drawing = await this.drawers.run(sketch);
    const png = this.printers.run(drawing.file);
    png.catch(() => {}); // It fails where it is awaited, and not before.
    return { ...drawing, png };
  }

  async close(): Promise<void> {
    await Promise.all([this.drawers.destroy(), this.printers.destroy()]);
  }
}

function poolOf<Task, Result>(file: string, maxThreads: number): Piscina<Task, Result> {
  const filename = new URL(file, import.meta.url).href;
  return new Piscina<Task, Result>({
    filename,
    minThreads: 1,
    maxThreads,
    concurrentTasksPerWorker: 1,
  });
}
