import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivered } from '../../entry-points.ts';
import { deliver } from '../../entry-points.ts';
import { encrypted, newKey } from '../../formats/openpgp/messages.ts';
import { ReusedDatabases } from '../../reused-databases.ts';
import { Service } from '../../service.ts';

/** Stands in every record; nowhere on disk may it be found. */
const MARK = 'Kassiopeia';
const PASSPHRASE = 'nine tortoises';
const ROWS = 400_000;
const LARGE = `id,name\n${Array.from({ length: ROWS }, (_, n) => `${n},${MARK} ${n}`).join('\n')}\n`;
const key = await newKey(PASSPHRASE);
const env = { GPG_KEY: key.privateKey.armor(), GPG_PASSPHRASE: PASSPHRASE };
const databases = new ReusedDatabases();
afterAll(() => databases.drop());

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-encrypted-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function drop(files: Readonly<Record<string, Buffer>>): Promise<void> {
  const { mkdir } = await import('node:fs/promises');
  await mkdir(join(folder, 'drop'), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, 'drop', name), bytes);
}

async function count({ database }: Delivered, table: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(`select count(*)::int from staging.${table}`);
  return rows[0]?.count ?? -1;
}

/** Files below `root` with one of the words in them. */
async function filesWith(root: string, words: readonly string[]): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (words.some((word) => bytes.includes(word))) found.push(entry.name);
  }
  return found;
}

describe('a large encrypted file', () => {
  it('is loaded through lanes, and its content is known when it comes again otherwise', async () => {
    await drop({
      'a_orders.csv.gpg': await encrypted(LARGE, { to: key.publicKey }),
      'b_orders.csv.gz.asc': await encrypted(gzipSync(LARGE, { level: 1 }), {
        to: key.publicKey,
        armor: true,
      }),
    });
    await deliver('load', { folder, env }, databases, async (delivered) => {
      expect(delivered.files).toEqual({
        'a_orders.csv.gpg': 'published',
        'b_orders.csv.gz.asc': 'duplicate',
      });
      expect(await count(delivered, 'a_orders')).toBe(ROWS);
      const { rows } = await delivered.database.pool.query(
        "select count(*)::int from pg_tables where schemaname = 'staging_segments'",
      );
      expect(rows[0].count).toBeGreaterThan(0);
    });
  });

  it('altered at its very end publishes nothing, and leaves tables as they were', async () => {
    const first = 'id,name\n-1,first\n';
    const message = await encrypted(LARGE, { to: key.publicKey });
    message.writeUInt8(message.readUInt8(message.length - 3) ^ 1, message.length - 3);
    await drop({
      'orders_2026-01-01.csv.gpg': await encrypted(first, { to: key.publicKey }),
      'orders_2026-01-02.csv.gpg': message,
    });
    await deliver('once', { folder, env }, databases, async (delivered) => {
      expect(delivered.files).toEqual({
        'orders_2026-01-01.csv.gpg': 'published',
        'orders_2026-01-02.csv.gpg': 'failed ENCRYPTED_TAMPERED',
      });
      expect(await count(delivered, 'orders')).toBe(1);
      const { rows } = await delivered.database.pool.query(
        "select count(*)::int from pg_tables where schemaname = 'staging_segments'",
      );
      expect(rows[0].count).toBe(0);
      expect(await filesWith(delivered.root, [MARK])).toEqual([]);
    });
  });
});

describe('an encrypted file', () => {
  it('with a key for somebody else fails with the keys that would be needed', async () => {
    const other = await newKey();
    await drop({ 'orders.csv.gpg': await encrypted('id\n1\n', { to: other.publicKey }) });
    await deliver('once', { folder, env }, databases, async ({ files, outcomes }) => {
      expect(files).toEqual({ 'orders.csv.gpg': 'failed DECRYPTION_KEY_WRONG' });
      const wanted = other.publicKey.getSubkeys()[0]?.getKeyID().toHex().toUpperCase();
      expect(outcomes[0]?.errorMessage).toContain(wanted);
    });
  });

  it('leaves neither its content nor a secret on disk, whatever becomes of it', async () => {
    const service = await Service.create({
      ...env,
      REJECT_LIMIT: 'none',
      DEBUG_LOGS: 'true',
      ECHO_SQL: 'true',
    });
    const rejected = `id,name\n1,${MARK}\n2,${MARK},${MARK}\n3,${MARK}\n`;
    const running = await service.start();
    await writeFile(join(service.imports, 'good.csv.gpg'), await encrypted(rejected, { to: key.publicKey }));
    await writeFile(
      join(service.imports, 'bad.csv.gpg'),
      await encrypted(`x\0${MARK}`, { to: key.publicKey }),
    );
    await service.finished(2);
    expect(await service.value('select count(*) from staging.good')).toBe(2);
    expect(await service.value('select count(*) from sluice.rejects')).toBe(1);
    const secrets = [PASSPHRASE, key.privateKey.armor().slice(120, 180)];
    expect(await filesWith(service.root, [MARK, ...secrets])).toEqual([]);
    for (const secret of secrets) expect(running.stdout + running.stderr).not.toContain(secret);
  });

  it('whose rejects are corrected is completed by the corrected file, encrypted', async () => {
    const service = await Service.create({ ...env, REJECT_LIMIT: 'none' });
    await service.start();
    const rejected = 'id,name\n1,a\n2,b,c\n3,d\n';
    await writeFile(join(service.imports, 'good.csv.gpg'), await encrypted(rejected, { to: key.publicKey }));
    await service.finished(1);
    const run = await service.value('select max(run_id) from sluice.loads');
    const correction = await encrypted('id,name\n2,b\n', { to: key.publicKey });
    await writeFile(join(service.imports, `good.csv.gpg.${run}.csv.gpg`), correction);
    await service.finished(2);
    expect(await service.value('select count(*) from staging.good')).toBe(3);
  });
});
