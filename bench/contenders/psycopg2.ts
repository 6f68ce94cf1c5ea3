import { join } from 'node:path';
import type { Contender } from './contender.ts';
import { peer } from './peer.ts';

const SCRIPT = join(import.meta.dirname, 'read_zip.py');

/** The usual Python loader: `copy_expert` reads an entry through `zipfile`. */
export const psycopg2: Contender = peer({
  name: 'Python: zipfile, psycopg2 copy_expert',
  needs: ['psycopg2'],
  command: (stage, input) => ({
    file: stage.programs.psycopg2?.path ?? '',
    args: [SCRIPT, stage.database.url, input.files[0] ?? ''],
  }),
});
