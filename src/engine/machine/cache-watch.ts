// Who is told what caches of translations drop: the checker of the actor that makes them drop it.

export interface CacheWatch {
  /** A translation as it was cached, of a process context or domain, is in this cache no more. */
  gone(context: number, vpn: number, leaf: number, pte: number, version: number): void;
  /** Everything of some context or domain has been dropped. */
  flushed(): void;
}
