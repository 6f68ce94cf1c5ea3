import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** A file that is either there in full or not at all: written under a temporary name beside it, synced, renamed. */
export class WholeFile {
  private finished = false;

  private constructor(
    private readonly handle: FileHandle,
    private readonly temporary: string,
    private readonly target: string,
  ) {}

  /** Always the same temporary name for a target: what a crash leaves is overwritten when it is written again. Makes its folder, too. */
  static async create(target: string): Promise<WholeFile> {
    const name = createHash('sha256').update(path.basename(target)).digest('hex').slice(0, 32);
    const folder = path.dirname(target);
    const temporary = path.join(folder, `.${name}.tmp`);
    const handle = await open(temporary, 'w').catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(folder, { recursive: true });
      return open(temporary, 'w');
    });
    return new WholeFile(handle, temporary, target);
  }

  async write(bytes: Buffer): Promise<void> {
    await this.handle.writeFile(bytes);
  }

  async finish(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
    this.finished = true;
    await rename(this.temporary, this.target);
  }

  /** Takes back what is not finished; does nothing after `finish`. */
  async discard(): Promise<void> {
    if (this.finished) return;
    this.finished = true;
    await this.handle.close();
    await rm(this.temporary, { force: true });
  }
}
