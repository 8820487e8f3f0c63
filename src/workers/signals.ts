// What ends a run in order: Ctrl-C, whoever asks the process to end, and a terminal that is closed.
// They reach every process of a terminal; the one that the user started says what becomes of it.

export const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
