import type { Command, Finished } from '../measure/run-command.ts';
import type { Contender, Input, Stage, Verdict } from './contender.ts';

type PeerParts = Pick<Contender, 'name' | 'slow' | 'needs'> & {
  /** Untimed, after the target has been made. */
  prepare?(stage: Stage, input: Input): Promise<void>;
  command(stage: Stage, input: Input): Pick<Command, 'file' | 'args'>;
};

/** A contender that loads into the prepared table `public.target`. */
export function peer(parts: PeerParts): Contender {
  const { name, slow = false, needs } = parts;
  return {
    name,
    slow,
    needs,
    async prepare(stage, input) {
      await stage.database.createTarget(input.columns);
      await parts.prepare?.(stage, input);
    },
    command: (stage, input) => ({ ...parts.command(stage, input), cwd: stage.folder, env: environment() }),
    verify: verifyTarget,
  };
}

/** Of our own environment only what programs need to be found and to read UTF-8. */
export function environment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: process.env['HOME'] ?? '/',
    LC_ALL: 'C.UTF-8',
  };
}

async function verifyTarget(stage: Stage, input: Input, run: Finished): Promise<Verdict> {
  const reason = run.stderr.trim().split('\n').at(-1) ?? '';
  if (run.exitCode !== 0) return { kind: 'wrong', reason: `ended with ${run.exitCode}: ${reason}` };
  const rows = await stage.database.count('public.target');
  if (rows === input.records) return { kind: 'right' };
  return { kind: 'wrong', reason: `loaded ${rows} rows of ${input.records}` };
}
