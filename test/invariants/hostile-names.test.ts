import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildZip } from '../formats/archive/build-zip.ts';
import { Service } from '../service.ts';

const ESC = '\u001b';
/** What terminals obey, and what reorders or forges lines. */
const OBEYED = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const FORGED = '2026-01-01 00:00:00 published forged.csv';

/** By kind: as part of a file's name, of a column's, and of an entry's name where archives may hold it. */
const NASTY: Readonly<Record<string, string>> = {
  SQL: `'; drop schema sluice cascade; --`,
  quotes: `"'\`$$`,
  'terminal escapes': `${ESC}[2J${ESC}]0;owned\u0007`,
  'C1 controls': '\u009b31m',
  'a forged line': `\n${FORGED}`,
  'a forged line by carriage return': `\r${FORGED}`,
  'right-to-left marks': '\u202efdp\u2066\u200f\u061c',
  'line separators': '\u2028\u2029',
  'format strings': '%s%d{0}\\n\\u001b',
  'path tricks': '..\\..\\etc',
  'a formula': '=cmd|calc!A1',
};

it('I8 names are data: whatever a name holds, nothing of it is obeyed in any output', async () => {
  const service = await Service.create({ REJECT_LIMIT: 'none' });
  let n = 0;
  for (const nasty of Object.values(NASTY)) {
    const column = `col${nasty}`.replaceAll('"', '""');
    n++;
    await service.drop(
      `f${nasty.replaceAll('/', '_')} ${n}.csv`,
      `id,"${column}"\n${`${n},x\n`.repeat(9)}${n},=1+1,too many\n`,
    );
  }
  const entries = Object.values(NASTY).map((nasty, at) => ({
    name: `e${nasty.replace(/[\\/\p{Cc}]/gu, '_')}${at}.csv`,
    content: `id,v\n${1000 + at},y\n`,
  }));
  await service.drop('entries.zip', buildZip(entries));
  await service.drop('failing\u202e\u009b.xyz', 'unsupported');
  const ended = [await service.run(['once'])];
  expect(ended[0]?.code, ended[0]?.stderr).toBe(2);
  const runs = await service.query<{ id: number }>('select run_id as id from sluice.run order by 1');
  const commands = [['status'], ['runs'], ['versions'], ['doctor'], ['rejects', String(runs[0]?.id)]];
  for (const command of commands) {
    ended.push(await service.run(command));
    ended.push(await service.run([...command, '--json']));
  }
  // Those that change things, on names that are among the worst: a forged line, escapes, an entry's.
  const idOf = (at: number) => String(runs[at]?.id);
  for (const command of [
    ['retract', '--plan', idOf(0)],
    ['retract', idOf(2)],
    ['replay', idOf(4)],
    ['discard', idOf(3)],
    ['upkeep', '--plan'],
    ['compact', '--plan'],
    ['plan', await keptFile(service, idOf(4))],
    ['export', '--query', 'select * from sluice.files', '--format', 'jsonl', `x${ESC}\n${FORGED}`],
  ]) {
    ended.push(await service.run(command));
  }
  await service.write(
    'sluice.config.ts',
    `export default { datasets: [{ name: ${JSON.stringify(`x${Object.values(NASTY).join('')}`)}, ${JSON.stringify(`bad${ESC}\u202e`)}: 1, contract: ${JSON.stringify(FORGED)} }] };`,
  );
  const refused = await service.run(['status']);
  expect(refused.code).toBe(1);
  ended.push(refused);
  const outputs = ended.flatMap(({ stdout, stderr }) => [stdout, stderr]);
  for (const folder of ['logs', 'exports'] as const) {
    for (const name of await service.filesIn(folder)) {
      outputs.push(name);
      const isData = name.startsWith('rejects/') && !name.endsWith('.reasons.csv');
      if (!isData) outputs.push(await readFile(join(service.root, folder, name), 'utf8'));
    }
  }
  for (const output of outputs) {
    expect(OBEYED.exec(output)?.[0].codePointAt(0), output.slice(0, 2000)).toBeUndefined();
    expect(output.split('\n').filter((line) => line.startsWith(FORGED))).toEqual([]);
  }
  const statuses = (await service.statuses()).map(({ status }) => status);
  const others = statuses.filter((status) => status !== 'published');
  expect(others.sort()).toEqual(['failed', 'retracted', 'superseded']);
  const identifiers = await service.query<{ name: string }>(
    `select relname as name from pg_class join pg_namespace n on n.oid = relnamespace where nspname like 'staging%'
     union all select attname from pg_attribute join pg_class c on c.oid = attrelid
       join pg_namespace n on n.oid = relnamespace where nspname like 'staging%'`,
  );
  for (const { name } of identifiers) expect(name).toMatch(/^[\p{L}\p{M}\p{N}_.]+$/u);
  const reasons = (await service.filesIn('exports')).filter((name) => name.endsWith('.reasons.csv'));
  // Those of the retracted run are gone.
  expect(reasons, String(reasons)).toHaveLength(n - 1);
  for (const name of reasons) {
    const lines = (await readFile(join(service.exports, name), 'utf8')).split('\n');
    expect(lines[0]).toMatch(/,formula_columns$/);
    expect(lines[1]).toMatch(/,2$/);
    const rejects = await readFile(join(service.exports, name.replace('.reasons.csv', '.csv')), 'utf8');
    expect(rejects).toContain(',=1+1,too many\n');
  }
});

/** Where a source file lies now. */
async function keptFile(service: Service, run: string): Promise<string> {
  const path = await service.value<Buffer>(
    'select final_path_bytes from sluice.source_file where run_id = $1',
    [run],
  );
  return path.toString();
}

const WRONG = 'hunter2-geheim';

it('a password is in no output, whatever the command and however it fails', async () => {
  const service = await Service.create();
  const url = new URL(service.database.url);
  const secret = url.password;
  expect(secret.length).toBeGreaterThan(8);
  const wrong = new URL(url);
  wrong.password = WRONG;
  wrong.username = 'nobody_of_that_name';
  const gone = new URL(url);
  gone.port = '1';
  await service.drop('orders.csv', 'id\n1\n');
  const outputs: string[] = [];
  const run = async (args: string[], databaseUrl: string) => {
    const { stdout, stderr } = await service.run(args, {
      DATABASE_URL: databaseUrl,
      ECHO_SQL: 'true',
      DEBUG_LOGS: 'true',
    });
    outputs.push(stdout, stderr);
  };
  for (const args of [['once'], ['status', '--json'], ['runs'], ['retract', 'orders.csv'], ['doctor']])
    await run(args, url.href);
  await run(['once'], wrong.href);
  await run(['status', '--json'], gone.href);
  await run(['once'], `postgres://sluice:${WRONG}@[bad/x`);
  await run(['once'], `postgres://sluice:${WRONG}@127.0.0.1:${url.port}/no_such_database`);
  await service.write('.env', `DATABASE_URL postgres://a:${WRONG}@b/c\n`);
  await run(['status'], '');
  await service.write('.env', `DATABASE_URLL=postgres://a:${WRONG}@b/c\n`);
  await run(['status'], '');
  await service.write('.env', '');
  for (const folder of ['logs', 'exports'] as const)
    for (const name of await service.filesIn(folder))
      outputs.push(await readFile(join(service.root, folder, name), 'utf8'));
  for (const output of outputs) for (const one of [secret, WRONG]) expect(output).not.toContain(one);
  expect(outputs.join('')).toContain('published orders.csv');
  expect(outputs.join('')).toContain('CONFIG_FILE_INVALID');
});
