import { SluiceError } from '../../errors.ts';
import type { ReadsAt } from '../completeness.ts';
import type { Contents, ContentsReading } from '../contents.ts';
import { HashingSource } from '../file-handle.ts';
import { MemoryBytes } from '../memory-source.ts';
import type { RandomBytes } from '../random-bytes.ts';
import { readWhole } from '../read-whole.ts';
import { DecryptedSource } from './decrypted-source.ts';
import { type EncryptedForm, HEAD_BYTES, inspectHead } from './inspect-head.ts';
import { openpgpCompleteness } from './is-complete.ts';
import type { DecryptionKeys } from './keys.ts';

const NEVER = new AbortController().signal;

export interface Decryption {
  keys(): Promise<DecryptionKeys>;
  /** Bytes that `whole` may hold in memory. */
  readonly limit: number;
  /** Displayed in errors. */
  readonly file: string;
  /** Name of what is inside. */
  readonly innerName: string;
}

/** What an encrypted file holds. Each reading decrypts from the start; nothing that comes out is kept on disk. */
export class DecryptedContents implements Contents {
  readonly size = null;
  readonly direct = null;
  private inMemory: Promise<RandomBytes> | null = null;

  private constructor(
    private readonly encrypted: Contents,
    private readonly form: EncryptedForm,
    private readonly decryption: Decryption,
  ) {}

  /**
   * @throws FILE_EMPTY, FILE_INCOMPLETE, ENCRYPTED_NOT_OPENPGP, ENCRYPTED_NOT_A_MESSAGE by its outside alone
   */
  static async open(encrypted: Contents, decryption: Decryption): Promise<DecryptedContents> {
    const { file } = decryption;
    const bytes = await encrypted.whole();
    if (bytes.size === 0) throw new SluiceError('FILE_EMPTY', { file });
    const { complete, reason } = await openpgpCompleteness(readsAt(bytes), bytes.size, NEVER);
    if (!complete) throw new SluiceError('FILE_INCOMPLETE', { file, reason });
    const head = Buffer.alloc(Math.min(HEAD_BYTES, bytes.size));
    await bytes.readInto(head, 0, head.length, 0);
    return new DecryptedContents(encrypted, inspectHead(head, file), decryption);
  }

  sequential(): ContentsReading {
    const { keys, file } = this.decryption;
    const raw = this.encrypted.sequential();
    return new DecryptedReading(raw, HashingSource.over(new DecryptedSource(raw, this.form, keys, file)));
  }

  whole(): Promise<RandomBytes> {
    this.inMemory ??= this.readWhole();
    return this.inMemory;
  }

  fileSha256(): Promise<string> {
    return this.encrypted.fileSha256();
  }

  private async readWhole(): Promise<RandomBytes> {
    const { limit, file, innerName } = this.decryption;
    const bytes = await readWhole(this.sequential(), limit);
    if (bytes === null) throw new SluiceError('ENCRYPTED_ARCHIVE_TOO_LARGE', { file, limit });
    return new MemoryBytes(innerName, bytes);
  }
}

class DecryptedReading implements ContentsReading {
  constructor(
    private readonly raw: ContentsReading,
    private readonly decrypted: HashingSource,
  ) {}

  get position(): number {
    return this.raw.position;
  }

  read(target: Buffer, offset: number): Promise<number> {
    return this.decrypted.read(target, offset);
  }

  sha256(): string {
    return this.decrypted.sha256();
  }

  fileSha256(): string {
    return this.raw.fileSha256();
  }

  close(): Promise<void> {
    return this.decrypted.close();
  }
}

function readsAt(bytes: RandomBytes): ReadsAt {
  return {
    read: async (buffer, offset, length, position) => {
      const bytesRead = await bytes.readInto(buffer, offset, length, position);
      return { buffer, bytesRead };
    },
  };
}
