// Virtual addresses: 48 bits, 4 KiB pages, a radix tree of four levels with nine bits each (Intel
// SDM vol. 3, 4-level paging). A virtual page number (vpn) has 36 bits and is a plain number: a bit
// operator would cut it to 32, so indices are taken by division first.

export const PAGE_BYTES = 4096;
export const VPN_BITS = 36;
export const VPN_LIMIT = 0x1000000000; // 2³⁶
export const TABLE_ENTRIES = 512;
/** Levels of the tree; the leaves are level 0, the root is level 3. */
export const LEVELS = 4;

const SPAN_OF_LEVEL = [1, 512, 262_144, 134_217_728] as const;

/** Index (0 to 511) of the entry for `vpn` in a table of `level` (0 leaf to 3 root). */
export function tableIndex(vpn: number, level: number): number {
  // Exact: the quotient is below 2³⁶ and ToInt32 keeps the low bits, of which nine are asked for.
  return Math.floor(vpn / SPAN_OF_LEVEL[level]) & (TABLE_ENTRIES - 1);
}

/** The first page behind what the entry for `vpn` in a table of `level` covers. */
export function coverEnd(vpn: number, level: number): number {
  const span = SPAN_OF_LEVEL[level];
  return (Math.floor(vpn / span) + 1) * span;
}

/** The low bits of a vpn, as set index: `mask` + 1 is a power of two up to 2³⁰. */
export function lowBits(vpn: number, mask: number): number {
  return vpn & mask; // Exact: ToInt32 takes the number modulo 2³².
}
