// The words of the notation, each with the choices that it sets.
//
// choice     words
// when       each, batch(PAGES), queue(ENTRIES,TIME|never), tick(STATES,PERIOD), reuse,
//            reuse(other-owner), reuse(read-only); a last parameter `cores` or `iommus` leaves the
//            other half as it is. Only cores have ticks
// whom       loaded, accessed; skip-idle, tell-idle; broadcast(TARGETS), no-broadcast
// ack        no-ack, early-ack, late-ack
// local      serial, concurrent
// iommu      register, queued; page, domain, global; after-cores, overlapped; leaf-hint,
//            no-leaf-hint; wait-every(SUBMISSIONS)
// reuse      frames(WHEN), addresses(WHEN), tables(WHEN): at-once, after-flush, after-ticks(TICKS)
// extent     full, full-above(PAGES); generations, no-generations

import { UsageError } from "../errors.ts";
import { unknownName } from "../names.ts";
import type { Choices } from "./choices.ts";
import {
  MAX_BATCH_PAGES,
  MAX_BROADCAST_FROM,
  MAX_FULL_ABOVE_PAGES,
  MAX_QUEUE_ENTRIES,
  MAX_TICKS,
  MAX_WAIT_EVERY,
  MIN_QUEUE_ENTRIES,
  MIN_TICK_NS,
} from "./limits.ts";
import { type Call, parseCall, parseCount, parseNs, parseWord } from "./parameters.ts";
import type { Reuse, When } from "./policy.ts";

/** Which halves of a shootdown a policy amortizes. */
export const HALVES = ["both", "cores", "iommus"] as const;
export type Half = (typeof HALVES)[number];

/** Words without parameters. */
export const FIXED_WORDS: Readonly<Record<string, Partial<Choices>>> = {
  loaded: { among: "loaded" },
  accessed: { among: "accessed" },
  "skip-idle": { skipIdle: true },
  "tell-idle": { skipIdle: false },
  "no-broadcast": { broadcastFrom: 0 },
  "no-ack": { ack: "none" },
  "early-ack": { ack: "early" },
  "late-ack": { ack: "late" },
  serial: { local: "serial" },
  concurrent: { local: "concurrent" },
  register: { interface: "register" },
  queued: { interface: "queue" },
  page: { scope: "page" },
  domain: { scope: "domain" },
  global: { scope: "global" },
  "after-cores": { order: "after-cores" },
  overlapped: { order: "overlapped" },
  "leaf-hint": { leafHint: true },
  "no-leaf-hint": { leafHint: false },
  full: { fullAbovePages: 0 },
  generations: { generations: true },
  "no-generations": { generations: false },
};

/** A word with parameters. */
interface Form {
  /** All of its forms; `WORD` stands for the word itself. */
  readonly usage: string;
  /** How many parameters it takes, but for the half of a `when`. */
  readonly least: number;
  readonly most: number;
}

interface WhenForm extends Form {
  /** The half that is meant where none is said. */
  readonly half: Half;
  make(parameters: readonly string[]): When;
}

interface PartForm extends Form {
  make(parameters: readonly string[]): Partial<Choices>;
}

const REUSE_LIMITS = ["other-owner", "read-only"] as const;
const REUSE_KINDS = ["at-once", "after-flush", "after-ticks"] as const;

const WHENS: Readonly<Record<string, WhenForm>> = {
  each: { usage: "WORD", least: 0, most: 0, half: "both", make: () => ({ kind: "each" }) },
  batch: {
    usage: "WORD(PAGES)",
    least: 1,
    most: 1,
    half: "both",
    make: ([pages]) => ({
      kind: "batch",
      pages: parseCount(pages, `a batch of "${pages}" pages`, 1, MAX_BATCH_PAGES),
    }),
  },
  queue: {
    usage: "WORD(ENTRIES,TIMEOUT)",
    least: 2,
    most: 2,
    half: "both",
    make: ([entries, timeout]) => ({
      kind: "queue",
      entries: parseEntries(entries, `a queue of "${entries}" entries`),
      timeoutNs:
        timeout === "never" ? Number.POSITIVE_INFINITY : parseNs(timeout, "a timeout", 1, "1ns"),
    }),
  },
  tick: {
    usage: "WORD(STATES,PERIOD)",
    least: 2,
    most: 2,
    half: "cores",
    make: ([states, period]) => ({
      kind: "tick",
      states: parseEntries(states, `a ring of "${states}" states`),
      periodNs: parseNs(period, "a tick", MIN_TICK_NS, "1us"),
    }),
  },
  reuse: {
    usage: "WORD, WORD(other-owner) or WORD(read-only)",
    least: 0,
    most: REUSE_LIMITS.length,
    half: "both",
    make: (limits) => {
      const said = limits.map((limit) => parseWord(limit, "limit of reuse", REUSE_LIMITS));
      return {
        kind: "reuse",
        sameOwner: said.includes("other-owner"),
        readOnly: said.includes("read-only"),
      };
    },
  },
};

const PARTS: Readonly<Record<string, PartForm>> = {
  broadcast: {
    usage: "WORD(TARGETS)",
    least: 1,
    most: 1,
    make: ([from]) => ({
      broadcastFrom: parseCount(from, `broadcast("${from}")`, 1, MAX_BROADCAST_FROM),
    }),
  },
  "wait-every": {
    usage: "WORD(SUBMISSIONS)",
    least: 1,
    most: 1,
    make: ([every]) => ({
      waitEvery: parseCount(every, `wait-every("${every}")`, 1, MAX_WAIT_EVERY),
    }),
  },
  "full-above": {
    usage: "WORD(PAGES)",
    least: 1,
    most: 1,
    make: ([pages]) => ({
      fullAbovePages: parseCount(pages, `full-above("${pages}")`, 0, MAX_FULL_ABOVE_PAGES),
    }),
  },
  frames: reuseForm((frames) => ({ frames })),
  addresses: reuseForm((addresses) => ({ addresses })),
  tables: reuseForm((tables) => ({ tables })),
};

/** Words that say when. */
export const WHEN_WORDS: readonly string[] = Object.keys(WHENS);

/** All words that can stand behind a `+`. */
export const PART_WORDS: readonly string[] = [
  ...WHEN_WORDS,
  ...Object.keys(FIXED_WORDS),
  ...Object.keys(PARTS),
];

/** What one part of a text chooses. Throws a UsageError that says what would be right. */
export function parsePart(text: string): Partial<Choices> {
  const call = parseCall(text);
  if (call === undefined) {
    throw new UsageError(
      `"${text}" is no part of a policy: write WORD or WORD(PARAMETERS), such as early-ack`,
    );
  }
  const { word, parameters } = call;
  if (Object.hasOwn(FIXED_WORDS, word)) {
    if (parameters === undefined) return FIXED_WORDS[word];
    throw new UsageError(`${word} takes no parameters: write ${word} instead of "${call.text}"`);
  }
  if (Object.hasOwn(WHENS, word)) return parseWhenPart(call, word);
  if (Object.hasOwn(PARTS, word)) return PARTS[word].make(checked(call, PARTS[word]));
  throw unknownName("part of a policy", word, PART_WORDS);
}

/** A `when` alone, as it stands in a column: without a half. */
export function parseWhen(text: string): When {
  const call = parseCall(text);
  const word = parseWord(call?.word ?? text, "way of saying when", WHEN_WORDS);
  return WHENS[word].make(checked(call!, WHENS[word]));
}

/** `at-once`, `after-flush`, `after-ticks(2)`. */
export function parseReuse(text: string): Reuse {
  const call = parseCall(text);
  const kind = parseWord(call?.word ?? text, "time of reuse", REUSE_KINDS);
  const count = kind === "after-ticks" ? 1 : 0;
  const usage = count === 1 ? "WORD(TICKS)" : "WORD";
  const [ticks] = checked(call!, { usage, least: count, most: count });
  if (kind !== "after-ticks") return { kind };
  return { kind, ticks: parseCount(ticks, `after-ticks("${ticks}")`, 1, MAX_TICKS) };
}

function reuseForm(make: (reuse: Reuse) => Partial<Choices>): PartForm {
  const usage = "WORD(at-once), WORD(after-flush) or WORD(after-ticks(TICKS))";
  return { usage, least: 1, most: 1, make: ([text]) => make(parseReuse(text)) };
}

/**
 * The choices of a `when`, whose last parameter may be the half that is meant. A preset that takes
 * the parameters of a `when` goes by another word.
 */
export function parseWhenPart(call: Call, word: string): Partial<Choices> {
  const { parameters = [] } = call;
  const form = WHENS[word];
  const last = parameters.at(-1);
  const saysHalf = parameters.length === form.most + 1 || HALVES.some((half) => half === last);
  const half = saysHalf ? parseWord(last!, "half of a shootdown", HALVES) : form.half;
  const own = saysHalf ? parameters.slice(0, -1) : call.parameters;
  const usage = `${form.usage}, and perhaps cores or iommus as the last parameter`;
  const when = form.make(checked({ ...call, parameters: own }, { ...form, usage }));
  return {
    ...(half !== "iommus" && { whenCores: when }),
    ...(half !== "cores" && { whenIommu: when }),
  };
}

/** The parameters, if there are as many as there can be. */
function checked(call: Call, { usage, least, most }: Form): readonly string[] {
  const { text, word, parameters = [] } = call;
  if (parameters.length >= least && parameters.length <= most) return parameters;
  throw new UsageError(
    `"${text}" has ${parameters.length} parameters: write ${usage.replaceAll("WORD", word)}`,
  );
}

function parseEntries(text: string, what: string): number {
  return parseCount(text, what, MIN_QUEUE_ENTRIES, MAX_QUEUE_ENTRIES);
}
