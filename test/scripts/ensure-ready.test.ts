import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureInstalled } from '../../scripts/ensure-ready.mjs';
import { lendDependencies, makeCheckout, run, writeMain } from './checkout.ts';

let root: string;

beforeEach(async () => {
  root = await makeCheckout();
});
afterEach(() => rm(root, { recursive: true, force: true }));

function sluice(...args: string[]) {
  return run(join(root, 'bin/sluice'), args, { cwd: '/' });
}

describe('bin/sluice', () => {
  it('builds what is not built, runs it, and builds no second time', async () => {
    await lendDependencies(root);
    expect(await sluice('a', 'b')).toEqual({ status: 3, stdout: 'first a b\n', stderr: '' });
    const built = statSync(join(root, 'dist/.sluice-built')).mtimeMs;
    expect(await sluice('c')).toEqual({ status: 3, stdout: 'first c\n', stderr: '' });
    expect(statSync(join(root, 'dist/.sluice-built')).mtimeMs).toBe(built);
  });

  it('builds again after a source has changed, and drops the output of one that is gone', async () => {
    await lendDependencies(root);
    await writeFile(join(root, 'src/gone.ts'), 'export const gone = 1;\n');
    await sluice();
    expect(existsSync(join(root, 'dist/gone.js'))).toBe(true);
    await rm(join(root, 'src/gone.ts'));
    await writeMain(root, 'second');
    expect((await sluice()).stdout).toBe('second\n');
    expect(await readdir(join(root, 'dist'))).toEqual(['.sluice-built', 'bundle', 'cli']);
  });

  it('can be started twice at once', async () => {
    await lendDependencies(root);
    const ended = await Promise.all([sluice('1'), sluice('2'), sluice('3')]);
    expect(ended.map(({ stdout }) => stdout)).toEqual(['first 1\n', 'first 2\n', 'first 3\n']);
    expect(existsSync(join(root, '.sluice-lock'))).toBe(false);
  });

  it('takes over the lock of a process that was killed', async () => {
    await lendDependencies(root);
    await mkdir(join(root, '.sluice-lock'));
    const { stdout } = await run(process.execPath, ['-p', 'process.pid']);
    await writeFile(join(root, '.sluice-lock/pid'), stdout.trim());
    expect((await sluice()).stdout).toBe('first\n');
  });

  it('works through a symbolic link', async () => {
    await lendDependencies(root);
    await symlink(join(root, 'bin/sluice'), join(root, 'link'));
    expect((await run(join(root, 'link'), ['x'], { cwd: '/' })).stdout).toBe('first x\n');
  });

  it('says where the build failed, and ends with 1', async () => {
    await lendDependencies(root);
    await writeFile(join(root, 'src/cli/main.ts'), 'export const main: number = "text";\n');
    const { status, stdout, stderr } = await sluice();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/src\/cli\/main\.ts[\s\S]*the build failed/);
  });

  it('neither installs nor builds where only a build is deployed', async () => {
    await rm(join(root, 'src'), { recursive: true });
    await mkdir(join(root, 'dist/bundle'), { recursive: true });
    await writeFile(
      join(root, 'dist/bundle/main.js'),
      `export const main = async () => console.log('deployed');`,
    );
    await writeFile(join(root, 'package-lock.json'), '{"packages":{"node_modules/x":{"version":"1.0.0"}}}');
    expect((await sluice()).stdout).toBe('deployed\n');
    expect(await readdir(root)).not.toContain('node_modules');
  });

  it('refuses a Node.js that is too old, naming the one it needs', async () => {
    const preload = join(root, 'old.cjs');
    await writeFile(preload, `Object.defineProperty(process.versions, 'node', { value: '20.18.3' });`);
    const ended = await run(join(root, 'bin/sluice'), [], {
      env: { ...process.env, NODE_OPTIONS: `--require=${preload}` },
    });
    expect(ended).toMatchObject({ status: 1, stderr: expect.stringContaining('Node.js 20.19 or newer') });
  });
});

describe('ensureInstalled', () => {
  const NOTICE = 'installing dependencies (npm ci)';

  beforeEach(() => lockLocal('one'));

  /** Makes the checkout depend on packages that lie within it, so that npm needs no network. */
  async function lockLocal(...names: string[]) {
    for (const name of names) {
      await mkdir(join(root, name), { recursive: true });
      await writeFile(join(root, name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
    }
    const dependencies = Object.fromEntries(names.map((name) => [name, `file:${name}`]));
    await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'checkout', dependencies }));
    await run('npm', ['install', '--package-lock-only', '--offline'], { cwd: root });
  }

  function install() {
    const script = `import('${join(root, 'scripts/ensure-ready.mjs')}').then((m) => m.ensureInstalled())`;
    return run(process.execPath, ['--input-type=module', '--eval', script]);
  }

  it('installs once, with everything said on stderr', async () => {
    const first = await install();
    expect(first).toMatchObject({ status: 0, stdout: '' });
    expect(first.stderr).toContain(NOTICE);
    expect(await install()).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('recognises an npm ci by hand', async () => {
    await run('npm', ['ci', '--offline'], { cwd: root });
    await ensureInstalled(root);
    expect(await readdir(join(root, 'node_modules'))).not.toContain('.sluice-ready');
    expect((await install()).stderr).toBe('');
  });

  it('installs again after the lock has changed', async () => {
    await install();
    await lockLocal('one', 'two');
    expect((await install()).stderr).toContain(NOTICE);
  });
});
