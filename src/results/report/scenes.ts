// What goes into one picture. A *scene* (who ran what, on which machine) has a picture of its own,
// which readers can ask for; within it, each *panel* is one machine size; within that, policies.

import type { Folder, KeyedRow } from "./inputs.ts";

/** Columns that tell scenes apart, as readers filter them. */
export const SCENE_COLUMNS = ["folder", "executor", "profile", "workload"] as const;
export type SceneColumn = (typeof SCENE_COLUMNS)[number];

/**
 * Columns that tell panels apart, each with what one and several of it are called; text has no
 * order, and stands last.
 */
const PANEL_COLUMNS = {
  cores: ["core", "cores"],
  idle_cores: ["idle core", "idle cores"],
  other_cores: ["core elsewhere", "cores elsewhere"],
  masked_ns: ["ns masked", "ns masked"],
  iommus: ["IOMMU", "IOMMUs"],
  devices: ["device", "devices"],
  pages: ["page", "pages"],
  rate: ["operation/s due", "operations/s due"],
  arrivals: ["arrivals", "arrivals"],
} as const;
export type PanelColumn = keyof typeof PANEL_COLUMNS;

export interface Scene {
  readonly values: Readonly<Record<SceneColumn, string>>;
  /** Its values where they differ from other scenes'; empty for a single one. */
  readonly title: string;
}

export interface Keyed {
  readonly key: KeyedRow;
}

export interface Panel<Item extends Keyed> {
  /** What is different from other panels; empty for a single one. */
  readonly title: string;
  /** For tables: the same, and of a single one all of its sizes. */
  readonly name: string;
  readonly items: readonly Item[];
}

/** More than these do not fit a picture; its table has all. */
const MOST_PANELS = 9;
export const PANELS_IN_A_ROW = 3;

/** Items by scene, in the order in which they come. */
export function byScene<Item extends Keyed>(items: readonly Item[]): Map<Scene, Item[]> {
  const varying = varyingColumns(items, SCENE_COLUMNS);
  const groups = groupBy(items, ({ key }) => SCENE_COLUMNS.map((column) => key[column]).join("\n"));
  return new Map(
    groups.map((own) => {
      const { key } = own[0];
      const title = varying.map((column) => key[column]).join(" · ");
      return [{ values: valuesOf(key), title }, own];
    }),
  );
}

/** Items of one scene by all sizes but `except`, from small to large. */
export function panelsOf<Item extends Keyed>(
  items: readonly Item[],
  except: readonly PanelColumn[] = [],
): Panel<Item>[] {
  const columns = (Object.keys(PANEL_COLUMNS) as PanelColumn[]).filter(
    (column) => !except.includes(column),
  );
  const varying = varyingColumns(items, columns);
  const sizes = (key: KeyedRow) => columns.map((column) => Number(key[column] ?? ""));
  return groupBy(items, ({ key }) => columns.map((column) => key[column] ?? "").join(" "))
    .sort(([a], [b]) => compareLists(sizes(a.key), sizes(b.key)))
    .map((own) => {
      const [{ key }] = own;
      const title = sizeTitle(key, varying);
      return { title, name: title === "" ? sizeTitle(key, columns) : title, items: own };
    });
}

/** As many as fit a picture, the first, the last, and evenly between. */
export function drawn<Item>(panels: readonly Item[]): Item[] {
  if (panels.length <= MOST_PANELS) return [...panels];
  const step = (panels.length - 1) / (MOST_PANELS - 1);
  return Array.from({ length: MOST_PANELS }, (_, i) => panels[Math.round(i * step)]);
}

/** What is to be said where not all panels are drawn; else empty. */
export function leftOut(count: number): string {
  if (count <= MOST_PANELS) return "";
  return ` ${MOST_PANELS} of ${count} machine sizes are drawn; the table has all.`;
}

/** The file of that name in each folder that the items come from. */
export function sourcesOf(
  folders: readonly Folder[],
  names: ReadonlySet<string>,
  file: string,
): string[] {
  return folders.filter(({ name }) => names.has(name)).map(({ path }) => `${path}/${file}`);
}

export function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const own = groups.get(name);
    if (own === undefined) groups.set(name, [item]);
    else own.push(item);
  }
  return [...groups.values()];
}

function valuesOf(key: KeyedRow): Record<SceneColumn, string> {
  const { folder, executor, profile, workload } = key;
  return { folder, executor, profile, workload };
}

function varyingColumns<Column extends string>(
  items: readonly Keyed[],
  columns: readonly Column[],
): Column[] {
  return columns.filter((column) => new Set(items.map(({ key }) => key[column] ?? "")).size > 1);
}

function sizeTitle(key: KeyedRow, columns: readonly PanelColumn[]): string {
  return columns
    .flatMap((column) => {
      const size = key[column] ?? "";
      const [one, several] = PANEL_COLUMNS[column];
      return size === "" ? [] : `${size} ${size === "1" ? one : several}`;
    })
    .join(" · ");
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, i) => value !== b[i]);
  return place < 0 ? 0 : a[place] - b[place];
}
