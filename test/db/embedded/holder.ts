import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const jiti = join(dirname(createRequire(import.meta.url).resolve('jiti/package.json')), 'lib/jiti-cli.mjs');

/** Arguments for Node that run the holder. */
export function holderCommand(dataDir: string): string[] {
  return [jiti, join(import.meta.dirname, 'hold-server.ts'), dataDir];
}

export interface Holder {
  readonly child: ChildProcess;
  readonly url: string;
  /** Lets go of the server and ends. */
  release(): Promise<void>;
  /** SIGKILL, as the kernel does when memory runs out. */
  kill(): Promise<void>;
}

/** Starts a process of its own, by default of the same user, that holds the embedded server in `dataDir`. */
export async function holdServer(
  dataDir: string,
  user: { uid?: number; gid?: number } = {},
): Promise<Holder> {
  const child = spawn(process.execPath, holderCommand(dataDir), {
    ...user,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const url = await Promise.race([firstLine(child), exited.then(() => fail(child))]);
  return {
    child,
    url,
    release: async () => {
      child.stdin.write('release\n');
      await exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no output');
  const [line] = await once(createInterface(child.stdout), 'line');
  return JSON.parse(String(line)).url;
}

function fail(child: ChildProcess): never {
  throw new Error(`the holder ended: ${child.stderr?.read()}`);
}

/** The pid in the cluster's postmaster.pid. */
export function postmasterPid(dataDir: string): number {
  return Number.parseInt(readFileSync(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8'), 10);
}
