import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deleteOldLogs } from '../../src/log/delete-old-logs.ts';

it('deleteOldLogs deletes the log files of days past, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-old-logs-'));
  const kept = ['sluice-2026-11-21.log', 'sluice-2026-11-07.log', 'notes.log', 'sluice-2020-01-01.log.bak'];
  const old = ['sluice-2026-11-06.log', 'sluice-2026-11-06.3.log', 'sluice-2025-12-31.log'];
  await Promise.all([...kept, ...old].map((name) => writeFile(join(folder, name), '')));
  await deleteOldLogs(folder, 14, new Date(2026, 10, 21, 13, 0));
  expect((await readdir(folder)).sort()).toEqual(kept.sort());
  await rm(folder, { recursive: true });
});

it('deleteOldLogs leaves a missing folder at that', async () => {
  await expect(deleteOldLogs('/nonexistent/logs', 1)).resolves.toBeUndefined();
});
