/** A pull-based stream of bytes: nothing is read before it is asked for, so back-pressure costs nothing. */
export interface ByteSource {
  /** Fills `target` from `offset` on; gives the bytes written, 0 only at the end. */
  read(target: Buffer, offset: number): Promise<number>;
  close(): Promise<void>;
}
