import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Stage } from './contender.ts';
import { peer } from './peer.ts';

const OPTIONS = '(format csv, header)';
const SCRIPT = 'copy.sql';

/** One file by `psql -c '\copy …'`. */
export const psqlCopy: Contender = peer({
  name: 'psql \\copy',
  needs: ['psql'],
  command: (stage, input) => ({
    file: programOf(stage),
    args: [...session(stage), '-c', `\\copy public.target from '${input.files[0]}' with ${OPTIONS}`],
  }),
});

/** Many files by one session. */
export const psqlSession: Contender = peer({
  name: 'one psql session, a \\copy per file',
  needs: ['psql'],
  prepare: async (stage, input) => {
    const lines = input.files.map((file) => `\\copy public.target from '${file}' with ${OPTIONS}\n`);
    await writeFile(join(stage.folder, SCRIPT), lines.join(''));
  },
  command: (stage) => ({
    file: programOf(stage),
    args: [...session(stage), '-f', join(stage.folder, SCRIPT)],
  }),
});

/** An archive through a pipe. */
export const unzipPipe: Contender = peer({
  name: 'unzip -p | psql \\copy',
  needs: ['psql', 'unzip'],
  command: (stage, input) => ({
    file: '/bin/sh',
    args: [
      '-c',
      'unzip="$1" archive="$2"; shift 2; "$unzip" -p "$archive" | "$@"',
      'sh',
      stage.programs.unzip?.path ?? '',
      input.files[0] ?? '',
      programOf(stage),
      ...session(stage),
      '-c',
      `\\copy public.target from pstdin with ${OPTIONS}`,
    ],
  }),
});

function programOf(stage: Stage): string {
  return stage.programs.psql?.path ?? '';
}

function session(stage: Stage): string[] {
  return ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', stage.database.url];
}
