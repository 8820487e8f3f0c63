// The bugs, by what they break. Each edit is a text of the compiled program.

import type { Bug } from "./bug.ts";

const FREE_ALL = `for (; core.released < gathered.length; core.released++) {
            freeRange(core, space, gathered.vpnOf(core.released), gathered.pagesOf(core.released), gathered.unmappedNs(core.released));
        }`;

export const BUGS: readonly Bug[] = [
  {
    name: "skips-a-core",
    rule: "1",
    policy: "strict",
    edits: {
      "engine/protocol/ipi.js": [
        { find: "if (target !== core.id)", replace: "if (target !== core.id && target !== 3)" },
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
          find: "if (plan.concurrentLocal) {\n        flushOwnTlb(core, space, vpn, pages);\n        path.mark(LOCAL, cpu.now());\n    }\n    if (plan.ack",
          replace: "if (plan.ack",
        },
      ],
    },
  },
  {
    name: "cores-not-awaited",
    rule: "1",
    policy: "akaros",
    edits: {},
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
          find: "if (cores || iommu) {\n        const coresFrom",
          replace: `if (cores || iommu) {\n        ${FREE_ALL}\n        const coresFrom`,
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
      "engine/protocol/invalidation.js": [
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
      "engine/protocol/invalidation.js": [
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
    name: "no-drain",
    rule: "7",
    policy: "strict",
    edits: {
      "engine/protocol/iommu.js": [
        {
          find: "yield* awaitInFlight(unit, drainsOf(words));",
          replace: "yield* awaitInFlight(unit, false);",
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
          replace: `    const behind = iommu.fetch(unit.head + 1);
    if (isValid && descriptorType(words) === TYPE_IOTLB && descriptorType(behind) === TYPE_WAIT && !unit.timedOut) {
        unit.times.visibleNs = cpu.now();
        iommu.writeStatus(statusAddressOf(behind), statusDataOf(behind), unit.times);
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
          find: "const { cpu, machine, costs, path, counters, space } = core;\n    const { pageTables, spaces } = machine;\n    const lock",
          replace:
            "const { cpu, machine, costs, path, counters, space } = core;\n    const { pageTables, spaces } = machine;\n    core.readBefore = spaces.loadedBits(space, 0);\n    const lock",
        },
      ],
      "engine/protocol/ipi.js": [
        {
          find: "let bits = machine.spaces.loadedBits(space, word);",
          replace: "let bits = core.readBefore ?? machine.spaces.loadedBits(space, word);",
        },
        {
          find: "    return targets;\n",
          replace: "    core.readBefore = undefined;\n    return targets;\n",
        },
      ],
    },
  },
  {
    name: "switch-without-flush",
    rule: "4",
    policy: "strict",
    edits: {
      "workloads/context-switch.js": [
        { find: "    tlb.flushContext(pcidOf(space));\n", replace: "" },
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
          find: "yield* flushNow(core, vpn, 1);\n    frames.free(core.id, pfnOf(former));",
          replace: "frames.free(core.id, pfnOf(former));\n    yield* flushNow(core, vpn, 1);",
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
          find: "    frames.free(core.id, pfnOf(former));\n",
          replace:
            "    frames.free(core.id, pfnOf(former));\n    frames.free(core.id, pfnOf(former));\n",
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
          find: "    if (narrowed > 0)\n        yield* flushNow(core, vpn, pages);\n",
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
      "engine/machine/flush-queues.js": [
        { find: "+ STAMP] < finished", replace: "+ STAMP] <= finished" },
      ],
    },
  },
  {
    name: "queue-stamps-before-clearing",
    rule: "2",
    policy: "deferred(16,20us)",
    edits: {
      "engine/protocol/memory.js": [
        {
          find: "core.path.begin(core.cpu.now());",
          replace:
            "core.path.begin(core.cpu.now());\n    core.stamp = core.machine.spaces.deferredFlushesStarted(core.home);",
        },
      ],
      "engine/protocol/flush-queue.js": [
        {
          find: "spaces.deferredFlushesStarted(home), unmappedNs",
          replace: "core.stamp, unmappedNs",
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
          find: "const iommuFrom = plan.iommuWhen === QUEUE ? EVERYTHING : SKIP;",
          replace: "const iommuFrom = SKIP;",
        },
      ],
    },
  },
];
