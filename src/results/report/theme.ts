// Colours by name. Plots are drawn with names in place of colours; files get those of paper, and
// the page gets CSS variables, so that one picture serves light, dark and print, and a filter hides
// a policy by making its colour transparent.

/** In the order of the path, by who spends it: initiator, on the way, responder, IOMMU, others. */
const SEGMENTS: readonly string[] = [
  ...["waiting", "lock", "prepare", "pte", "submit", "send", "local", "serving"],
  ...["delivery", "masked", "handler", "ack-return", "return"],
  ...["queue-full", "queued", "flush", "drain", "status", "late", "free"],
];

/** Light and dark, told apart by those who do not see all colours, 3:1 against the background. */
const POLICY_COLOURS = [
  ["#0b63b5", "#62b0f7"],
  ["#c24a00", "#ff9152"],
  ["#00775a", "#3fd0a0"],
  ["#a2317f", "#ee93d0"],
  ["#7a5c00", "#e2b93f"],
  ["#007891", "#52d2ea"],
  ["#565d68", "#b4bbc6"],
  ["#b81f3a", "#ff7d91"],
  ["#556b00", "#b6cf3c"],
  ["#5b4bcb", "#a99dff"],
] as const;

const SEGMENT_COLOURS: Readonly<Record<string, readonly [string, string]>> = {
  waiting: ["#a3a9b2", "#5d6570"],
  lock: ["#08306b", "#c6dbef"],
  prepare: ["#17497f", "#9ecae1"],
  pte: ["#2171b5", "#6baed6"],
  submit: ["#4a97c9", "#4a97c9"],
  send: ["#74b3d8", "#2f79b5"],
  local: ["#9fc9e2", "#8d9cff"],
  serving: ["#c3dcee", "#164b80"],
  delivery: ["#b8860b", "#f0c75e"],
  masked: ["#7f2704", "#ffd2a8"],
  handler: ["#d1500a", "#fb8b3c"],
  "ack-return": ["#f39a57", "#c9540f"],
  return: ["#f7b580", "#a8430a"],
  "queue-full": ["#00441b", "#c7e9c0"],
  queued: ["#1b7837", "#8fd08f"],
  flush: ["#3a9d5d", "#4fb06d"],
  drain: ["#74c08a", "#2f8a4c"],
  status: ["#a8d8b0", "#1f6a38"],
  late: ["#6b6b6b", "#9a9a9a"],
  free: ["#7b52ab", "#b794e0"],
};

const PLAIN_COLOURS: Readonly<Record<string, readonly [string, string]>> = {
  ink: ["#1b2027", "#e8ebef"],
  muted: ["#59616c", "#a4adb8"],
  grid: ["#dfe3e8", "#343b44"],
  paper: ["#ffffff", "#14181d"],
  first: ["#0b63b5", "#62b0f7"],
  second: ["#c24a00", "#ff9152"],
  safe: ["#00775a", "#3fd0a0"],
  exposed: ["#7a5c00", "#e2b93f"],
  unsafe: ["#b81f3a", "#ff7d91"],
};

export const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"];
export const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
] as const;
export const FONT = "DejaVu Sans, Verdana, sans-serif";

export const LABEL_FONT_SIZE = 11;
/** What a letter of a policy's name takes in px, as a label: at most 0.59 em in DejaVu Sans … */
export const LETTER_WIDTH = 0.6 * LABEL_FONT_SIZE;
/** … and what Vega, which has no font to measure here, takes it for. */
export const VEGA_LETTER_WIDTH = 0.8 * LABEL_FONT_SIZE;

export const INK = "@ink";
export const MUTED = "@muted";
export const PAPER = "@paper";

export function policyColour(place: number): string {
  return `@policy-${place}`;
}

/** What is not known here is plain. */
export function segmentColour(name: string): string {
  return name in SEGMENT_COLOURS ? `@segment-${name}` : MUTED;
}

/** Names as they are to be stacked; those that are not known here come last. */
export function inSegmentOrder(names: Iterable<string>): string[] {
  const present = new Set(names);
  const known = SEGMENTS.filter((name) => present.has(name));
  return [...known, ...[...present].filter((name) => !known.includes(name))];
}

export type Scheme = "light" | "dark";

/** Which of two colours is that of a scheme. */
export const SCHEMES: Readonly<Record<Scheme, 0 | 1>> = { light: 0, dark: 1 };

/** Every colour that a picture of so many policies may name: light and dark, by name. */
export function coloursOf(policies: number): Map<string, readonly [string, string]> {
  const own = Array.from({ length: policies }, (_, i): [string, readonly [string, string]] => {
    return [`policy-${i}`, POLICY_COLOURS[i % POLICY_COLOURS.length]];
  });
  const segments = Object.entries(SEGMENT_COLOURS).map(
    ([name, colours]): [string, readonly [string, string]] => [`segment-${name}`, colours],
  );
  return new Map([...Object.entries(PLAIN_COLOURS), ...segments, ...own]);
}

/** Which dash a policy's line has: another for every ten policies. */
export function dashOf(place: number): readonly number[] {
  return DASHES[Math.floor(place / POLICY_COLOURS.length) % DASHES.length];
}

/** How all plots look. */
export const VEGA_CONFIG = {
  background: PAPER,
  font: FONT,
  view: { stroke: "@grid" },
  axis: {
    domainColor: MUTED,
    tickColor: MUTED,
    gridColor: "@grid",
    labelColor: INK,
    titleColor: INK,
    labelFontSize: LABEL_FONT_SIZE,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 0,
  },
  legend: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 12,
    titleFontSize: 12,
    labelLimit: 0,
    symbolSize: 90,
  },
  header: { labelColor: INK, labelFontSize: 12, labelFontWeight: "bold", title: null },
  text: { color: INK, fontSize: LABEL_FONT_SIZE },
} as const;
