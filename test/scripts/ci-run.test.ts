import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './checkout.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-ci-'));
  await cp('.ci/run', join(root, '.ci/run'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Runs .ci/run in a project whose `npm test` is this shell command. */
async function ciRun(test: string) {
  await writeFile(join(root, 'package.json'), JSON.stringify({ name: 'project', scripts: { test } }));
  const { status, stdout } = await run(join(root, '.ci/run'), [], { cwd: '/' });
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1) };
}

describe('.ci/run', () => {
  it('ends with the counts of the tests', async () => {
    expect(await ciRun('echo 5 passed, 0 failed')).toEqual({ status: 0, lastLine: '5 passed, 0 failed' });
  });

  it('fails with the tests', async () => {
    const ended = await ciRun('echo 5 passed, 1 failed; exit 1');
    expect(ended).toEqual({ status: 1, lastLine: '5 passed, 1 failed' });
  });

  it('fails when no test ran', async () => {
    expect(await ciRun('true')).toEqual({ status: 1, lastLine: '0 passed, 1 failed' });
  });

  it('fails without npm', async () => {
    await mkdir(join(root, 'bin'));
    await symlink('/usr/bin/dirname', join(root, 'bin/dirname'));
    const { status, stdout } = await run('/bin/bash', [join(root, '.ci/run')], {
      env: { PATH: join(root, 'bin') },
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '0 passed, 1 failed\n' });
  });
});
