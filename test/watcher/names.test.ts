import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WatchedFolder } from './watched-folder.ts';

describe('a file name', () => {
  test.each([
    ['with spaces and quotes', ` it's "quoted" .csv`, ` it's "quoted" .csv`],
    ['with a newline', 'two\nlines.csv', String.raw`two\x0alines.csv`],
    ['with a terminal escape', '\x1b[31mred.csv', String.raw`\x1b[31mred.csv`],
    ['with accents and emoji', 'Übergrößen 👩‍👩‍👧 €.csv', 'Übergrößen 👩‍👩‍👧 €.csv'],
    ['of 255 bytes', `${'é'.repeat(125)}x.csv`, `${'é'.repeat(125)}x.csv`],
    ['that begins with a dash', '--help.csv', '--help.csv'],
    ['with SQL', `x'; drop table y; --.csv`, `x'; drop table y; --.csv`],
  ])('%s is handed over', async (_, name, shown) => {
    const folder = await WatchedFolder.started({ settleMs: 100 });
    const path = folder.write(name);
    const [delivery] = await folder.untilDelivered(1);
    expect(delivery?.file).toMatchObject({ name: shown, relativePath: shown, label: null });
    expect(delivery?.file.path).toEqual(Buffer.from(path));
  });

  test('that is not UTF-8 is handed over by its bytes', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100 });
    const raw = folder.rawPath(Buffer.from('caf\xe9.csv', 'latin1'));
    writeFileSync(raw, 'a\n');
    const [delivery] = await folder.untilDelivered(1);
    expect(delivery?.file.name).toBe(String.raw`caf\xe9.csv`);
    expect(delivery?.file.path).toEqual(raw);
  });
});

describe('a subfolder', () => {
  test('gives its files a label, at any depth, also when it is made later', async () => {
    const folder = new WatchedFolder({ settleMs: 100 });
    folder.write('top.csv');
    folder.write('north/a.csv');
    await folder.watcher.start();
    folder.write('south/2026/b.csv');
    await folder.untilDelivered(3);
    const labels = folder.deliveries.map(({ file }) => [file.relativePath, file.label]).sort();
    expect(labels).toEqual([
      ['north/a.csv', 'north'],
      ['south/2026/b.csv', 'south/2026'],
      ['top.csv', null],
    ]);
  });

  test('whose name is not UTF-8 is found by a rescan', async () => {
    const folder = await WatchedFolder.started({ settleMs: 100, rescanMs: 200 });
    mkdirSync(folder.rawPath(Buffer.from('r\xe9gion', 'latin1')));
    await folder.watcher.idle();
    writeFileSync(folder.rawPath(Buffer.from('r\xe9gion/a.csv', 'latin1')), 'a\n');
    const [delivery] = await folder.untilDelivered(1);
    expect(delivery?.file.label).toBe(String.raw`r\xe9gion`);
  });

  test('that is a link is not followed', async () => {
    const elsewhere = await WatchedFolder.started();
    elsewhere.write('secret.csv');
    const folder = await WatchedFolder.started({ settleMs: 100 });
    symlinkSync(elsewhere.root, folder.path('link'));
    folder.write('plain.csv');
    await folder.watcher.idle();
    expect(folder.names).toEqual(['plain.csv']);
    expect(folder.codes).toEqual(['NOT_A_REGULAR_FILE']);
  });
});

test('the imports folder itself may be a link', async () => {
  const real = new WatchedFolder();
  const links = new WatchedFolder();
  symlinkSync(real.root, links.path('imports'));
  const folder = await WatchedFolder.started({
    root: links.path('imports'),
    settleMs: 100,
    onSettled: async (files) => links.record(files),
  });
  real.write('a.csv');
  await links.untilDelivered(1);
  expect(links.deliveries[0]?.file.path.toString()).toBe(links.path('imports/a.csv'));
  expect(folder.problems).toEqual([]);
});

test('what is hidden, unfinished, a marker or finished with is ignored', async () => {
  const folder = new WatchedFolder({ settleMs: 100 });
  const ignored = [
    ...['.hidden.csv', '.folder/a.csv', 'a/.b/c.csv'],
    ...['a.csv.part', 'a.TMP', 'a.CrDownload', 'a.csv.filepart', 'upload.tmp/a.csv'],
    ...['a.csv.done', 'a.csv.ready', 'A.CSV.DONE'],
    ...['processed/2026-11-21/a.csv', 'failed/a.csv', 'held/a.csv'],
  ];
  const taken = [
    'a.csv',
    'done',
    'ready.csv',
    'a/processed/b.csv',
    'temp.tmp.csv',
    'part',
    'Processed/c.csv',
  ];
  for (const name of ignored) folder.write(name);
  await folder.watcher.start();
  for (const name of taken) folder.write(name);
  for (const name of ignored) folder.write(`later/${name.replace(/^(processed|failed|held)/, '.$1')}`);
  await folder.watcher.idle();
  expect([...folder.names].sort()).toEqual([...taken].sort());
  expect(folder.problems).toEqual([]);
});
