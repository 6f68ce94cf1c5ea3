import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogOptions, openLog } from '../src/log.ts';

const run = promisify(execFile);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs `script` in a process of its own, so that what reaches its console can be read. `log` is open in it. */
async function logged(script: string, options: Partial<LogOptions> = {}) {
  const settings = { logsDir: folder, debug: false, logDays: 14, console: 'stdout', ...options };
  const source = `
    const { openLog } = await import(${JSON.stringify(pathToFileURL(join(process.cwd(), 'dist/log.js')).href)});
    const log = openLog(${JSON.stringify(settings)});
    ${script}
    await log.close();`;
  return run(process.execPath, ['--input-type=module', '--eval', source], { timeout: 20_000 });
}

async function fileLines(): Promise<Record<string, unknown>[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function quietLog(options: Partial<LogOptions> = {}) {
  return openLog({ logsDir: folder, debug: false, logDays: 14, console: 'none', ...options });
}

describe('log', () => {
  it('writes one readable line to stdout and one JSON line with the fields to the file', async () => {
    const { stdout, stderr } = await logged(`log.info('orders.csv published', { rows: 5000, runId: 7n });`);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d orders\.csv published\n$/);
    expect(stderr).toBe('');
    expect(await fileLines()).toEqual([
      { time: expect.any(String), level: 'info', message: 'orders.csv published', rows: 5000, runId: '7' },
    ]);
  });

  it('names the level when it is not info, and hides debug unless asked for', async () => {
    const { stdout } = await logged(`log.warn('low'); log.error('bad'); log.debug('detail');`);
    expect(stdout.split('\n').map((line) => line.slice(20))).toEqual(['WARN low', 'ERROR bad', '']);
    const debugging = await logged(`log.debug('detail');`, { debug: true, logsDir: null });
    expect(debugging.stdout).toContain('DEBUG detail');
  });

  it('leaves stdout alone when the console is stderr', async () => {
    const { stdout, stderr } = await logged(`log.info('x');`, { console: 'stderr' });
    expect(stdout).toBe('');
    expect(stderr).toContain(' x\n');
  });

  it('cannot be made to forge a line or steer the terminal by a message or a field', async () => {
    const evil = 'a.csv\n2026-01-01 00:00:00 all well\r\u001b[2J\u009b31m\u202e\u2028';
    const { stdout } = await logged(
      `log.info(${JSON.stringify(evil)}, { name: ${JSON.stringify(evil)}, level: 'x', time: 'y', message: 'z' });`,
    );
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stdout.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    const text = await readFile(join(folder, (await readdir(folder))[0] ?? ''), 'utf8');
    expect(text).not.toMatch(/[\u007f-\u009f\u2028\u202e]/);
    expect(await fileLines()).toMatchObject([{ level: 'info', message: evil, name: evil }]);
  });

  it('masks passwords of URLs in messages, fields and errors', async () => {
    const url = 'postgres://admin:s3cr@et/x@db:5432/app?sslpassword=s3cr';
    const { stdout } = await logged(
      `log.error('cannot reach ${url}', { url: '${url}', deep: { error: new Error('at ${url}') } });`,
    );
    const file = JSON.stringify(await fileLines());
    for (const text of [stdout, file]) {
      expect(text).not.toContain('s3cr');
      expect(text).toContain('postgres://admin:***@db:5432/app');
    }
  });

  it('keeps the message when a field cannot be written', async () => {
    const log = quietLog();
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    log.error('kept', circular);
    await log.close();
    expect(await fileLines()).toMatchObject([{ message: 'kept', fieldsNotShown: expect.any(String) }]);
  });

  it('has written everything when close resolves', async () => {
    const log = quietLog();
    for (let line = 0; line < 5_000; line += 1) log.info('line', { line });
    await log.close();
    expect((await fileLines()).map(({ line }) => line)).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
  });

  it('continues in another file when the size is reached', async () => {
    const log = quietLog({ maxFileBytes: 2048 });
    for (let line = 0; line < 100; line += 1) log.info('x'.repeat(100));
    await log.close();
    expect((await readdir(folder)).length).toBeGreaterThan(3);
    expect(await fileLines()).toHaveLength(100);
  });

  it('goes on, and says so once, when the folder cannot be used', async () => {
    const blocked = join(folder, 'file');
    await writeFile(blocked, '');
    const { stdout } = await logged(`log.info('one'); log.info('two');`, { logsDir: join(blocked, 'logs') });
    expect(stdout.match(/WARN the log folder .* cannot be written/g)).toHaveLength(1);
    expect(stdout).toContain(' one\n');
    expect(stdout).toContain(' two\n');
  });

  it('goes on, and says so once, when the disk is full', async () => {
    const day = new Date();
    const two = (value: number) => String(value).padStart(2, '0');
    const today = `sluice-${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}.log`;
    const { stdout } = await logged(
      `
      for (let i = 0; i < 20; i += 1) { log.info('line ' + i); await new Promise((r) => setTimeout(r, 5)); }`,
      {
        logsDir: await fullDisk(today),
      },
    );
    expect(stdout.match(/WARN the log folder .*ENOSPC/g)).toHaveLength(1);
    expect(stdout).toContain(' line 19\n');
  });
});

/** A folder in which today's log file is the kernel's always-full device. */
async function fullDisk(name: string): Promise<string> {
  await symlink('/dev/full', join(folder, name));
  return folder;
}
