// The commands of `shootdown`, and what it says of itself.

import { Command } from "commander";
import { describePackage } from "../results/package.ts";
import { addAnalyze } from "./commands/analyze.ts";
import { addBench } from "./commands/bench.ts";
import { addCalibrate } from "./commands/calibrate.ts";
import { addCompare } from "./commands/compare.ts";
import { addExperiments } from "./commands/experiments.ts";
import { addPolicies } from "./commands/policies.ts";
import { addProfiles } from "./commands/profiles.ts";
import { addReplay } from "./commands/replay.ts";
import { addReport } from "./commands/report.ts";
import { addStress } from "./commands/stress.ts";
import { addTimeline } from "./commands/timeline.ts";
import { addValidate } from "./commands/validate.ts";
import { write } from "./output.ts";

export function createProgram(): Command {
  const program = new Command("shootdown")
    .description(
      "Which way of amortizing TLB and IOTLB shootdowns pays, and what it costs: runs " +
        "policies on worker threads, in virtual time and against recorded kernel traces, and " +
        "writes where the time went.",
    )
    .version(describePackage().version)
    .exitOverride()
    .configureOutput({ writeOut: write })
    .showHelpAfterError("(shootdown --help, or --help behind a command, explains)")
    .addHelpText(
      "after",
      `
Examples:
  shootdown bench --quick
  shootdown bench scaling --quick
  shootdown replay bench/traces/redis.perf.txt.gz --policy strict,batch --ops 2000
  shootdown analyze bench/traces/munmap-loop.perf.txt.gz
  shootdown timeline --iommus 1 --devices 1
  shootdown stress --seconds 60
  shootdown calibrate --out results/mine
  shootdown validate results/mine/host.json
  shootdown compare results/before results/after --gate p50:5%
  shootdown report results/before results/after
  shootdown policies deferred

Exit status: 0 done, 1 a bug of ours, 2 usage or bad input, 20 stress found what is unsafe,
21 no progress, 22 compare found a regression, 130 interrupted.
`,
    );
  const measuring = [addBench, addReplay, addAnalyze, addTimeline, addStress];
  const commands = [...measuring, addCompare, addReport, addCalibrate, addValidate];
  const lists = [addPolicies, addProfiles, addExperiments];
  for (const add of [...commands, ...lists]) add(program);
  return program;
}
