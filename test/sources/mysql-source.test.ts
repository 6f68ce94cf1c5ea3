import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { MARIADBD, MariaDb } from '../mariadb.ts';
import { eventually, Service } from '../service.ts';
import { readBriefly } from './read-briefly.ts';

// Several processes each, perhaps on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

describe.skipIf(MARIADBD === null)('a MariaDB source', () => {
  let server: MariaDb;

  beforeAll(async () => {
    server = await MariaDb.start();
  });
  afterAll(() => server?.stop());

  async function serviceFor(url: string, config: string): Promise<Service> {
    const service = await Service.create({ SOURCE_SHOP_URL: url });
    await service.write('sluice.config.ts', `export default ${config};`);
    return service;
  }

  it('gives its tables with their types mapped, and every value as it is', async () => {
    const url = await server.createDatabase('types', [
      "set sql_mode = ''",
      `create table kinds (
        id int unsigned primary key, tiny tinyint(1), small tinyint, big bigint unsigned, price decimal(12,2), f float, d double, three bit(3), one bit(1),
        day date, moment datetime(3), stamp timestamp null, span time, y year, word char(5), name varchar(20), long_text longtext,
        mood enum('glad','sad'), tags set('a','b"c','d'), doc json, raw varbinary(10), photo blob, spot point, u uuid, ip inet6
      )`,
      `insert into kinds values
        (4294967295, 1, -128, 18446744073709551615, -1.50, 1.1, 0.1, b'101', b'1', '2024-02-29', '2024-02-29 10:00:00.123',
         '2024-02-29 10:00:00', '-838:59:59', 2024, 'ab', 'Zoë 🎈', 'a "quoted",\nline\r\n\\\\N', 'glad', 'a,b"c', '{"a": [1]}', x'00ff2c0a', '', point(1, 2),
         '123e4567-e89b-12d3-a456-426655440000', '::1'),
        (1, null, null, null, null, null, null, null, null, '0000-00-00', '0000-00-00 00:00:00', null, null, 0, '', '', null, '', '', null, null, null, null, null, null)`,
      'create table words (word varchar(20))',
      "insert into words values (null), (''), ('\\\\N'), ('two\nlines'), ('\\\\.')",
      'create table `odd "name`(`the key` int primary key, `select` text)',
      'create view totals as select count(*) as n from kinds',
    ]);
    const service = await serviceFor(url, `{ sources: [{ name: 'shop' }] }`);
    const pulled = await service.run(['pull', 'shop', '--json']);
    expect(pulled.code, pulled.stderr).toBe(0);
    expect(pulled.stdout + pulled.stderr).not.toContain('pa:ss');
    expect(JSON.parse(pulled.stdout).files).toMatchObject([
      { name: 'shop.kinds', loads: [{ versionTable: 'staging.shop_kinds__v1', rowsLoaded: 2 }] },
      { name: 'shop.odd "name', loads: [{ versionTable: 'staging.shop_odd_name__v1', rowsLoaded: 0 }] },
      { name: 'shop.words', loads: [{ versionTable: 'staging.shop_words__v1', rowsLoaded: 5 }] },
    ]);
    const [low, high] = await service.query<Record<string, unknown>>(
      `select id, tiny, small, big::text, price::text, f, d, three::text, one, day::text, moment::text, stamp::text, span::text, y, word, name, long_text, mood,
              tags, doc, encode(raw, 'hex') as raw, encode(photo, 'hex') as photo, spot, u::text, host(ip) as ip from staging.shop_kinds order by id`,
    );
    expect(high).toEqual({
      ...{
        id: 4294967295,
        tiny: true,
        small: -128,
        big: '18446744073709551615',
        price: '-1.50',
        f: 1.1,
        d: 0.1,
      },
      ...{ three: '101', one: true, day: '2024-02-29', moment: '2024-02-29 10:00:00.123' },
      ...{
        stamp: expect.stringMatching(/^2024-02-/),
        span: '-838:59:59',
        y: 2024,
        word: 'ab   ',
        name: 'Zoë 🎈',
      },
      ...{ long_text: 'a "quoted",\nline\r\n\\N', mood: 'glad', tags: ['a', 'b"c'], doc: { a: [1] } },
      ...{
        raw: '00ff2c0a',
        photo: '',
        spot: 'POINT(1 2)',
        u: '123e4567-e89b-12d3-a456-426655440000',
        ip: '::1',
      },
    });
    expect(low).toEqual({
      ...{ id: 1, tiny: null, small: null, big: null, price: null, f: null, d: null, three: null, one: null },
      ...{ day: null, moment: null, stamp: null, span: null, y: 0, word: '     ', name: '', long_text: null },
      ...{ mood: '', tags: [], doc: null, raw: null, photo: null, spot: null, u: null, ip: null },
    });
    expect(await service.query('select word from staging.shop_words order by _row')).toEqual(
      [null, '', '\\N', 'two\nlines', '\\.'].map((word) => ({ word })),
    );
  });

  it('is read from one snapshot, in the order of keys, and fails without leaving anything when the connection is lost', async () => {
    const url = await server.createDatabase('paced', [
      'create table pace (seconds double)',
      'insert into pace values (0.1)',
      'create table items (id int primary key, name text)',
      "insert into items values (1, 'one'), (2, null)",
      'create table bad (id int primary key, day date, flag tinyint(1))',
      "insert into bad values (1, '2024-00-10', 1), (2, '2024-05-05', 7), (3, '2024-05-05', 0)",
    ]);
    const slow =
      'select seq as n, 1.50 as price, sleep((select seconds from pace)) as nothing from seq_1_to_40';
    const service = await serviceFor(
      url,
      `{ sources: [{ name: 'shop', tables: [{ name: 'slow', query: '${slow}' }, 'items', 'bad'] }],
         datasets: [{ name: 'shop_bad', rejectLimit: 'none' }] }`,
    );
    const pulling = service.spawn(['pull', 'shop', 'slow', 'items', '--json']);
    await busy('sleep');
    await server.connection.query("insert into paced.items values (3, 'late')");
    const pulled = await pulling.ended(60_000);
    expect(pulled.code, pulled.stderr).toBe(0);
    expect(JSON.parse(pulled.stdout).files).toMatchObject([
      { name: 'shop.items', loads: [{ rowsLoaded: 2 }] },
      { name: 'shop.slow', loads: [{ rowsLoaded: 40 }] },
    ]);

    await server.connection.query('update paced.items set name = name');
    const later = await service.run(['pull', 'shop', 'items', 'bad', '--json']);
    expect([later.code, JSON.parse(later.stdout).files]).toMatchObject([
      3,
      [
        { name: 'shop.items', status: 'published', loads: [{ rowsLoaded: 3 }] },
        { status: 'superseded' },
        { name: 'shop.bad', loads: [{ rowsLoaded: 1, rowsRejected: 2 }] },
      ],
    ]);
    const same = await service.run(['pull', 'shop', 'items', '--json']);
    expect([same.code, JSON.parse(same.stdout).files]).toMatchObject([0, [{ status: 'duplicate' }]]);

    const lost = service.spawn(['pull', 'shop', '--json'], { MAX_ATTEMPTS: '1' });
    const id = await busy('sleep');
    await server.connection.query(`kill ${id}`);
    const ended = await lost.ended(60_000);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(/SOURCE_CONNECTION_LOST/)]);
    expect(await service.value('select status from sluice.files order by file_id desc limit 1')).toBe(
      'failed',
    );
  });

  it('that refuses or lacks something says what', async () => {
    const url = await server.createDatabase('strict', ['create table t (id int)']);
    const service = await serviceFor(url, `{ sources: [{ name: 'shop', tables: ['t'] }] }`);
    const wrong = await service.run(['pull', 'shop'], { SOURCE_SHOP_URL: url.replace('pa%3Ass', 'secret') });
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/SOURCE_REFUSED: source shop refuses: Access denied/),
    ]);
    expect(wrong.stderr).not.toContain('secret');
    const other = await service.run(['pull', 'shop', 'other']);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/SOURCE_TABLE_UNKNOWN.* other in strict.* t/),
    ]);
  });

  it('goes on with its snapshot when a reading is broken off', async () => {
    const url = await server.createDatabase('broken', [
      'create table large (id int primary key, filler text)',
      "insert into large select seq, repeat('x', 1000) from seq_1_to_20000",
      'create table small (id int primary key)',
      'insert into small values (1)',
      'create table Small (other varchar(9))',
    ]);
    const source = await openSource({ name: 'shop', variable: 'SOURCE_SHOP_URL', url: new Secret(url) });
    try {
      expect(await readBriefly(source, 'large', 5)).toBeGreaterThan(0);
      await server.connection.query('insert into broken.small values (2)');
      expect(await readBriefly(source, 'small', Number.POSITIVE_INFINITY)).toBe('"id"\n"1"\n'.length);
      expect(source.isLost).toBe(false);
    } finally {
      await source.close();
    }
  });

  /** Waits until a session of a pull works on a statement with this in it; gives its number. */
  async function busy(text: string): Promise<number> {
    let id = 0;
    await eventually(
      async () => {
        const [rows] = await server.connection.query(
          'select id from information_schema.processlist where info like ? and id <> connection_id()',
          [`%${text}%`],
        );
        id = (rows as { id: number }[])[0]?.id ?? 0;
        return id !== 0;
      },
      30_000,
      'the source is being read',
    );
    return id;
  }
});
