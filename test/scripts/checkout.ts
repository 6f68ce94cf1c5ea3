import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small project with our own start-up files, whose program prints its arguments. */
export async function makeCheckout(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-checkout-'));
  for (const name of ['bin', 'scripts', 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(name, join(root, name), { recursive: true });
  }
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'checkout', type: 'module' }));
  await mkdir(join(root, 'src/cli'), { recursive: true });
  await writeMain(root, 'first');
  return root;
}

export async function writeMain(root: string, text: string): Promise<void> {
  const source = `export async function main(argv: string[]): Promise<number> {
  console.log('${text}', ...argv);
  return 3;
}\n`;
  await writeFile(join(root, 'src/cli/main.ts'), source);
}

/** Lets the checkout use the dependencies of this one. */
export async function lendDependencies(root: string): Promise<void> {
  await symlink(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
) {
  return new Promise<Ended>((resolve) => {
    const child = execFile(file, args, { timeout: 60_000, ...options }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
