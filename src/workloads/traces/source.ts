// The bytes of a trace: a file or standard input, plain or gzip-compressed, chunk by chunk.
// Callbacks of streams only, so that memory stays at a few chunks whatever the file's size.

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import { UsageError } from "../../engine/errors.ts";

/** The name that means standard input. */
const STANDARD_INPUT = "-";
const CHUNK_BYTES = 262_144;
const MAGIC_BYTES = 8;

/** Files that are no text, told by their first bytes. */
const FOREIGN: readonly { readonly magic: Buffer; readonly what: string; readonly fix: string }[] =
  [
    {
      magic: Buffer.from("PERFILE2"),
      what: "a perf.data file",
      fix: "turn it into text: perf script --ns -F comm,pid,tid,cpu,time,event,trace -i FILE",
    },
    {
      magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
      what: "zstd-compressed",
      fix: "decompress it into standard input: zstd -dc FILE | shootdown … -",
    },
    {
      magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]),
      what: "xz-compressed",
      fix: "decompress it into standard input: xz -dc FILE | shootdown … -",
    },
  ];

/** What messages call the source. */
export function sourceName(path: string): string {
  return path === STANDARD_INPUT ? "standard input" : path;
}

/**
 * Hands every chunk of text to `onText`. Rejects with a UsageError if the file cannot be read or
 * its compressed data is damaged, and with whatever `onText` throws.
 */
export function readText(
  path: string,
  onText: (chunk: Buffer) => void,
  standardInput: Readable = process.stdin,
): Promise<void> {
  const input =
    path === STANDARD_INPUT
      ? standardInput
      : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  return new Promise((resolve, reject) =>
    new TextSource(path, input, onText, resolve, reject).start(),
  );
}

class TextSource {
  private readonly name: string;
  private readonly input: Readable;
  private readonly onText: (chunk: Buffer) => void;
  private readonly resolve: () => void;
  private readonly reject: (reason: unknown) => void;
  private gunzip: Gunzip | undefined = undefined;
  /** The first bytes, until there are enough of them to tell what the file is. */
  private head: Buffer | undefined = Buffer.alloc(0);
  private inputBytes = 0;
  private textBytes = 0;

  constructor(
    path: string,
    input: Readable,
    onText: (chunk: Buffer) => void,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.name = sourceName(path);
    this.input = input;
    this.onText = onText;
    this.resolve = resolve;
    this.reject = reject;
  }

  start(): void {
    this.input.on("error", (error: NodeJS.ErrnoException) => this.stop(this.cannotRead(error)));
    this.input.on("data", (chunk: Buffer) => this.guard(() => this.accept(chunk)));
    this.input.on("end", () => this.guard(() => this.finish()));
  }

  private accept(chunk: Buffer): void {
    this.inputBytes += chunk.length;
    if (this.head === undefined) {
      this.pass(chunk);
    } else {
      this.head = Buffer.concat([this.head, chunk]);
      if (this.head.length >= MAGIC_BYTES) this.begin();
    }
  }

  /** Decides by the first bytes what the file is. */
  private begin(): void {
    const head = this.head!;
    this.head = undefined;
    const foreign = FOREIGN.find(({ magic }) => head.subarray(0, magic.length).equals(magic));
    if (foreign !== undefined) {
      throw new UsageError(
        `${this.name} is ${foreign.what}, not text of perf script: ${foreign.fix}`,
      );
    }
    if (head[0] === 0x1f && head[1] === 0x8b) this.startGunzip();
    this.pass(head);
  }

  private startGunzip(): void {
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    gunzip.on("data", (text: Buffer) => this.guard(() => this.deliver(text)));
    gunzip.on("end", () => this.resolve());
    gunzip.on("error", (error: NodeJS.ErrnoException) => this.stop(this.damaged(error)));
    gunzip.on("drain", () => this.input.resume());
    this.gunzip = gunzip;
  }

  private pass(chunk: Buffer): void {
    if (this.gunzip === undefined) this.deliver(chunk);
    else if (!this.gunzip.write(chunk)) this.input.pause();
  }

  private deliver(text: Buffer): void {
    this.textBytes += text.length;
    this.onText(text);
  }

  private finish(): void {
    if (this.head !== undefined) this.begin();
    if (this.gunzip === undefined) this.resolve();
    else this.gunzip.end();
  }

  private guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.stop(error);
    }
  }

  private stop(reason: unknown): void {
    this.input.removeAllListeners("data");
    this.gunzip?.removeAllListeners("data");
    this.input.destroy();
    this.gunzip?.destroy();
    this.reject(reason);
  }

  private damaged(error: NodeJS.ErrnoException): UsageError {
    const isCut = error.code === "Z_BUF_ERROR";
    const what = isCut ? "ends in the middle of its gzip data" : `is damaged (${error.message})`;
    return new UsageError(
      `${this.name} ${what}: within the first ${this.inputBytes} compressed bytes, ` +
        `behind ${this.textBytes} bytes of text; compress or copy it again`,
    );
  }

  private cannotRead(error: NodeJS.ErrnoException): UsageError {
    const why = error.code === "ENOENT" ? "there is no such file" : error.message;
    return new UsageError(`cannot read the trace ${this.name}: ${why}`);
  }
}
