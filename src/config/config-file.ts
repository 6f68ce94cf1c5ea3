import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, SluiceError } from '../errors.ts';
import { checkConfig } from './check-config.ts';
import type { SluiceConfig } from './define.ts';
import * as sluice from './define.ts';

const NAMES = ['sluice.config.ts', 'sluice.config.mts', 'sluice.config.mjs', 'sluice.config.js'];

/**
 * The configuration file, checked. Without `path` it is looked for in `cwd`, and having none is fine.
 *
 * @throws CONFIG_FILE_INVALID naming the file and what is wrong, with line where it is a syntax error
 */
export async function loadConfigFile(cwd: string, path: string | undefined): Promise<SluiceConfig> {
  const file = path === undefined ? await findIn(cwd) : resolve(cwd, path);
  if (file === null) return {};
  if (!(await exists(file))) throw invalid(file, 'the file does not exist or cannot be read');
  const config = checkConfig(await evaluate(file));
  if (config.problems.length > 0) throw invalid(file, config.problems.join('; '));
  return config.value;
}

async function findIn(cwd: string): Promise<string | null> {
  const found: string[] = [];
  for (const name of NAMES) if (await exists(join(cwd, name))) found.push(name);
  if (found.length > 1) throw invalid(cwd, `only one of ${found.join(', ')} may exist`);
  return found[0] === undefined ? null : join(cwd, found[0]);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** `import … from 'sluice'` is answered with our own module, so that it resolves wherever the file lies. */
async function evaluate(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(file, { virtualModules: { sluice }, fsCache: false, moduleCache: false });
  let module: unknown;
  try {
    module = await jiti.import(file);
  } catch (error) {
    throw invalid(file, oneLine(messageOf(error)), error);
  }
  if (typeof module !== 'object' || module === null || !('default' in module)) {
    throw invalid(file, 'there is no default export; expected export default defineConfig({ … })');
  }
  return module.default;
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ').trim();
}

function invalid(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError('CONFIG_FILE_INVALID', { file, reason }, cause);
}
