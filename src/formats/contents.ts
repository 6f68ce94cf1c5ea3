import type { ByteSource } from './byte-source.ts';
import type { RandomBytes } from './random-bytes.ts';

/** What a source file holds, as the handlers read it: its own bytes, or what they decrypt to. */
export interface Contents {
  /** Bytes; null when only a reading to the end can tell. */
  readonly size: number | null;
  /** For reads at any position, where those cost no more than reads in order; else null. */
  readonly direct: DirectReads | null;
  /** Opens it for one reading from start to end. */
  sequential(): ContentsReading;
  /** All of it for reads at any position. What cannot be read so on disk is held in memory, within a limit. */
  whole(): Promise<RandomBytes>;
  /** SHA-256 (hex) of the source file's own bytes. */
  fileSha256(): Promise<string>;
}

export interface DirectReads {
  readonly size: number;
  readAt(position: number, length: number): Promise<Buffer>;
}

export interface ContentsReading extends ByteSource {
  /** Bytes of the source file read so far. */
  readonly position: number;
  /** After the last read: SHA-256 (hex) of what was given. */
  sha256(): string;
  /** After the last read: SHA-256 (hex) of the source file's own bytes. */
  fileSha256(): string;
}
