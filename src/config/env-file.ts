import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { messageOf, SluiceError } from '../errors.ts';
import { printable, VARIABLE_NAMES, type VariableProblem } from './environment.ts';
import { closestVariable } from './near-miss.ts';
import { SOURCE_URL } from './source-urls.ts';

/** Docker Compose reads the same file for its own variables. */
const FOR_COMPOSE = /^(COMPOSE|DOCKER|POSTGRES)_/;
const BLANK_OR_COMMENT = /^\s*(#|$)/;
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=/;

/**
 * The variables in `.env` of this folder; none when there is no such file. Names that are not ours are problems; those for
 * the URLs of sources are compared with the configuration later.
 *
 * @throws CONFIG_FILE_INVALID when the file cannot be read or a line is not NAME=value
 */
export async function readEnvFile(
  folder: string,
): Promise<{ variables: Readonly<Record<string, string | undefined>>; problems: VariableProblem[] }> {
  const file = join(folder, '.env');
  const text = await textOf(file);
  if (text === null) return { variables: {}, problems: [] };
  refuseMalformedLines(file, text);
  const variables = parseEnv(text);
  return { variables, problems: unknownNames(variables) };
}

async function textOf(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SluiceError('CONFIG_FILE_INVALID', { file, reason: messageOf(error) }, error);
  }
}

/** parseEnv skips what it does not understand; a setting that is silently not set is what must not happen. */
function refuseMalformedLines(file: string, text: string): void {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (BLANK_OR_COMMENT.test(line) || ASSIGNMENT.test(line)) continue;
    throw new SluiceError('CONFIG_FILE_INVALID', {
      file,
      line: index + 1,
      reason: `line ${index + 1} is not of the form NAME=value`,
    });
  }
}

function unknownNames(variables: Readonly<Record<string, string | undefined>>): VariableProblem[] {
  const known = new Set<string>(VARIABLE_NAMES);
  return Object.entries(variables)
    .filter(([name]) => !known.has(name) && !FOR_COMPOSE.test(name) && !SOURCE_URL.test(name))
    .map(([variable, value]) => ({
      variable,
      value: printable(variable, value),
      allowed: hint(closestVariable(variable)),
    }));
}

function hint(meant: string | undefined): string {
  const suggestion = meant === undefined ? '' : `; ${meant} was probably meant`;
  return `.env sets a variable that does not exist${suggestion}`;
}
