import { expect, it, onTestFinished } from 'vitest';
import { SluiceError } from '../../src/errors.ts';
import { type ClaimScope, Leases } from '../../src/ledger/leases.ts';
import { registerFiles } from '../../src/ledger/register-files.ts';
import { endRuns, type RunningFile } from '../../src/ledger/runs.ts';
import type { SourceFile } from '../../src/ledger/source-file.ts';
import { Dispatcher } from '../../src/queue/dispatcher.ts';
import { createTestDatabase, type TestDatabase } from '../database.ts';

/** The connection is lost between the two claims that make groups of small files. */
class LosingLeases extends Leases {
  lost = false;

  override claim(limit: number, scope: ClaimScope): Promise<SourceFile[]> {
    if (scope.maxBytes === undefined || this.lost) return super.claim(limit, scope);
    this.lost = true;
    return Promise.reject(new SluiceError('DATABASE_CONNECTION_LOST', { reason: 'test' }));
  }
}

it('takes files again that were claimed when the connection was lost', async () => {
  const database = await createTestDatabase();
  const leases = new LosingLeases(database.pool);
  onTestFinished(async () => {
    await leases.close();
    await database.drop();
  });
  await registerSmallFiles(database, 3);
  const worked: string[] = [];
  const dispatcher = new Dispatcher({
    ...{ pool: database.pool, leases, root: Buffer.from('/nowhere/') },
    ...{ concurrency: 1, maxAttempts: 3, stallMs: 60_000 },
    worker: {
      execute: async (items) => {
        for (const item of items) {
          worked.push(item.file.name);
          await endRuns(database.pool, [publishedNow(item)]);
        }
        return new Map();
      },
      conclude: async () => {},
      finish: async () => {},
      unsettle: () => {},
    },
    onRetry: () => {},
    onStuck: () => {},
    onOutage: () => {},
    onRecovery: () => {},
  });
  await dispatcher.idle();
  await dispatcher.stop(0);
  expect(leases.lost).toBe(true);
  expect(worked.sort()).toEqual(['small0.csv', 'small1.csv', 'small2.csv']);
});

function publishedNow(item: RunningFile) {
  return { ...item, end: { status: 'published', sha256: null, bytes: 0, error: null } as const };
}

async function registerSmallFiles({ pool }: TestDatabase, count: number): Promise<void> {
  const arrivals = Array.from({ length: count }, (_, n) => ({
    path: Buffer.from(`/nowhere/small${n}.csv`),
    name: `small${n}.csv`,
    displayPath: `small${n}.csv`,
    label: null,
    identity: { size: 10, mtimeNs: BigInt(n), inode: BigInt(n + 1), device: 1n },
    origin: 'imports' as const,
    waitingFor: null,
  }));
  await registerFiles(pool, arrivals, () => null);
}
