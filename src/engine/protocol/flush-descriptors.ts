// What a flush consists of: the descriptors that an IOMMU is handed, without the wait behind them.

import { VPN_BITS } from "../layout/address.ts";
import {
  type AlignedRange,
  addressMaskOf,
  alignedRange,
  type Descriptor,
  deviceTlbDescriptor,
  GRANULARITY_DOMAIN,
  GRANULARITY_GLOBAL,
  GRANULARITY_PAGE,
  granularityOf,
  iotlbDescriptor,
  MAX_ADDRESS_MASK,
  powerOfTwo,
  sizedPage,
  vpnOf,
} from "../layout/descriptor.ts";
import type { Iommu } from "../machine/iommu.ts";
import { didOf } from "../machine/machine.ts";
import { SCOPE_GLOBAL, SCOPE_PAGE } from "../policy/plan.ts";
import type { Core } from "./core.ts";
import { iommuOfDevice } from "./invalidation-unit.ts";
import type { RangeList } from "./ranges.ts";

/** Invalidations that a device takes at once: 0 stands for 32 (PCIe ATS); here one at a time. */
const DEVICE_QUEUE_DEPTH = 0;
/** Descriptors that Linux gathers before it submits (QI_MAX_BATCHED_DESC_COUNT). */
const MAX_DESCRIPTORS = 16;

/**
 * What flushes a list of ranges from range `from` on, at one IOMMU and its devices, in the scope of
 * the policy. More ranges than fit one submission, or a range beyond the largest address mask,
 * become one domain-selective invalidation.
 */
export function flushOf(
  core: Core,
  iommu: Iommu,
  space: number,
  ranges: RangeList,
  from: number,
): Descriptor[] {
  return withDevices(core, iommu, iotlbFlushOf(core, space, ranges, from));
}

/** What flushes everything of `space` there. */
export function domainFlushOf(core: Core, iommu: Iommu, space: number): Descriptor[] {
  return withDevices(core, iommu, [iotlbDomainFlushOf(core, space)]);
}

/** The part of `domainFlushOf` that is the IOTLB's. */
export function iotlbDomainFlushOf(core: Core, space: number): Descriptor {
  return iotlbOf(core, space, GRANULARITY_DOMAIN, 0, 0);
}

/** The part of `flushOf` that is the IOTLB's. */
export function iotlbFlushOf(
  core: Core,
  space: number,
  ranges: RangeList,
  from: number,
): Descriptor[] {
  const { plan } = core;
  if (plan.scope === SCOPE_GLOBAL) return [iotlbOf(core, space, GRANULARITY_GLOBAL, 0, 0)];
  if (plan.scope !== SCOPE_PAGE) return [iotlbDomainFlushOf(core, space)];
  const descriptors: Descriptor[] = [];
  let range = from;
  while (range < ranges.length) {
    const vpn = ranges.vpnOf(range);
    let pages = ranges.pagesOf(range++);
    while (range < ranges.length && ranges.vpnOf(range) === vpn + pages) {
      pages += ranges.pagesOf(range++);
    }
    const aligned = alignedRange(vpn, pages);
    if (aligned.addressMask > MAX_ADDRESS_MASK || descriptors.length === MAX_DESCRIPTORS) {
      return [iotlbDomainFlushOf(core, space)];
    }
    descriptors.push(iotlbOf(core, space, GRANULARITY_PAGE, aligned.vpn, aligned.addressMask));
  }
  return descriptors;
}

/**
 * Adds what the TLBs of the IOMMU's devices have to drop: behind the IOTLB, from which they would
 * fill themselves again. One descriptor a device covers everything that the IOTLB's cover.
 */
function withDevices(core: Core, iommu: Iommu, descriptors: Descriptor[]): Descriptor[] {
  const { shape } = core.machine;
  if (!shape.ats) return descriptors;
  const isWhole = descriptors.some((words) => granularityOf(words) !== GRANULARITY_PAGE);
  const range = isWhole ? { vpn: 0, addressMask: VPN_BITS } : coverOf(descriptors);
  const { vpn, addressMask } = range;
  const isSized = addressMask > 0;
  const page = isSized ? sizedPage(vpn, addressMask) : vpn;
  for (let device = 0; device < shape.devices; device++) {
    if (iommuOfDevice(device, shape.iommus) !== iommu.id) continue;
    descriptors.push(deviceTlbDescriptor(device, DEVICE_QUEUE_DEPTH, page, isSized));
  }
  return descriptors;
}

/** The aligned range that covers the pages of all page-selective descriptors. */
function coverOf(descriptors: readonly Descriptor[]): AlignedRange {
  let first = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const words of descriptors) {
    first = Math.min(first, vpnOf(words));
    end = Math.max(end, vpnOf(words) + powerOfTwo(addressMaskOf(words)));
  }
  return alignedRange(first, end - first);
}

function iotlbOf(
  core: Core,
  space: number,
  granularity: number,
  vpn: number,
  addressMask: number,
): Descriptor {
  const leafHint = core.plan.leafHint && granularity === GRANULARITY_PAGE && !core.freesTables;
  return iotlbDescriptor(granularity, didOf(space), true, vpn, addressMask, leafHint);
}
