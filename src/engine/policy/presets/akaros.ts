// Akaros, where this project's question was first asked (commit 81b6433a).

import { compose } from "../compose.ts";
import type { Policy } from "../policy.ts";
import { STRICT } from "./strict.ts";

/** kern/src/mm.c: kernel addresses that gather before one shootdown of all of them. */
const VMAP_ADDRESSES = 1000;

const UNACKNOWLEDGED = ["no-ack", "register", "domain", "no-leaf-hint", "full"];

export const AKAROS: Policy = compose(STRICT, UNACKNOWLEDGED, {
  name: "akaros",
  summary:
    "one message to each core, unacknowledged, then each IOMMU in turn by register, domain " +
    "scope, drained",
  source:
    "Akaros 81b6433a: kern/src/process.c proc_tlbshootdown, kern/drivers/dev/iommu.c " +
    "proc_iotlb_flush",
});

export const VMAP_LAZY: Policy = compose(
  STRICT,
  [...UNACKNOWLEDGED, `queue(${VMAP_ADDRESSES},never)`, "frames(at-once)"],
  {
    name: "vmap-lazy",
    summary:
      `unmap returns at once and gives frames back; ${VMAP_ADDRESSES} addresses gather for one ` +
      "unacknowledged shootdown",
    source: "Akaros 81b6433a: kern/src/mm.c __vmap_free",
    assumed:
      "Akaros does so for kernel addresses, here they are a process's. No device reaches those, " +
      "so Akaros leaves IOMMUs alone; here they are flushed with the cores. Who unmaps owns the " +
      "frames and reuses them at once. The queue counts unmapped ranges, Akaros addresses.",
  },
);
