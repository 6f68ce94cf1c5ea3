import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mapType } from '../../../src/formats/dump/map-type.ts';
import { typeMaps } from '../../../src/formats/dump/type-maps.ts';
import { parseTypeText } from '../../../src/formats/dump/type-text.ts';
import { TRANSFORM_NAMES } from '../../../src/formats/dump/value-transform.ts';

function typeIn(database: string, text: string): string | null {
  const map = typeMaps().get(database);
  if (map === undefined) throw new Error(`no type map ${database}`);
  const mapped = mapType(map, text);
  return mapped === null
    ? null
    : `${mapped.type}${mapped.transform?.name ? ` ${mapped.transform.name}` : ''}`;
}

describe('a column type', () => {
  test.each([
    ['mysql', 'INT(10) UNSIGNED ZEROFILL', 'bigint'],
    ['mysql', 'int(11)', 'integer'],
    ['mysql', 'int zerofill', 'bigint'],
    ['mysql', 'bigint(20) unsigned', 'numeric(20)'],
    ['mysql', 'bigint(20)', 'bigint'],
    ['mysql', 'mediumint unsigned', 'integer'],
    ['mysql', 'smallint(5) unsigned NOT NULL DEFAULT (1)', 'integer'],
    ['mysql', 'tinyint(1)', 'boolean boolean'],
    ['mysql', 'tinyint(4)', 'smallint'],
    ['mysql', 'tinyint unsigned', 'smallint'],
    ['mysql', 'bit', 'boolean boolean'],
    ['mysql', 'bit(1)', 'boolean boolean'],
    ['mysql', 'bit(8)', 'bit(8) bits'],
    ['mysql', 'decimal(10, 2)', 'numeric(10,2)'],
    ['mysql', 'decimal (65,30) unsigned', 'numeric(65,30)'],
    ['mysql', 'float(30)', 'double precision'],
    ['mysql', 'float(7,4)', 'real'],
    ['mysql', 'double precision unsigned', 'double precision'],
    ['mysql', 'datetime(3)', 'timestamp(3) zeroDate'],
    ['mysql', 'timestamp', 'timestamp zeroDate'],
    [
      'mysql',
      'timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)',
      'timestamp(6) zeroDate',
    ],
    ['mysql', 'time(3)', 'interval(3)'],
    ['mysql', 'year(4)', 'integer'],
    ['mysql', "enum('a','b,c','d''e')", 'text'],
    ['mysql', "set('a','b')", 'text[] set'],
    ['mysql', 'varchar (255) character set utf8mb4 collate utf8mb4_bin', 'varchar(255)'],
    ['mysql', 'national character varying(20)', 'varchar(20)'],
    ['mysql', 'char(0)', 'text'],
    ['mysql', 'varbinary(16)', 'bytea bytes'],
    ['mysql', 'longblob', 'bytea bytes'],
    ['mysql', 'json', 'json'],
    ['mysql', 'point', 'text'],
    ['sqlserver', 'nvarchar(max)', 'text'],
    ['sqlserver', 'nvarchar(-1)', 'text'],
    ['sqlserver', '[nvarchar](50)', 'varchar(50)'],
    ['sqlserver', '[sys].[geography]', 'text'],
    ['sqlserver', 'sys.hierarchyid', 'text'],
    ['sqlserver', 'nvarchar', 'text'],
    ['sqlserver', 'bit', 'boolean boolean'],
    ['sqlserver', 'tinyint', 'smallint'],
    ['sqlserver', 'money', 'numeric(19,4) money'],
    ['sqlserver', 'smallmoney', 'numeric(10,4) money'],
    ['sqlserver', 'decimal', 'numeric'],
    ['sqlserver', 'numeric(38, 10)', 'numeric(38,10)'],
    ['sqlserver', 'datetime', 'timestamp'],
    ['sqlserver', 'smalldatetime', 'timestamp'],
    ['sqlserver', 'datetime2(7)', 'timestamp'],
    ['sqlserver', 'datetime2(3)', 'timestamp(3)'],
    ['sqlserver', 'datetimeoffset(7)', 'timestamptz'],
    ['sqlserver', 'time(7)', 'time'],
    ['sqlserver', 'float(24)', 'real'],
    ['sqlserver', 'float(53)', 'double precision'],
    ['sqlserver', 'uniqueidentifier', 'uuid'],
    ['sqlserver', 'rowversion', 'bytea bytes'],
    ['sqlserver', 'timestamp', 'bytea bytes'],
    ['sqlserver', 'image', 'bytea bytes'],
    ['sqlserver', 'sql_variant', 'text'],
    ['sqlserver', 'xml', 'xml'],
    ['sqlserver', 'int identity(1,1) not null', 'integer'],
    ['oracle', 'NUMBER', 'numeric'],
    ['oracle', 'NUMBER(4)', 'smallint'],
    ['oracle', 'NUMBER(9,0)', 'integer'],
    ['oracle', 'NUMBER(18)', 'bigint'],
    ['oracle', 'NUMBER(20)', 'numeric(20)'],
    ['oracle', 'NUMBER(*,0)', 'numeric(38)'],
    ['oracle', 'NUMBER(10,2)', 'numeric(10,2)'],
    ['oracle', 'NUMBER(5,-2)', 'numeric(5,-2)'],
    ['oracle', 'VARCHAR2(20 CHAR)', 'varchar(20)'],
    ['oracle', 'DATE', 'timestamp oracleDate'],
    ['oracle', 'TIMESTAMP(6) WITH LOCAL TIME ZONE', 'timestamptz(6) oracleDate'],
    ['oracle', 'INTERVAL DAY(2) TO SECOND(6)', 'interval'],
    ['oracle', 'LONG RAW', 'bytea bytes'],
    ['postgres', 'character varying(10)', 'varchar(10)'],
    ['postgres', 'timestamp(3) without time zone', 'timestamp(3)'],
    ['postgres', 'integer[]', 'integer[]'],
    ['postgres', 'numeric(10,2)[]', 'numeric(10,2)[]'],
    ['postgres', '"char"', 'text'],
    ['postgres', 'jsonb', 'jsonb'],
    ['mysql', 'hologram', null],
    ['mysql', 'int sideways', null],
    ['sqlserver', 'int unsigned', null],
    ['mysql', 'varchar(20', null],
    ['mysql', "enum('a", null],
    ['mysql', '', null],
    ['mysql', 'constructor', null],
  ])('of %s, %s, becomes %s', (database, text, expected) => {
    expect(typeIn(database, text)).toBe(expected);
  });

  test.each([
    ['sqlserver', 'decimal identity(1,1)', 'numeric'],
    ['sqlserver', 'decimal IDENTITY (1, 1) NOT FOR REPLICATION', 'numeric'],
    ['sqlserver', 'numeric(9,0) identity(1,1)', 'numeric(9,0)'],
    ['sqlserver', 'numeric(9, 0) NOT NULL IDENTITY(100,5)', 'numeric(9,0)'],
    ['sqlserver', 'nvarchar default (50)', 'text'],
    ['sqlserver', "nvarchar(50) COLLATE Latin1_General_CI_AS NOT NULL DEFAULT (N'it''s (')", 'varchar(50)'],
    ['sqlserver', 'varchar(20) masked with (function = \'partial(1,"x",0)\')', 'varchar(20)'],
    ['sqlserver', 'datetime2 generated always as row start hidden', 'timestamp'],
    ['sqlserver', 'datetime2 default (sysdatetime()) not null', 'timestamp'],
    ['sqlserver', 'float default ((0.5))', 'double precision'],
    ['sqlserver', 'float check (x > 24)', 'double precision'],
    ['sqlserver', 'uniqueidentifier rowguidcol default (newsequentialid())', 'uuid'],
    ['sqlserver', 'varchar(10) sparse null', 'varchar(10)'],
    ['mysql', 'decimal(10,2) unsigned zerofill not null default 0.00', 'numeric(10,2)'],
    ['mysql', 'decimal unsigned default 1', 'numeric'],
    ['mysql', 'int unsigned zerofill auto_increment primary key', 'bigint'],
    ['mysql', 'bigint(20) unsigned NOT NULL AUTO_INCREMENT', 'numeric(20)'],
    ['mysql', 'tinyint default (1)', 'smallint'],
    ['mysql', "tinyint(1) NOT NULL DEFAULT '0' COMMENT 'it''s (a) flag'", 'boolean boolean'],
    ['mysql', "bit(4) default b'0101'", 'bit(4) bits'],
    ['mysql', 'datetime default current_timestamp(3) on update current_timestamp(3)', 'timestamp zeroDate'],
    ['mysql', "varchar(20) charset latin1 collate latin1_bin default '('", 'varchar(20)'],
    ['mysql', 'int generated always as (a + (b * 2)) stored', 'integer'],
    ['mysql', "int as (if(a, ')', b)) virtual", 'integer'],
    ['mysql', "enum('a','b') character set utf8mb4 not null default 'a'", 'text'],
    ['mysql', 'point not null srid 4326', 'text'],
    ['mysql', 'point ref_system_id=4326', 'text'],
    ['oracle', 'NUMBER GENERATED BY DEFAULT AS IDENTITY (START WITH 1 CACHE 20)', 'numeric'],
    ['oracle', 'NUMBER(9) GENERATED ALWAYS AS IDENTITY', 'integer'],
    ['oracle', 'NUMBER(10,2) DEFAULT 0 NOT NULL ENABLE', 'numeric(10,2)'],
    ['oracle', 'VARCHAR2(20 CHAR) COLLATE USING_NLS_COMP DEFAULT ON NULL (5)', 'varchar(20)'],
    ['oracle', "DATE DEFAULT to_date('2020-01-01', 'YYYY-MM-DD')", 'timestamp oracleDate'],
    ['oracle', 'TIMESTAMP WITH TIME ZONE DEFAULT systimestamp(3)', 'timestamptz oracleDate'],
    ['oracle', "VARCHAR2(9) ENCRYPT USING 'AES256'", 'varchar(9)'],
    ['postgres', 'numeric not null default (1)', 'numeric'],
    ['postgres', 'integer generated by default as identity (start with 10)', 'integer'],
    ['postgres', "bigint not null default nextval('a.b_seq'::regclass)", 'bigint'],
    ['postgres', "text default '{}'::text[]", 'text'],
    ['postgres', "text[] not null default '{}'::text[]", 'text[]'],
    ['postgres', 'character varying(10) collate "C" default \'x\'::character varying', 'varchar(10)'],
    ['postgres', 'timestamp(3) without time zone default now()', 'timestamp(3)'],
    ['postgres', 'timestamp with time zone default current_timestamp(2)', 'timestamptz'],
  ])('of %s with something behind it, %s, becomes %s', (database, text, expected) => {
    expect(typeIn(database, text)).toBe(expected);
  });

  test('is read alike in any letter case and with any white space', () => {
    const name = fc.constantFrom('int', 'bigint unsigned', 'double precision', 'varchar', 'decimal');
    const list = fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 2 });
    const space = fc.constantFrom('', ' ', '\t', '  ');
    fc.assert(
      fc.property(name, list, space, fc.boolean(), (words, numbers, gap, upper) => {
        const plain = `${words}${numbers.length === 0 ? '' : `(${numbers.join(',')})`}`;
        const spaced = `${gap}${words.replace(' ', ` ${gap}`)}${gap}${numbers.length === 0 ? '' : `(${gap}${numbers.join(`${gap},${gap}`)}${gap})`}`;
        const other = upper ? spaced.toUpperCase() : spaced;
        expect(parseTypeText(other)).toEqual(parseTypeText(plain));
        expect(parseTypeText(plain)?.arguments).toEqual(numbers.map(String));
      }),
    );
  });

  test('of any text never throws, and members of an enum come back as they were', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseTypeText(text);
        for (const map of typeMaps().values()) mapType(map, text);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), (members) => {
        const text = `enum(${members.map((one) => `'${one.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`).join(', ')})`;
        expect(parseTypeText(text)?.arguments).toEqual(members);
      }),
    );
  });
});

describe('a type map', () => {
  test.each([...typeMaps().values()].map((map) => [map.database, map] as const))(
    'of %s has aliases for types it has, and transforms that exist',
    (database, map) => {
      for (const [alias, type] of Object.entries(map.aliases)) {
        expect(Object.keys(map.types), `${database}: ${alias}`).toContain(type);
        expect(map.types, `${database}: ${alias} is a type too`).not.toHaveProperty([alias]);
      }
      for (const rules of Object.values(map.types)) {
        for (const rule of typeof rules === 'string' ? [] : rules)
          if (rule.transform !== undefined) expect(TRANSFORM_NAMES).toContain(rule.transform);
      }
    },
  );
});
