// What a stress run injects: each fault lets something happen that is rare in a real machine and
// must not make any policy wrong.

import type { Protocol } from "../engine/executor/cpu.ts";
import {
  type Descriptor,
  deviceTlbDescriptor,
  GRANULARITY_DOMAIN,
  iotlbDescriptor,
} from "../engine/layout/descriptor.ts";
import { DEVICE_ERRONEOUS, DEVICE_PRESENT, DEVICE_REMOVED } from "../engine/machine/devices.ts";
import { NO_FRAME } from "../engine/machine/frames.ts";
import type { Iommu } from "../engine/machine/iommu.ts";
import { NO_PAGE } from "../engine/machine/live-pages.ts";
import { didOf } from "../engine/machine/machine.ts";
import { POKE } from "../engine/machine/mailboxes.ts";
import { attach, detach } from "../engine/protocol/attach.ts";
import type { Core } from "../engine/protocol/core.ts";
import { freeFrame } from "../engine/protocol/free.ts";
import { NEVER, submit, submitAndWait } from "../engine/protocol/invalidation.ts";
import { iommuOfDevice } from "../engine/protocol/invalidation-unit.ts";
import { send } from "../engine/protocol/ipi.ts";
import { takeFrame } from "../engine/protocol/reuse.ts";
import { type AccessStream, idle, stayMasked, userWork } from "../engine/protocol/user.ts";
import { switchTo } from "./context-switch.ts";
import { PROGRAM_PAGES, programVpn } from "./memory-map.ts";

/** The stressed process, and another one. */
const SPACE = 0;
const OTHER_SPACE = 1;

/** Linux has been seen with interrupts off for so long; half of it to one and a half. */
const MASKED_NS = 2_000_000;
const ASLEEP_NS = 10_000;
const ELSEWHERE_NS = 3000;
/** How long a device is away, an IOMMU detached, or all frames taken. */
const AWAY_NS = 10_000;
/** More than a mailbox holds. */
const BURST_MESSAGES = 300;
/** More than a queue holds, in submissions as large as Linux makes them. */
const BURST_DESCRIPTORS = 16;
const BURST_SUBMISSIONS = 20;
const DOMAIN_FLUSH = iotlbDescriptor(GRANULARITY_DOMAIN, didOf(SPACE), true, 0, 0, false);
/** Type 0 does not exist. */
const MALFORMED: Descriptor = [0, 0, 0, 0];

const OTHER_PROGRAM: AccessStream = {
  vpn: programVpn(OTHER_SPACE),
  pages: PROGRAM_PAGES,
  gapNs: 1000,
};

export interface Fault {
  isPossible(core: Core): boolean;
  readonly kind: number;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
}

const MASKED = 0;
const ASLEEP = 1;
const ELSEWHERE = 2;
const MAILBOX_FULL = 3;
const NO_FRAMES = 4;
const QUEUE_BURST = 5;
const MALFORMED_DESCRIPTOR = 6;
const DEVICE_AWAY = 7;
const DEVICE_WRONG = 8;
const DETACHED = 9;

const always = (): boolean => true;
const hasOthers = ({ machine }: Core): boolean => machine.shape.cores > 1;
const hasIommu = ({ machine }: Core): boolean => machine.shape.iommus > 0;
const hasQueue = (core: Core): boolean => hasIommu(core) && core.plan.queuedInvalidation;
const hasDevice = (core: Core): boolean => hasQueue(core) && core.machine.shape.devices > 0;

/** What is cheap and has few moments in which it matters comes often. */
export const FAULTS: readonly Fault[] = [
  { kind: MASKED, weight: 1, isPossible: always },
  { kind: ASLEEP, weight: 10, isPossible: always },
  { kind: ELSEWHERE, weight: 100, isPossible: hasOthers },
  { kind: MAILBOX_FULL, weight: 1, isPossible: hasOthers },
  { kind: NO_FRAMES, weight: 5, isPossible: always },
  { kind: QUEUE_BURST, weight: 2, isPossible: hasQueue },
  { kind: MALFORMED_DESCRIPTOR, weight: 5, isPossible: hasQueue },
  { kind: DEVICE_AWAY, weight: 5, isPossible: hasDevice },
  { kind: DEVICE_WRONG, weight: 5, isPossible: hasDevice },
  { kind: DETACHED, weight: 60, isPossible: hasIommu },
];

export function* injectFault(core: Core, { kind }: Fault): Protocol<void> {
  const { cpu, random, machine } = core;
  switch (kind) {
    case MASKED:
      return yield* stayMasked(core, random.around(MASKED_NS));
    case ASLEEP:
      return yield* idle(core, cpu.now() + random.around(ASLEEP_NS));
    case ELSEWHERE:
      return yield* runElsewhere(core);
    case MAILBOX_FULL:
      return yield* fillMailbox(core);
    case NO_FRAMES:
      return yield* hoardFrames(core);
    case QUEUE_BURST:
      return yield* fillQueue(core, anyIommu(core));
    case MALFORMED_DESCRIPTOR:
      yield* submitAndWait(core, anyIommu(core), [DOMAIN_FLUSH, MALFORMED]);
      return;
    case DEVICE_AWAY:
      return yield* troubleDevice(core, random.below(machine.shape.devices), DEVICE_REMOVED);
    case DEVICE_WRONG:
      return yield* troubleDevice(core, random.below(machine.shape.devices), DEVICE_ERRONEOUS);
    case DETACHED:
      return yield* detachAndAttach(core, anyIommu(core));
  }
}

/** Another process runs here for a while. */
function* runElsewhere(core: Core): Protocol<void> {
  yield* switchTo(core, OTHER_SPACE);
  yield* userWork(core, OTHER_PROGRAM, core.random.around(ELSEWHERE_NS));
  yield* switchTo(core, SPACE);
}

/** Messages that nobody acknowledges, as fast as they can be sent: the mailbox runs full. */
function* fillMailbox(core: Core): Protocol<void> {
  const { random, machine, id } = core;
  const target = (id + 1 + random.below(machine.shape.cores - 1)) % machine.shape.cores;
  for (let message = 0; message < BURST_MESSAGES; message++) {
    core.targets = 0;
    yield* send(core, target, POKE, core.space, 0, 0);
  }
}

/** The kernel takes every frame that is free, and gives them back after a while. */
function* hoardFrames(core: Core): Protocol<void> {
  const { shape } = core.machine;
  const hoard: number[] = [];
  // A list that a frame was put on twice has no end.
  while (hoard.length < shape.dataFrames) {
    const frame = yield* takeFrame(core, OTHER_SPACE);
    if (frame === NO_FRAME) break;
    core.check?.handedOut(frame, NO_PAGE);
    hoard.push(frame);
  }
  yield* idle(core, core.cpu.now() + core.random.around(AWAY_NS));
  for (const frame of hoard) freeFrame(core, frame, NO_PAGE, false);
}

/** More descriptors than the queue holds, and nobody waits for them. */
function* fillQueue(core: Core, iommu: Iommu): Protocol<void> {
  const burst = Array.from({ length: BURST_DESCRIPTORS }, () => DOMAIN_FLUSH);
  for (let submission = 0; submission < BURST_SUBMISSIONS; submission++) {
    yield* submit(core, iommu, burst, NEVER);
  }
}

/** A device is removed, or answers wrongly, while others ask its IOMMU; then it is well again. */
function* troubleDevice(core: Core, device: number, state: number): Protocol<void> {
  const { cpu, machine, random } = core;
  const iommu = machine.iommus[iommuOfDevice(device, machine.shape.iommus)];
  if (cpu.point()) yield;
  machine.devices.setState(device, state);
  yield* submitAndWait(core, iommu, [DOMAIN_FLUSH, deviceTlbDescriptor(device, 0, 0, false)]);
  yield* idle(core, cpu.now() + random.around(AWAY_NS));
  if (cpu.point()) yield;
  machine.devices.setState(device, DEVICE_PRESENT);
}

function* detachAndAttach(core: Core, iommu: Iommu): Protocol<void> {
  yield* detach(core, iommu, SPACE);
  yield* idle(core, core.cpu.now() + core.random.around(AWAY_NS));
  yield* attach(core, iommu, SPACE);
}

function anyIommu({ machine, random }: Core): Iommu {
  return machine.iommus[random.below(machine.shape.iommus)];
}
