import { execFileSync } from 'node:child_process';
import { lstatSync, rmSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkCompleteness } from '../../src/watcher/check-completeness.ts';
import { identityOf } from '../../src/watcher/identity.ts';
import type { ObservedFile } from '../../src/watcher/observed-files.ts';
import { zipBytes } from '../formats/zip/zip-bytes.ts';
import { WatchedFolder } from './watched-folder.ts';

const NEVER = new AbortController().signal;

const UNJUDGED = { incompleteReason: null, patienceMs: null, awaitsSidecars: false, held: null };

function observed(path: string): ObservedFile {
  const identity = identityOf(lstatSync(path, { bigint: true }));
  return { path: Buffer.from(path), identity, phase: 'checking', since: 0, walk: 1, ...UNJUDGED };
}

function wholeZip(): string {
  return new WatchedFolder().write('a.zip', zipBytes({ entries: { a: 'x' } }));
}

test('a file as it was observed is judged by its format', async () => {
  expect(await checkCompleteness(observed(wholeZip()), NEVER)).toEqual({ complete: true, reason: null });
});

test('a file that is not the observed one any more is not judged', async () => {
  const path = wholeZip();
  const before = observed(path);
  const stale = { ...before, identity: { ...before.identity, mtimeNs: 1n } };
  expect(await checkCompleteness(stale, NEVER)).toBeNull();
});

test('a FIFO put in its place does not block', async () => {
  const path = wholeZip();
  const file = observed(path);
  rmSync(path);
  execFileSync('mkfifo', [path]);
  expect(await checkCompleteness(file, NEVER)).toBeNull();
});

test('a link put in its place is not followed', async () => {
  const path = wholeZip();
  const file = observed(path);
  rmSync(path);
  symlinkSync(new WatchedFolder().write('cut.zip', 'PK'), path);
  expect(await checkCompleteness(file, NEVER)).toEqual({ complete: true, reason: null });
});
