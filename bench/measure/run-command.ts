import { type ChildProcess, spawn } from 'node:child_process';
import { MemoryWatch } from './memory-watch.ts';
import { cpuOfEndedChildren } from './proc.ts';

/** A process to start: no shell in between. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Finished {
  /** From spawn to exit. */
  readonly seconds: number;
  /** User and system time of the process and of every child it waited for. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const RUN_LIMIT_MS = 30 * 60_000;
const KEPT_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a command to its end and measures it. One at a time: the CPU time is the growth of what this process's ended
 * children have used. Aborting, or taking longer than half an hour, kills the whole process group.
 */
export async function runCommand(command: Command, signal: AbortSignal): Promise<Finished> {
  signal.throwIfAborted();
  const cpuBefore = cpuOfEndedChildren('self');
  const started = performance.now();
  const { file, args, env, cwd } = command;
  const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [collect(child.stdout), collect(child.stderr)] as const;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(RUN_LIMIT_MS)]);
  const kill = () => killGroup(child);
  limit.addEventListener('abort', kill, { once: true });
  const memory = child.pid === undefined ? null : new MemoryWatch(child.pid);
  try {
    const exitCode = await exitOf(child);
    const seconds = (performance.now() - started) / 1000;
    signal.throwIfAborted();
    return {
      seconds,
      cpuSeconds: cpuOfEndedChildren('self') - cpuBefore,
      peakBytes: memory?.stop() ?? 0,
      exitCode,
      stdout: await output[0],
      stderr: await output[1],
    };
  } finally {
    limit.removeEventListener('abort', kill);
    memory?.stop();
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, 'SIGKILL');
}

/** What a stream carries, its start cut off when it is very much. */
async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    while (bytes > KEPT_OUTPUT_BYTES) bytes -= chunks.shift()?.length ?? 0;
  }
  return Buffer.concat(chunks).toString('utf8');
}
