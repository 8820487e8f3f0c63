// What experiment files and options may both say: names, and how large a number may be.

/** Who gives actors time and turns. */
export const EXECUTORS = ["threads", "virtual"] as const;
/** Each core is a thread. */
export const MAX_THREADED_CORES = 256;
export const MAX_PAGES = 65_536;
export const MAX_FLOWS = 1024;
export const MAX_OPERATIONS = 100_000_000;
/** Of a timeline: the last operation of an initiator that can be asked for, or that a time can. */
export const MAX_OPERATION = 1_000_000;
/** Linux's PID_MAX_LIMIT (include/linux/threads.h) where a long has 64 bits. */
export const MAX_PID = 4_194_304;
export const MAX_DILATION = 1_000_000;
export const MAX_REPETITIONS = 1000;
/** In modelled time; each initiator is due at most once a ns. */
export const MAX_RATE = 1_000_000_000;
/** When the operations of a rate are due. */
export const ARRIVALS = ["poisson", "fixed"] as const;

/** Whether the checker watches; auto: in virtual time, where its own time is not measured. */
export const CHECK_CHOICES = ["auto", "on", "off"] as const;
export type CheckChoice = (typeof CHECK_CHOICES)[number];
