import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until, WatchedFolder } from './watched-folder.ts';

const NOBODY = 65534;

function makeFifo(path: string): void {
  execFileSync('mkfifo', [path]);
}

describe('what is not a regular file', () => {
  test('does not block: more FIFOs than there are threads, and files between them', async () => {
    const folder = new WatchedFolder({ settleMs: 100 });
    for (const name of ['a.csv', 'b.csv', 'c.zip', 'd.gz', 'e.csv', 'f.csv']) makeFifo(folder.path(name));
    folder.write('file.csv.zip', '');
    await folder.watcher.start();
    await folder.watcher.idle();
    expect(folder.names).toEqual(['file.csv.zip']);
    expect(folder.codes).toEqual(Array(6).fill('NOT_A_REGULAR_FILE'));
    expect(folder.problems[0]?.facts).toMatchObject({ type: 'FIFO' });
  });

  test('is reported once, however often it is seen', async () => {
    const folder = new WatchedFolder({ settleMs: 100, rescanMs: 50 });
    symlinkSync('/etc/passwd', folder.path('link.csv'));
    symlinkSync('/nowhere', folder.path('dangling.csv'));
    const server = createServer().listen(folder.path('socket.csv'));
    onTestFinished(() => {
      server.close();
    });
    await until(() => server.listening);
    await folder.watcher.start();
    await sleep(400);
    const types = folder.problems.map(({ facts }) => facts.type).sort();
    expect(types).toEqual(['socket', 'symbolic link', 'symbolic link']);
    expect(folder.names).toEqual([]);
  });

  test('is reported again when another takes its place', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100 });
    makeFifo(folder.path('x.csv'));
    await until(() => folder.problems.length === 1);
    makeFifo(folder.path('.next'));
    renameSync(folder.path('.next'), folder.path('x.csv'));
    await until(() => folder.problems.length === 2);
    rmSync(folder.path('x.csv'));
    makeFifo(folder.path('x.csv'));
    await until(() => folder.problems.length === 3);
  });

  test('is taken as soon as a file takes its place, and the reverse', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100 });
    makeFifo(folder.path('x.csv'));
    await until(() => folder.problems.length === 1);
    rmSync(folder.path('x.csv'));
    folder.write('x.csv');
    await folder.untilDelivered(1);
    rmSync(folder.path('x.csv'));
    makeFifo(folder.path('x.csv'));
    await until(() => folder.problems.length === 2);
  });

  test('stays unmentioned under an ignored name', async () => {
    const folder = new WatchedFolder();
    makeFifo(folder.path('.hidden'));
    makeFifo(folder.path('x.part'));
    await folder.watcher.start();
    expect(folder.problems).toEqual([]);
  });
});

/** Root may read everything: for the test's time this process acts as nobody. */
function actAsNobody(...folders: string[]): void {
  for (const folder of folders) chmodSync(folder, 0o755);
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(NOBODY);
  onTestFinished(() => process.seteuid?.(0));
}

describe('a folder that cannot be read', () => {
  test.each([
    ['at all', 0o000],
    ['but not entered', 0o644],
  ])('%s is reported once, and the others go on', async (_, mode) => {
    const folder = new WatchedFolder({ settleMs: 100, rescanMs: 50 });
    folder.write('closed/a.csv');
    folder.write('open/b.csv');
    const closed = folder.path('closed');
    chmodSync(closed, mode);
    onTestFinished(() => chmodSync(closed, 0o755));
    actAsNobody(folder.root, folder.path('open'));
    await folder.watcher.start();
    await folder.untilDelivered(1);
    await sleep(300);
    expect(folder.names).toEqual(['open/b.csv']);
    expect(folder.codes).toEqual(['FOLDER_UNREADABLE']);
  });

  test('keeps what was handed over from it in mind', async () => {
    const folder = new WatchedFolder({ settleMs: 100, rescanMs: 50 });
    folder.write('region/a.csv');
    const region = folder.path('region');
    const restore = actingAsNobodyWhile(folder.root);
    await folder.watcher.start();
    await folder.untilDelivered(1);
    restore.asRoot(() => chmodSync(region, 0o000));
    await until(() => folder.codes.includes('FOLDER_UNREADABLE'));
    restore.asRoot(() => chmodSync(region, 0o755));
    await sleep(500);
    expect(folder.names).toEqual(['region/a.csv']);
  });
});

function actingAsNobodyWhile(folder: string): { asRoot(work: () => void): void } {
  actAsNobody(folder);
  return {
    asRoot(work) {
      const nobody = process.geteuid?.() === NOBODY;
      if (nobody) process.seteuid?.(0);
      work();
      if (nobody) process.seteuid?.(NOBODY);
    },
  };
}

describe('the imports folder', () => {
  test('that disappears is reported once, and taken up again when it is back', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100, rescanMs: 100 });
    folder.write('a.csv');
    await folder.untilDelivered(1);
    rmSync(folder.root, { recursive: true });
    await until(() => folder.problems.length > 0);
    await sleep(300);
    expect(folder.codes).toEqual(['IMPORTS_FOLDER_GONE']);
    mkdirSync(folder.root);
    writeFileSync(folder.path('b.csv'), 'b\n');
    await folder.untilDelivered(2);
    await folder.watcher.idle();
    writeFileSync(folder.path('c.csv'), 'c\n');
    await folder.untilDelivered(3);
    expect(folder.codes).toEqual(['IMPORTS_FOLDER_GONE']);
  });

  test('has events again after it was replaced', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100 });
    rmSync(folder.root, { recursive: true });
    await until(() => folder.problems.length > 0);
    mkdirSync(folder.root);
    await folder.watcher.idle();
    writeFileSync(folder.path('c.csv'), 'c\n');
    await folder.untilDelivered(1);
  });
});
