import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireEmbeddedServer } from '../../src/db/embedded/acquire-embedded-server.ts';
import type { Server } from './server.ts';

/** The server that comes with Sluice, with the settings Sluice gives it, in a temporary folder. */
export async function startEmbedded(log: (message: string) => void): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-embedded-'));
  // As root the server runs as somebody else, who has to get there.
  await chmod(folder, 0o755);
  const server = await acquireEmbeddedServer(folder, log);
  return {
    description: "Sluice's embedded Postgres, its own settings",
    url: server.url,
    async stop() {
      await server.release();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
