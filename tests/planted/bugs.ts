// The bugs, by what they break. Each edit is a text of the compiled program.

import { STRICT } from "../../src/engine/policy/presets.ts";
import type { Bug } from "./bug.ts";

/** Frees what the operation has gathered. */
const FREE_ALL =
  "for (; core.released < gathered.length; core.released++) freeGathered(core, core.released);";

export const BUGS: readonly Bug[] = [
  {
    name: "skips-a-core",
    rule: "1",
    policy: "strict",
    edits: {
      "engine/protocol/targets.js": [
        { find: "if (other !== core.id)", replace: "if (other !== core.id && other !== 3)" },
      ],
    },
  },
  {
    name: "own-tlb-not-flushed",
    rule: "1",
    policy: "strict",
    edits: {
      "engine/protocol/shootdown.js": [
        { find: "if (!plan.concurrentLocal) {", replace: "if (plan.concurrentLocal) {" },
        {
          find: "if (plan.concurrentLocal) {\n        flushOwnTlb(core, space, vpn, pages, core.generation);\n        path.mark(LOCAL, cpu.now());\n    }\n    if (ack",
          replace: "if (ack",
        },
      ],
    },
  },
  {
    name: "acknowledges-unhandled",
    rule: "1",
    policy: "strict",
    edits: {
      "engine/protocol/interrupts.js": [
        {
          find: "        handle(core);\n",
          replace: "        if ((message.sequence & 3) !== 0) handle(core);\n",
        },
      ],
    },
  },
  {
    name: "core-range-one-short",
    rule: "9",
    policy: "strict",
    edits: {
      "engine/protocol/interrupts.js": [
        {
          find: "page < vpn + pages; page++)",
          replace: "page < vpn + Math.max(1, pages - 1); page++)",
        },
      ],
    },
  },
  {
    name: "freed-before-flush",
    rule: "12",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "if (coresFrom !== SKIP || iommu) {\n",
          replace: `if (coresFrom !== SKIP || iommu) {\n        ${FREE_ALL}\n`,
        },
      ],
    },
  },
  {
    name: "frame-freed-twice",
    rule: "a frame is freed once",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "freeFrame(core, pfnOf(former), vpn, false);",
          replace:
            "freeFrame(core, pfnOf(former), vpn, false);\n" +
            "    freeFrame(core, pfnOf(former), vpn, false);",
        },
      ],
    },
  },
  {
    name: "freed-before-iotlb-flush",
    rule: "1",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "yield* shootdown(core, space, gathered, coresFrom, iommuFrom);",
          replace:
            "yield* shootdown(core, space, gathered, coresFrom, SKIP);\n" +
            `        ${FREE_ALL}\n` +
            "        yield* shootdown(core, space, gathered, SKIP, iommuFrom);",
        },
      ],
    },
  },
  {
    name: "iotlb-not-flushed",
    rule: "1",
    policy: "strict",
    edits: {
      "engine/protocol/shootdown.js": [
        { find: "else if (iommuFrom !== SKIP)", replace: "else if (iommuFrom === EVERYTHING)" },
      ],
    },
  },
  {
    name: "iotlb-flushed-for-another-domain",
    rule: "4",
    policy: "strict",
    edits: {
      "engine/protocol/flush-descriptors.js": [
        {
          find: "return iotlbDescriptor(granularity, didOf(space),",
          replace: "return iotlbDescriptor(granularity, didOf(space + 1),",
        },
      ],
    },
  },
  {
    name: "iotlb-range-one-short",
    rule: "9",
    policy: "strict",
    edits: {
      "engine/protocol/flush-descriptors.js": [
        {
          find: "alignedRange(vpn, pages);",
          replace: "alignedRange(vpn, Math.max(1, pages - 1));",
        },
      ],
    },
  },
  {
    name: "iotlb-mask-not-widened",
    rule: "9",
    policy: "strict",
    edits: {
      "engine/layout/descriptor.js": [
        {
          find: "while (first + span < vpn + pages) {",
          replace: "while (span < pages) {",
        },
      ],
    },
  },
  {
    name: "device-tlb-before-iotlb",
    rule: "5",
    policy: "strict",
    edits: {
      "engine/protocol/flush-descriptors.js": [
        {
          find: "descriptors.push(deviceTlbDescriptor(",
          replace: "descriptors.unshift(deviceTlbDescriptor(",
        },
      ],
    },
  },
  {
    name: "no-drain",
    rule: "7",
    policy: "strict",
    edits: {
      "engine/protocol/iommu.js": [
        {
          find: "yield* awaitInFlight(unit, unit.devices, drainsOf(words));",
          replace: "yield* awaitInFlight(unit, unit.devices, false);",
        },
      ],
    },
  },
  {
    name: "wait-completes-early",
    rule: "6",
    policy: "strict",
    edits: {
      "engine/protocol/iommu.js": [
        {
          find: "    if (isValid)\n        cpu.spend(serviceNs(unit, words));\n",
          replace: `    const behind = iommu.slots.fetch(unit.head + 1);
    if (isValid && descriptorType(words) === TYPE_IOTLB && descriptorType(behind) === TYPE_WAIT && !unit.timedOut) {
        unit.times.visibleNs = cpu.now();
        iommu.slots.writeStatus(statusAddressOf(behind), statusDataOf(behind), unit.times);
        cpu.ring(from, cpu.now());
    }
    if (isValid)
        cpu.spend(serviceNs(unit, words));
`,
        },
      ],
    },
  },
  {
    name: "targets-read-too-early",
    rule: "10",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "    beginLatency(core);",
          replace:
            "    beginLatency(core);\n    core.readBefore = core.machine.spaces.loadedBits(core.space, 0);",
        },
      ],
      "engine/protocol/targets.js": [
        {
          find: "let bits = spaces.loadedBits(space, word);",
          replace: "let bits = core.readBefore ?? spaces.loadedBits(space, word);",
        },
      ],
    },
  },
  {
    name: "switch-without-flush",
    rule: "4",
    policy: "strict",
    edits: {
      "engine/protocol/switch.js": [
        { find: "if (missed || !plan.generations ||", replace: "if (" },
      ],
    },
  },
  {
    name: "sharers-forgotten-before-flush",
    rule: "10",
    policy: "strict+accessed+wait-every(16)",
    edits: {
      "engine/protocol/gather.js": [
        {
          find: "pageTables.releaseFrame(leaf)",
          replace: "(pageTables.forgetSharers(leaf), pageTables.releaseFrame(leaf))",
        },
      ],
    },
  },
  {
    name: "detached-before-flush",
    rule: "10",
    policy: "strict",
    edits: {
      "engine/protocol/attach.js": [
        {
          find: "setBlocked(core, iommu, true);\n",
          replace: "setBlocked(core, iommu, true);\n    machine.spaces.detach(space, iommu.id);\n",
        },
      ],
    },
  },
  {
    name: "copy-on-write-without-flush",
    rule: "8",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [{ find: "yield* flushNow(core, vpn, 1);", replace: "" }],
    },
  },
  {
    name: "migration-frees-before-flush",
    rule: "12",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "yield* flushNow(core, vpn, 1);\n    freeFrame(core, pfnOf(former), vpn, false);",
          replace:
            "freeFrame(core, pfnOf(former), vpn, false);\n    yield* flushNow(core, vpn, 1);",
        },
      ],
    },
  },
  {
    name: "frees-twice",
    rule: "a frame is freed once",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "    freeFrame(core, pfnOf(former), vpn, false);\n",
          replace:
            "    freeFrame(core, pfnOf(former), vpn, false);\n    freeFrame(core, pfnOf(former), vpn, false);\n",
        },
      ],
    },
  },
  {
    name: "write-protect-without-flush",
    rule: "8",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "    if (narrowed > 0)\n        yield* flushNow(core, first, last - first + 1);\n",
          replace: "",
        },
      ],
    },
  },
  {
    name: "write-protect-without-iotlb-flush",
    rule: "8",
    policy: "strict",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "yield* shootdown(core, core.space, immediate, 0, 0);",
          replace: "yield* shootdown(core, core.space, immediate, 0, pages === 1 ? 0 : SKIP);",
        },
      ],
    },
  },
  {
    name: "queue-reaps-what-is-equal",
    rule: "2",
    policy: "deferred(16,100us)",
    edits: {
      "engine/protocol/flush-queue.js": [
        {
          find: "machine.spaces.hasFlushedSince(home, queued.stamp)",
          replace: "machine.spaces.hasFlushedSince(home, queued.stamp - 1)",
        },
      ],
    },
  },
  {
    name: "queue-stamps-before-clearing",
    rule: "2",
    policy: "deferred(2,10us)",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "    beginLatency(core);",
          replace:
            "    beginLatency(core);\n    core.stamp = core.machine.spaces.deferredFlushesStarted(core.home);",
        },
      ],
      "engine/protocol/flush-queue.js": [
        {
          find: "queued.stamp = spaces.deferredFlushesStarted(home);",
          replace: "queued.stamp = core.stamp;",
        },
      ],
    },
  },
  {
    name: "queue-finishes-before-flush",
    rule: "2",
    policy: "deferred(16,100us)",
    edits: {
      "engine/protocol/flush-queue.js": [
        {
          find: "machine.spaces.startDeferredFlush(home);\n",
          replace:
            "machine.spaces.startDeferredFlush(home);\n    machine.spaces.finishDeferredFlush(home);\n",
        },
        {
          find: "yield;\n    machine.spaces.finishDeferredFlush(home);\n",
          replace: "yield;\n",
        },
      ],
    },
  },
  {
    name: "queue-leaves-iotlb-out",
    rule: "1",
    policy: "deferred(16,100us)",
    edits: {
      "engine/protocol/flush-queue.js": [
        {
          find: "const iommuFrom = iommuDefers ? EVERYTHING : SKIP;",
          replace: "const iommuFrom = SKIP;",
        },
      ],
    },
  },
  {
    name: "frames-freed-at-once",
    rule: "12",
    policy: "strict",
    choices: { reuse: { ...STRICT.reuse, frames: { kind: "at-once" } } },
    edits: {},
  },
  {
    name: "tables-freed-at-once",
    rule: "3",
    policy: "strict",
    choices: { reuse: { ...STRICT.reuse, tables: { kind: "at-once" } } },
    edits: {},
  },
  {
    name: "leaf-hint-with-tables",
    rule: "3",
    policy: "strict",
    edits: {
      "engine/protocol/flush-descriptors.js": [{ find: " && !core.freesTables", replace: "" }],
    },
  },
  {
    name: "generation-off-by-one",
    rule: "9",
    policy: "strict",
    choices: { extent: { ...STRICT.extent, generations: true } },
    edits: {
      "engine/protocol/interrupts.js": [{ find: "if (behind <= 0)", replace: "if (behind <= 1)" }],
    },
  },
  {
    name: "generation-range-although-behind",
    rule: "9",
    policy: "strict",
    choices: { extent: { ...STRICT.extent, generations: true } },
    edits: {
      "engine/protocol/interrupts.js": [
        { find: "full = full || behind > 1 || newest !== generation;", replace: "" },
      ],
    },
  },
  {
    name: "idle-core-not-flushed-on-wake",
    rule: "1",
    policy: "strict",
    choices: { whom: { ...STRICT.whom, skipIdle: true } },
    edits: {
      "engine/protocol/switch.js": [
        {
          find: "else if (marked || plan.coresWhen === TICK)",
          replace: "else if (plan.coresWhen === TICK)",
        },
      ],
    },
  },
  {
    name: "accesses-not-noted",
    rule: "10",
    policy: "strict",
    choices: { whom: { ...STRICT.whom, among: "accessed" } },
    edits: {
      "engine/protocol/user.js": [
        {
          find: "pageTables.noteSharer(leaf, core.id);",
          replace: "if (write) pageTables.noteSharer(leaf, core.id);",
        },
        { find: "if (accessedOnly && !pageTables.isSharer(leaf, core.id))", replace: "if (false)" },
      ],
    },
  },
  {
    name: "asynchronous-flush-taken-for-done",
    rule: "1",
    policy: "strict",
    choices: { iommu: { ...STRICT.iommu, waitEvery: 32 } },
    edits: {
      "engine/protocol/flush-queue.js": [
        {
          find: "flushQueues.enqueue(core.id, queued);",
          replace: "flushQueues.enqueue(core.id, queued);\n    reap(core, core.id);",
        },
        { find: "if (plan.waitEvery === 1)", replace: "if (plan.waitEvery > 0)" },
      ],
    },
  },
  {
    name: "reused-although-stamped-equal",
    rule: "1",
    policy: "strict",
    choices: {
      whenCores: { kind: "reuse", sameOwner: false, readOnly: false },
      whenIommu: { kind: "reuse", sameOwner: false, readOnly: false },
    },
    edits: {
      "engine/protocol/reuse.js": [
        {
          find: "if (machine.spaces.hasFlushedSince(home, stamp))",
          replace: "if (machine.spaces.hasFlushedSince(home, stamp - 1))",
        },
      ],
    },
  },
  {
    name: "tick-frees-before-all-have-swept",
    rule: "1",
    policy: "strict",
    choices: { whenCores: { kind: "tick", states: 64, periodNs: 20_000 } },
    edits: {
      "engine/protocol/flush-queue.js": [
        {
          find: "(grace.sweptBelow - index) | 0) > 0",
          replace: "(grace.sweptBelow - index) | 0) > -8",
        },
      ],
    },
  },
];
