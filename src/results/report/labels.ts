// Names beside marks, where there is room: a name covers no mark, no line and no other name, and
// stays in its panel. Whose mark has none is in the legend.

import { LABEL_FONT_SIZE, LETTER_WIDTH } from "./theme.ts";

/** In pixels from the upper left corner of the panel. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

export interface Named extends Spot {
  readonly name: string;
}

/** From a mark to its name: to where it begins or ends, half-way up. */
export interface Beside {
  readonly align: "left" | "right";
  readonly dx: number;
  readonly dy: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Half of what a mark takes. */
const MARK = 5;
const HEIGHT = LABEL_FONT_SIZE + 1;
/** From a mark to the middle of a name above or below it. */
const APART = 11;
/** As a reader looks for them. */
const PLACES: readonly Beside[] = [
  { align: "left", dx: 8, dy: 0 },
  { align: "right", dx: -4, dy: -APART },
  { align: "left", dx: 4, dy: APART },
  { align: "left", dx: 4, dy: -APART },
  { align: "right", dx: -4, dy: APART },
  { align: "right", dx: -8, dy: 0 },
];

/** For each name its place, or undefined; the first have the choice. `line` has right angles. */
export function placed(
  names: readonly Named[],
  marks: readonly Spot[],
  line: readonly Spot[],
  panel: Size,
): (Beside | undefined)[] {
  const taken = [
    ...marks.map(({ x, y }) => boxOf(x - MARK, x + MARK, y - MARK, y + MARK)),
    ...line.slice(1).map((to, i) => boxOf(line[i].x, to.x, line[i].y, to.y)),
  ];
  return names.map((named) => {
    const place = [...PLACES, ...atEdge(named, panel)].find((beside) => {
      const box = boxBeside(named, beside);
      return isWithin(box, panel) && !taken.some((other) => overlap(box, other));
    });
    if (place !== undefined) taken.push(boxBeside(named, place));
    return place;
  });
}

/** Above and below, as far to the left as the panel's right edge has it. */
function atEdge({ x, name }: Named, { width }: Size): Beside[] {
  const dx = Math.min(0, width - x - widthOf(name));
  return [-APART, APART].map((dy) => ({ align: "left", dx, dy }));
}

function widthOf(name: string): number {
  return name.length * LETTER_WIDTH;
}

function boxBeside({ x, y, name }: Named, { align, dx, dy }: Beside): Box {
  const from = x + dx;
  const to = align === "left" ? from + widthOf(name) : from - widthOf(name);
  return boxOf(from, to, y + dy - HEIGHT / 2, y + dy + HEIGHT / 2);
}

function boxOf(x1: number, x2: number, y1: number, y2: number): Box {
  return {
    ...{ left: Math.min(x1, x2), right: Math.max(x1, x2) },
    ...{ top: Math.min(y1, y2), bottom: Math.max(y1, y2) },
  };
}

function isWithin({ left, right, top, bottom }: Box, { width, height }: Size): boolean {
  return left >= 0 && right <= width && top >= 0 && bottom <= height;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
