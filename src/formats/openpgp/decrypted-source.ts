import { messageOf, SluiceError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { plaintextOf, unlockMessage } from './decrypt-message.ts';
import { Feed } from './feed.ts';
import type { EncryptedForm } from './inspect-head.ts';
import type { DecryptionKeys } from './keys.ts';
import { StandstillWatch } from './standstill-watch.ts';

/** What comes out with a wrong passphrase is noise: it hardly ever gets as far as this. */
const PAST_THE_KEY = /Modification detected|authenticat|compressed data|unexpected end of file|invalid/i;

/**
 * Decrypts a message as it is read. What comes before the end is not verified yet: the end is given only when the integrity
 * check has been passed, and the whole of the encrypted file has been read.
 */
export class DecryptedSource implements ByteSource {
  private readonly feed: Feed;
  private readonly watch: StandstillWatch;
  private starting: Promise<ReadableStreamDefaultReader<Uint8Array>> | null = null;
  private rest: Uint8Array = new Uint8Array(0);
  private hasGiven = false;
  private byPassphrase = false;

  constructor(
    private readonly encrypted: ByteSource,
    private readonly form: EncryptedForm,
    private readonly keys: () => Promise<DecryptionKeys>,
    /** Displayed in errors. */
    private readonly file: string,
  ) {
    this.feed = new Feed(encrypted);
    this.watch = new StandstillWatch(() => this.feed.moves());
  }

  async read(target: Buffer, offset: number): Promise<number> {
    try {
      this.starting ??= this.start();
      const reader = await this.starting;
      while (this.rest.length === 0) {
        const { done, value } = await this.watch.run(reader.read());
        if (done) {
          await this.feed.drain();
          return 0;
        }
        this.rest = value;
      }
    } catch (error) {
      throw this.refusal(error);
    }
    const given = this.rest.subarray(0, target.length - offset);
    target.set(given, offset);
    this.rest = this.rest.subarray(given.length);
    this.hasGiven = true;
    return given.length;
  }

  async close(): Promise<void> {
    await this.feed.end();
    // Whatever is wrong with the rest, nobody asks for it any more; and what stands still never answers.
    this.starting?.then((reader) => reader.cancel()).catch(() => {});
    await this.encrypted.close();
  }

  private async start(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const input = this.form === 'binary' ? { binary: this.feed.binary() } : { armored: this.feed.text() };
    const keys = await this.keys();
    const unlocked = await this.watch.run(unlockMessage(input, keys, this.file));
    this.byPassphrase = unlocked.byPassphrase;
    const plaintext = await this.watch.run(plaintextOf(unlocked));
    return plaintext.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  private refusal(error: unknown): unknown {
    if (this.feed.error !== null) return this.feed.error;
    if (error instanceof SluiceError) return error;
    const reason = messageOf(error).replace(/^Error decrypting message: /, '');
    const facts = { file: this.file, reason };
    // How Node words it that the tag of AES-GCM does not fit.
    if (/unable to authenticate/i.test(reason)) return new SluiceError('ENCRYPTED_TAMPERED', facts, error);
    if (/not authenticated/i.test(reason)) return new SluiceError('ENCRYPTED_UNPROTECTED', facts, error);
    if (/not supported|unsupported|unknown .*algorithm/i.test(reason))
      return new SluiceError('ENCRYPTED_UNSUPPORTED', facts, error);
    if (this.byPassphrase && !this.hasGiven && !PAST_THE_KEY.test(reason))
      return new SluiceError('DECRYPTION_PASSPHRASE_WRONG', facts, error);
    return new SluiceError('ENCRYPTED_TAMPERED', facts, error);
  }
}
