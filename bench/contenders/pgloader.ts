import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Input } from './contender.ts';
import { peer } from './peer.ts';

const COMMANDS = 'csv.load';

/** pgloader with a command file, its defaults otherwise. */
export const pgloader: Contender = peer({
  name: 'pgloader',
  slow: true,
  needs: ['pgloader'],
  prepare: (stage, input) => writeFile(join(stage.folder, COMMANDS), commands(stage.database.url, input)),
  command: (stage) => ({
    file: stage.programs.pgloader?.path ?? '',
    args: ['--quiet', '--root-dir', join(stage.folder, 'pgloader'), join(stage.folder, COMMANDS)],
  }),
});

/** Command language: https://pgloader.readthedocs.io/en/latest/ref/csv.html */
function commands(url: string, input: Input): string {
  const fields = input.columns.map(({ name }) => `${name} [null if blanks]`).join(', ');
  const columns = input.columns.map(({ name }) => name).join(', ');
  return `LOAD CSV FROM '${input.files[0]}' WITH ENCODING UTF-8 (${fields})
  INTO ${url.replace(/^postgres:/, 'postgresql:')}
  TARGET TABLE public.target (${columns})
  WITH skip header = 1, fields optionally enclosed by '"', fields escaped by double-quote,
       fields terminated by ',';
`;
}
