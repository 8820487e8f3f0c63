// What the rounds of a stress run add up to. Memory stays flat however long it lasts: one sum a
// policy, and of its findings the first ones.

import type { Finding } from "../../engine/check/finding.ts";
import type { CheckSums, Verdict } from "../../engine/check/sums.ts";
import { PAGE_BYTES } from "../../engine/layout/address.ts";
import { actorName } from "../../engine/layout/shape.ts";
import type { StressRow } from "../../results/columns/stress.ts";
import { rounded } from "../../results/rows.ts";
import type { FindingRecord } from "../../results/stress-files.ts";
import { type PointResult, shapeOf } from "../../workers/point.ts";
import { type Round, repeatCommand, type StressSettings } from "./rounds.ts";

/** Findings that are kept of one policy: they are much alike. */
const MAX_FINDINGS = 20;
const VERDICTS: readonly Verdict[] = ["safe", "exposed", "unsafe"];

/** The sum of one policy's rounds. */
interface PolicySum {
  operations: number;
  elapsedNs: number;
  shootdowns: number;
  faults: number;
  lateAccesses: number;
  staleUses: number;
  verdict: Verdict | undefined;
  readonly findings: FindingRecord[];
}

export class Tally {
  operations = 0;
  faults = 0;
  /** Everything that the checker found, kept or not. */
  detections = 0;
  private readonly settings: StressSettings;
  private readonly sums = new Map<string, PolicySum>();

  constructor(settings: StressSettings) {
    this.settings = settings;
  }

  /** A round has come to its end. */
  add(round: Round, result: PointResult): void {
    const { cores, check, elapsedNs } = result;
    const sum = this.sumOf(round);
    sum.operations += round.operations;
    sum.elapsedNs += elapsedNs;
    sum.shootdowns += cores.shootdowns;
    sum.faults += cores.faultsInjected;
    this.operations += round.operations;
    this.faults += cores.faultsInjected;
    if (check !== undefined) this.addFound(round, check);
  }

  /** What was found in a round: of one that a broken invariant has ended, all that counts. */
  addFound(round: Round, check: CheckSums): void {
    const sum = this.sumOf(round);
    sum.lateAccesses += check.lateAccesses;
    sum.staleUses += check.staleUses;
    sum.verdict = worse(sum.verdict, check.verdict);
    this.detections += check.findingCount;
    if (check.findings.length === 0) return;
    // Of the first rounds, whichever ended first.
    const records = check.findings.map((finding) => this.recordOf(round, finding));
    const inOrder = [...sum.findings, ...records].sort((a, b) => a.round - b.round);
    sum.findings.splice(0, MAX_FINDINGS, ...inOrder.slice(0, MAX_FINDINGS));
  }

  /** A round has lost a worker, as was intended. */
  addKilled(round: Round): void {
    this.sumOf(round).faults++;
    this.faults++;
  }

  get isEmpty(): boolean {
    return this.sums.size === 0;
  }

  /** Names of the policies that came out unsafe. */
  get unsafe(): string[] {
    return [...this.sums].filter(([, { verdict }]) => verdict === "unsafe").map(([name]) => name);
  }

  /** Names of the policies of which no round has come to its end. */
  get unreached(): string[] {
    const names = new Set(this.settings.policies.map(({ name }) => name));
    return [...names].filter((name) => this.sums.get(name)?.verdict === undefined);
  }

  /** In the order of the policies' turns. */
  get rows(): StressRow[] {
    const { executor, seed } = this.settings;
    return this.inOrder.map(([policy, sum]) => ({
      policy,
      executor,
      seed,
      ops: sum.operations,
      ops_per_s: sum.elapsedNs > 0 ? rounded((sum.operations * 1e9) / sum.elapsedNs) : undefined,
      shootdowns: sum.shootdowns,
      faults: sum.faults,
      late_accesses: sum.verdict === undefined ? undefined : sum.lateAccesses,
      stale_uses: sum.verdict === undefined ? undefined : sum.staleUses,
      verdict: sum.verdict,
    }));
  }

  get findings(): FindingRecord[] {
    return this.inOrder.flatMap(([, { findings }]) => findings);
  }

  /** Rounds end in any order; their turns are what tells. */
  private get inOrder(): [string, PolicySum][] {
    const turns = this.settings.policies.map(({ name }) => name);
    return [...this.sums].sort(([a], [b]) => turns.indexOf(a) - turns.indexOf(b));
  }

  private sumOf({ policy }: Round): PolicySum {
    let sum = this.sums.get(policy.name);
    if (sum === undefined) {
      sum = {
        operations: 0,
        elapsedNs: 0,
        shootdowns: 0,
        faults: 0,
        lateAccesses: 0,
        staleUses: 0,
        verdict: undefined,
        findings: [],
      };
      this.sums.set(policy.name, sum);
    }
    return sum;
  }

  private recordOf(round: Round, finding: Finding): FindingRecord {
    const shape = shapeOf(round.point);
    return {
      policy: round.policy.name,
      seed: this.settings.seed,
      round: round.number,
      kind: finding.kind,
      actor: actorName(shape, finding.actor),
      at_ns: finding.atNs,
      space: finding.space,
      address: addressOf(finding.vpn),
      frame: finding.frame,
      message: finding.message ?? null,
      history: finding.history.map(({ kind, atNs, actor, vpn, owner }) => ({
        ...{ kind, at_ns: atNs, actor: actorName(shape, actor), address: addressOf(vpn) },
        owner: owner < 0 ? null : owner,
      })),
      repeat: repeatCommand(this.settings, round),
    };
  }
}

function worse(a: Verdict | undefined, b: Verdict): Verdict {
  return a === undefined || VERDICTS.indexOf(b) > VERDICTS.indexOf(a) ? b : a;
}

/** Of the first byte of a page; null where there is none. */
function addressOf(vpn: number): string | null {
  return vpn < 0 ? null : `0x${(vpn * PAGE_BYTES).toString(16)}`;
}
