import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { renameSync, writeFileSync } from 'node:fs';
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOf } from '../../../src/formats/file-handle.ts';
import type { SourceFile } from '../../../src/ledger/source-file.ts';
import { deleteFile, moveBeside, moveFile } from '../../../src/pipelines/outcome/move-file.ts';

let root: string;
let folder: string;
let at: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-move-'));
  folder = join(root, 'processed');
  at = join(root, 'rates.csv');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** What was worked on. */
async function worked(content = 'first'): Promise<SourceFile> {
  await writeFile(at, content);
  const identity = identityOf(await lstat(at, { bigint: true }));
  return { fileId: 7, path: Buffer.from(at), displayPath: 'rates.csv', identity } as SourceFile;
}

async function files(): Promise<Record<string, string>> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const entries = paths.map(async (path) => [path.slice(root.length + 1), await readFile(path, 'utf8')]);
  return Object.fromEntries(await Promise.all(entries));
}

/** A sender writes elsewhere and renames over what lies there. */
function send(content: string): void {
  writeFileSync(`${at}.part`, content);
  renameSync(`${at}.part`, at);
}

async function sendAfter(step: string, work: () => Promise<unknown>): Promise<unknown> {
  const onStep = (message: unknown) => {
    if ((message as { step: string }).step === step) send('second');
  };
  subscribe('sluice:step', onStep);
  try {
    return await work();
  } finally {
    unsubscribe('sluice:step', onStep);
  }
}

describe('a file that its sender puts in the place of the one that is moved away', () => {
  it.each(['file set aside', 'file linked'])('after «%s» stays', async (step) => {
    const file = await worked();
    const moved = await sendAfter(step, () => moveFile(file, folder, 1));
    expect(String(moved)).toBe(join(folder, 'rates.csv'));
    expect(await files()).toEqual({ 'processed/rates.csv': 'first', 'rates.csv': 'second' });
  });

  it('is put back when it was taken for the one that is moved', async () => {
    const file = await worked();
    send('second');
    await mkdir(folder);
    // As it is after a crash: what was looked at and what was taken were not the same.
    await rename(at, join(folder, '.sluice-moving-7'));
    expect(await moveFile(file, folder, 1)).toBeNull();
    expect(await files()).toEqual({ 'rates.csv': 'second' });
  });

  it('gives way to one that is newer still', async () => {
    const file = await worked();
    send('second');
    await mkdir(folder);
    await rename(at, join(folder, '.sluice-moving-7'));
    send('third');
    expect(await moveFile(file, folder, 1)).toBeNull();
    expect(await files()).toEqual({ 'rates.csv': 'third' });
  });

  it('stays when the one before it is deleted', async () => {
    const file = await worked();
    await sendAfter('file set aside', () => deleteFile(file));
    expect(await files()).toEqual({ 'rates.csv': 'second' });
  });
});

it('a move that was broken off after any step ends the same', async () => {
  const file = await worked();
  await mkdir(folder);
  await rename(at, join(folder, '.sluice-moving-7'));
  expect(String(await moveFile(file, folder, 1))).toBe(join(folder, 'rates.csv'));
  expect(String(await moveFile(file, folder, 1))).toBe(join(folder, 'rates.csv'));
  expect(await files()).toEqual({ 'processed/rates.csv': 'first' });
});

it('a name that is taken gets the number of the run', async () => {
  await mkdir(folder);
  await writeFile(join(folder, 'rates.csv'), 'earlier');
  const file = await worked();
  expect(String(await moveFile(file, folder, 12))).toBe(join(folder, 'rates.12.csv'));
  expect(await files()).toEqual({ 'processed/rates.csv': 'earlier', 'processed/rates.12.csv': 'first' });
});

it('a sidecar whose move was cut off after its new name was given is moved all the same', async () => {
  await mkdir(folder);
  const [target, aside] = [join(folder, 'rates.csv.md5'), join(folder, '.sluice-moving-7')];
  await writeFile(aside, 'sum');
  await link(aside, target);
  const [from, to, between] = [`${at}.md5`, target, aside].map((path) => Buffer.from(path)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  expect(await moveBeside({ at: from, target: to, aside: between, seen: null })).toBe(true);
  expect(await files()).toEqual({ 'processed/rates.csv.md5': 'sum' });
});
