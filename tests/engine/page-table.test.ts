import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { TABLE_ENTRIES, VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import {
  ACCESSED,
  DIRTY,
  isHeld,
  isPresent,
  makePte,
  PRESENT,
  pfnOf,
  USER,
  WRITABLE,
} from "../../dist/src/engine/layout/pte.js";
import { NO_FRAME } from "../../dist/src/engine/machine/frames.js";
import { createMachine } from "../../dist/src/engine/machine/machine.js";
import {
  NO_LEAF,
  NOBODY_SHARES,
  type PageTables,
  REGION_HELD,
} from "../../dist/src/engine/machine/page-table.js";
import { shapeWith } from "./shapes.js";

const SPACE = 0;
/** Neighbours, and pages that share no table but the root. */
const PAGES = [0, 1, 511, 512, 2 ** 18, 2 ** 27 + 5, 2 ** 31, 2 ** 32, 2 ** 35 + 1, VPN_LIMIT - 1];

function emptyTables(): { tables: PageTables; root: number; machine: ReturnType<typeof create> } {
  const machine = create();
  return { tables: machine.pageTables, root: machine.spaces.rootOf(SPACE), machine };
}

function create() {
  return createMachine(shapeWith({ tableFrames: 40 }), false);
}

function mapped(flags = WRITABLE): { tables: PageTables; leaf: number } {
  const { tables, root } = emptyTables();
  const leaf = tables.ensureLeaf(root, 7, SPACE);
  tables.map(leaf, 21, flags);
  return { tables, leaf };
}

/** What a page's entry and version should be; `narrowed` counts how often it lost rights. */
interface Model {
  pte: number;
  narrowed: number;
}

const OPERATIONS = {
  map: (tables: PageTables, leaf: number, model: Model, pfn: number) => {
    const isFree = model.pte === 0;
    expect(tables.map(leaf, pfn, USER | WRITABLE)).toBe(isFree);
    if (isFree) model.pte = makePte(pfn, USER | WRITABLE | PRESENT);
  },
  clearPresent: (tables: PageTables, leaf: number, model: Model) => {
    expect(tables.clearPresent(leaf)).toBe(model.pte);
    if (!isPresent(model.pte)) return;
    model.pte &= ~PRESENT;
    model.narrowed++;
  },
  clearWritable: (tables: PageTables, leaf: number, model: Model) => {
    expect(tables.clearWritable(leaf)).toBe(model.pte);
    if (!isPresent(model.pte) || (model.pte & WRITABLE) === 0) return;
    model.pte &= ~WRITABLE;
    model.narrowed++;
  },
  setWritable: (tables: PageTables, leaf: number, model: Model) => {
    expect(tables.setWritable(leaf)).toBe(model.pte);
    if (isPresent(model.pte)) model.pte |= WRITABLE;
  },
  replace: (tables: PageTables, leaf: number, model: Model, pfn: number) => {
    if (!isPresent(model.pte)) return; // Only a present frame is replaced.
    expect(tables.replace(leaf, pfn, USER)).toBe(model.pte);
    model.pte = makePte(pfn, USER | PRESENT);
    model.narrowed++;
  },
  takeHeld: (tables: PageTables, leaf: number, model: Model) => {
    const held = isHeld(model.pte);
    expect(tables.takeHeld(leaf)).toBe(held ? pfnOf(model.pte) : NO_FRAME);
    if (held) model.pte = 0;
  },
  read: (tables: PageTables, leaf: number, model: Model) => {
    if (isPresent(model.pte)) model.pte |= ACCESSED;
    expect(tables.use(leaf, false)).toBe(model.pte);
  },
  write: (tables: PageTables, leaf: number, model: Model) => {
    if (isPresent(model.pte) && (model.pte & WRITABLE) !== 0) model.pte |= ACCESSED | DIRTY;
    expect(tables.use(leaf, true)).toBe(model.pte);
  },
};

describe("page tables", () => {
  it("any order of operations on far-apart pages: as in a map, and a version moves only when a page narrows", () => {
    const kinds = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];
    const step = fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(...PAGES), fc.nat(0xfffff));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { tables, root } = emptyTables();
        const models = new Map(PAGES.map((vpn) => [vpn, { pte: 0, narrowed: 0 } as Model]));
        for (const [kind, vpn, pfn] of steps) {
          const leaf = tables.ensureLeaf(root, vpn, SPACE);
          OPERATIONS[kind](tables, leaf, models.get(vpn)!, pfn);
        }
        for (const [vpn, model] of models) {
          const leaf = tables.leafOf(root, vpn);
          if (leaf === NO_LEAF) expect(model).toEqual({ pte: 0, narrowed: 0 });
          else expect(tables.read(leaf)).toBe(model.pte);
          if (leaf !== NO_LEAF) expect(tables.versionOf(leaf)).toBe(model.narrowed);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("pages of all 36 bits: each has a leaf entry of its own, found again", () => {
    const vpn = fc.integer({ min: 0, max: VPN_LIMIT - 1 });
    fc.assert(
      fc.property(fc.uniqueArray(vpn, { minLength: 1, maxLength: 12 }), (vpns) => {
        const { tables, root } = emptyTables();
        const leaves = vpns.map((page) => tables.ensureLeaf(root, page, SPACE));
        expect(leaves).not.toContain(NO_LEAF);
        expect(new Set(leaves).size).toBe(vpns.length);
        expect(vpns.map((page) => tables.leafOf(root, page))).toEqual(leaves);
      }),
      { numRuns: 100 },
    );
  });

  it("a page that nobody mapped: no leaf, and looking makes no table", () => {
    const { tables, root } = emptyTables();
    expect(tables.leafOf(root, 5)).toBe(NO_LEAF);
    expect(tables.leafOf(root, 5)).toBe(NO_LEAF);
  });

  it("going over gaps: no page that a table leads to is left out, and each gap is one step", () => {
    const { tables, root } = emptyTables();
    for (const page of PAGES) tables.ensureLeaf(root, page, SPACE);
    const found: number[] = [];
    let steps = 0;
    for (let page = 0; page < VPN_LIMIT; steps++) {
      if (tables.leafOf(root, page) === NO_LEAF) {
        page = tables.pageBehindGap(root, page);
        continue;
      }
      found.push(page);
      page++;
    }
    expect(found).toEqual(expect.arrayContaining(PAGES));
    expect(found.length % TABLE_ENTRIES).toBe(0); // Whole tables, and nothing beside them.
    expect(steps - found.length).toBeLessThan(PAGES.length * 4 * TABLE_ENTRIES);
  });

  it("table frames run out: no leaf, and pages that have tables keep them", () => {
    const machine = createMachine(shapeWith({ tableFrames: 4 }), false);
    const root = machine.spaces.rootOf(SPACE);
    const leaf = machine.pageTables.ensureLeaf(root, 0, SPACE); // The root and three more.
    expect(leaf).not.toBe(NO_LEAF);
    expect(machine.pageTables.ensureLeaf(root, VPN_LIMIT - 1, SPACE)).toBe(NO_LEAF);
    expect(machine.pageTables.ensureLeaf(root, 511, SPACE)).toBe(leaf + 511);
  });

  it("an unmapped page: its frame stays in the entry until somebody takes it, once", () => {
    const { tables, leaf } = mapped();
    tables.clearPresent(leaf);
    expect(pfnOf(tables.read(leaf))).toBe(21);
    expect(tables.takeHeld(leaf)).toBe(21);
    expect(tables.takeHeld(leaf)).toBe(NO_FRAME);
    expect(tables.read(leaf)).toBe(0);
  });

  it("accessed and dirty: set while the page is present, never after", () => {
    const { tables, leaf } = mapped();
    expect(tables.use(leaf, false) & (ACCESSED | DIRTY)).toBe(ACCESSED);
    expect(tables.use(leaf, true) & (ACCESSED | DIRTY)).toBe(ACCESSED | DIRTY);
    tables.clearPresent(leaf);
    tables.takeHeld(leaf);
    tables.map(leaf, 22, WRITABLE);
    tables.clearPresent(leaf);
    expect(isPresent(tables.use(leaf, true))).toBe(false);
    expect(tables.read(leaf) & (ACCESSED | DIRTY)).toBe(0);
  });

  it("a write to a page that is read-only: a fault, which leaves no trace", () => {
    const { tables, leaf } = mapped(USER);
    const before = tables.read(leaf);
    expect(tables.use(leaf, true)).toBe(before);
    expect(tables.read(leaf)).toBe(before);
  });

  it("frame numbers of 20 bits: none is cut or turns negative", () => {
    const { tables, leaf } = mapped();
    expect(pfnOf(tables.replace(leaf, 0xfffff, WRITABLE))).toBe(21);
    expect(pfnOf(tables.clearPresent(leaf))).toBe(0xfffff);
    expect(tables.takeHeld(leaf)).toBe(0xfffff);
  });
});

describe("leaf tables", () => {
  it("one that still names a frame, present or held: stays linked", () => {
    const { tables, root } = emptyTables();
    const leaf = tables.ensureLeaf(root, 512, SPACE);
    tables.map(leaf, 3, WRITABLE);
    expect(tables.unlinkLeafTable(root, 513)).toBe(NO_FRAME);
    tables.clearPresent(leaf);
    expect(tables.unlinkLeafTable(root, 513)).toBe(NO_FRAME);
    expect(tables.leafOf(root, 512)).toBe(leaf);
  });

  it("one that holds its region: nothing is mapped there until it is released", () => {
    const { tables, root } = emptyTables();
    const leaf = tables.ensureLeaf(root, 512, SPACE);
    const table = tables.unlinkLeafTable(root, 512, true);
    expect(table).toBe(tables.tableOf(leaf));
    expect(tables.leafOf(root, 700)).toBe(NO_LEAF);
    expect(tables.ensureLeaf(root, 700, SPACE)).toBe(REGION_HELD);
    expect(tables.ensureLeaf(root, 1024, SPACE)).not.toBe(REGION_HELD);
    tables.releaseRegion(root, 600, table + 1);
    expect(tables.ensureLeaf(root, 700, SPACE)).toBe(REGION_HELD);
    tables.releaseRegion(root, 600, table);
    expect(tables.ensureLeaf(root, 700, SPACE)).toBeGreaterThanOrEqual(0);
  });

  it("an empty one: unlinked once, its neighbour stays, and a new one takes its place", () => {
    const { tables, root, machine } = emptyTables();
    const neighbour = tables.ensureLeaf(root, 0, SPACE);
    const leaf = tables.ensureLeaf(root, 512, SPACE);
    tables.map(leaf, 3, WRITABLE);
    tables.clearPresent(leaf);
    tables.takeHeld(leaf);
    const frame = tables.unlinkLeafTable(root, 600);
    expect(frame).toBe(Math.floor(leaf / 512));
    expect(tables.leafOf(root, 512)).toBe(NO_LEAF);
    expect(tables.leafOf(root, 0)).toBe(neighbour);
    expect(tables.unlinkLeafTable(root, 600)).toBe(NO_FRAME);
    machine.frames.freeTable(frame);
    const again = tables.ensureLeaf(root, 512, SPACE);
    expect(tables.read(again)).toBe(0);
    expect(tables.map(again, 4, WRITABLE)).toBe(true);
  });

  it("a table that is used again elsewhere: its versions go on, so no old fill is taken for a new one", () => {
    const { tables, root, machine } = emptyTables();
    const leaf = tables.ensureLeaf(root, 512, SPACE);
    tables.map(leaf, 3, WRITABLE);
    tables.clearPresent(leaf);
    tables.takeHeld(leaf);
    const version = tables.versionOf(leaf);
    machine.frames.freeTable(tables.unlinkLeafTable(root, 512));
    const again = tables.ensureLeaf(root, 1024, SPACE);
    expect(again).toBe(leaf);
    expect(tables.versionOf(again)).toBe(version);
  });
});

describe("who may cache an entry", () => {
  const READER = 3;
  const OTHER_READER = 4;

  function tracked(): { tables: PageTables; leaf: number } {
    const machine = createMachine(shapeWith({ tableFrames: 40, tracksAccesses: true }), false);
    const tables = machine.pageTables;
    const leaf = tables.ensureLeaf(machine.spaces.rootOf(SPACE), 7, SPACE);
    tables.map(leaf, 21, WRITABLE);
    tables.noteSharer(leaf, READER);
    tables.clearPresent(leaf);
    return { tables, leaf };
  }

  it("its frame is taken before the flush: the reader is still to be told; behind it: nobody", () => {
    const { tables, leaf } = tracked();
    expect(tables.takeUnflushed(leaf)).toBe(21);
    expect(tables.onlySharer(leaf)).toBe(READER);
    const flushed = tracked();
    expect(flushed.tables.takeHeld(flushed.leaf)).toBe(21);
    expect(flushed.tables.onlySharer(flushed.leaf)).toBe(NOBODY_SHARES);
  });

  it("a table is freed: nobody, of any of its entries", () => {
    const { tables, leaf } = tracked();
    tables.clearTable(tables.tableOf(leaf));
    expect(tables.onlySharer(leaf)).toBe(NOBODY_SHARES);
  });

  it("two cores want a released address: the slower one forgets nobody who reads it anew", () => {
    const { tables, leaf } = tracked();
    tables.release(leaf);
    const entry = tables.read(leaf);
    /** All of this gets in between the slower one's look at the entry and its first step. */
    const faster = () => {
      expect(tables.takeReleased(leaf, entry)).toBe(true);
      tables.map(leaf, 22, WRITABLE);
      tables.noteSharer(leaf, OTHER_READER);
    };
    let isFirst = true;
    for (const step of ["compareExchange", "store"] as const) {
      const original = Atomics[step] as (...operands: unknown[]) => number;
      const wrapped = (...operands: unknown[]): number => {
        if (isFirst) {
          isFirst = false;
          faster();
        }
        return original(...operands);
      };
      vi.spyOn(Atomics, step).mockImplementation(wrapped as never);
    }
    try {
      expect(tables.takeReleased(leaf, entry)).toBe(false);
    } finally {
      vi.restoreAllMocks();
    }
    expect(tables.onlySharer(leaf)).toBe(OTHER_READER);
    expect(pfnOf(tables.read(leaf))).toBe(22);
  });
});
