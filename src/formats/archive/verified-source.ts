import { crc32 } from 'node:zlib';
import { SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';

/** What an archive says of an entry's content. */
export interface Claim {
  readonly size: number;
  /** Null where the format has none. */
  readonly crc32: number | null;
}

/** Gives the end of a content only when it is what the archive says; one byte too many is refused at once. */
export class VerifiedSource implements ByteSource {
  private size = 0;
  private crc = 0;

  constructor(
    private readonly source: ByteSource,
    private readonly claim: Claim,
    /** Displayed in errors. */
    private readonly title: string,
  ) {}

  async read(target: Buffer, offset: number): Promise<number> {
    const got = await this.source.read(target, offset);
    if (got === 0) {
      this.verify();
      return 0;
    }
    this.size += got;
    if (this.size > this.claim.size) throw this.mismatch('ENTRY_SIZE_MISMATCH', `over ${this.claim.size}`);
    if (this.claim.crc32 !== null) this.crc = crc32(target.subarray(offset, offset + got), this.crc);
    return got;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private verify(): void {
    const { claim } = this;
    if (this.size !== claim.size) throw this.mismatch('ENTRY_SIZE_MISMATCH', this.size);
    if (claim.crc32 === null || this.crc === claim.crc32) return;
    const facts = { file: this.title, found: hex(this.crc), expected: hex(claim.crc32) };
    throw new SluiceError('ENTRY_CRC_MISMATCH', facts);
  }

  private mismatch(code: 'ENTRY_SIZE_MISMATCH', found: number | string): SluiceError {
    return new SluiceError(code, { file: this.title, found, expected: this.claim.size });
  }
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
