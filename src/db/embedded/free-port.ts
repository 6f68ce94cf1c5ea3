import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { codeOf } from '../sqlstate.ts';

/** The port kept in `path` when it is free, else any free one; on the loopback address. */
export async function choosePort(path: string): Promise<number> {
  const kept = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  const port = kept > 0 && kept < 65_536 ? await tryPort(kept) : null;
  return port ?? (await tryPort(0)) ?? 0;
}

export async function keepPort(path: string, port: number): Promise<void> {
  await writeFile(path, `${port}\n`);
}

/** Null when the port is taken. */
async function tryPort(port: number): Promise<number | null> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return isInet(address) ? address.port : null;
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') return null;
    throw error;
  } finally {
    server.close();
  }
}

function isInet(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
