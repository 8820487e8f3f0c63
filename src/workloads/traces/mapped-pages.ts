// Which pages of one process are mapped, as far as its operations tell. Needed only for mremap,
// which moves translations: what it moves is mapped at the new place without any fault.

export interface PageRun {
  readonly vpn: number;
  readonly pages: number;
  readonly writable: boolean;
}

export class MappedPages {
  private readonly writableByVpn = new Map<number, boolean>();

  map(vpn: number, pages: number, writable: boolean): void {
    for (let i = 0; i < pages; i++) this.writableByVpn.set(vpn + i, writable);
  }

  unmap(vpn: number, pages: number): void {
    for (const mapped of this.mappedIn(vpn, pages)) this.writableByVpn.delete(mapped);
  }

  protect(vpn: number, pages: number, writable: boolean): void {
    for (const mapped of this.mappedIn(vpn, pages)) this.writableByVpn.set(mapped, writable);
  }

  /** Runs of neighbouring mapped pages with the same permission, ascending. */
  runs(vpn: number, pages: number): PageRun[] {
    const runs: PageRun[] = [];
    for (const mapped of this.mappedIn(vpn, pages).sort((a, b) => a - b)) {
      const writable = this.writableByVpn.get(mapped)!;
      const last = runs.at(-1);
      if (last !== undefined && last.vpn + last.pages === mapped && last.writable === writable) {
        runs[runs.length - 1] = { ...last, pages: last.pages + 1 };
      } else {
        runs.push({ vpn: mapped, pages: 1, writable });
      }
    }
    return runs;
  }

  /** The mapped ones, found from whichever side is shorter: the range may be an arena of TiBs. */
  private mappedIn(vpn: number, pages: number): number[] {
    const { writableByVpn } = this;
    if (pages > writableByVpn.size) {
      return [...writableByVpn.keys()].filter((mapped) => mapped >= vpn && mapped < vpn + pages);
    }
    const found: number[] = [];
    for (let i = 0; i < pages; i++) if (writableByVpn.has(vpn + i)) found.push(vpn + i);
    return found;
  }
}
