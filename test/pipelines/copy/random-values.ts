import fc from 'fast-check';

const digits = fc.string({ unit: fc.constantFrom(...'0019'), minLength: 0, maxLength: 6 });
const edge = fc
  .tuple(
    fc.constantFrom(32767n, 2147483647n, 9223372036854775807n, 999n, 99999n, 10n ** 18n),
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom('', '-', '+', ' ', '0'),
  )
  .map(([number, by, before]) => `${before}${number + BigInt(by)}`);
const decimal = fc
  .tuple(
    fc.constantFrom('', '-', '+', '-0', '0'),
    digits,
    fc.constantFrom('', '.', '.5', '.995', '.000', 'e3'),
    digits,
  )
  .map((parts) => parts.join(''));
const number = fc.oneof(
  edge,
  decimal,
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '0x1F', '1_000', '', '-'),
);

const twoDigits = fc.oneof(
  fc.integer({ min: 0, max: 13 }).map((n) => String(n).padStart(2, '0')),
  fc.constantFrom('23', '24', '28', '29', '30', '31', '59', '60', '61', '1'),
);
const year = fc.constantFrom('0000', '0001', '0099', '1900', '2000', '2023', '2024', '9999', '10000', '24');
const day = fc.tuple(year, twoDigits, twoDigits).map((parts) => parts.join('-'));
const clock = fc
  .tuple(
    fc.constantFrom(' ', 'T', 't', '  '),
    twoDigits,
    fc.constantFrom(':', ''),
    twoDigits,
    fc.oneof(
      fc.constant(''),
      twoDigits.map((seconds) => `:${seconds}`),
    ),
    fc.constantFrom('', '.', '.5', '.123456', '.1234567', '.999999'),
  )
  .map((parts) => parts.join(''));
const zone = fc.constantFrom(
  '',
  'Z',
  'z',
  '+00',
  '+15:59',
  '+16',
  '-15',
  '+5',
  ' UTC',
  '+05:60',
  '+05:30:15',
  '-00:00',
);
const moment = fc.oneof(
  day,
  fc.tuple(day, clock, zone).map((parts) => parts.join('')),
  fc.constantFrom(
    'today',
    'now',
    'epoch',
    'infinity',
    '20240101',
    'Jan 5 2024',
    '2024-01-05 BC',
    '2024-01-05 AD',
  ),
);

const truth = fc.constantFrom(
  ...[
    't',
    'f',
    'T',
    'tr',
    'tru',
    'true',
    'TRUE',
    'fals',
    'false',
    'yes',
    'no',
    'on',
    'off',
    '1',
    '0',
    ' t',
    'tree',
    'fully',
  ],
);
const someUuid = fc
  .tuple(
    fc.uuid(),
    fc.constantFrom('', ' ', '{', 'X'),
    fc.constantFrom('same', 'upper', 'bare', 'cut', 'moved'),
  )
  .map(([uuid, before, change]) => {
    if (change === 'upper') return before + uuid.toUpperCase();
    if (change === 'bare') return uuid.replaceAll('-', '');
    if (change === 'cut') return uuid.slice(1);
    return change === 'moved' ? uuid.replace('-', '0').replace(/.$/, '-') : before + uuid;
  });
const text = fc.string({
  unit: fc.constantFrom('a', 'é', '€', '😀', '\u0301', ' ', '\n', '"'),
  maxLength: 12,
});

/** Texts by type that it takes, nearly takes, or takes and changes. */
export const VALUES_OF: Readonly<Record<string, fc.Arbitrary<string>>> = {
  text,
  varchar: text,
  'varchar(5)': text,
  'character varying (1)': text,
  bigint: number,
  int: number,
  int4: number,
  smallint: number,
  int2: number,
  numeric: number,
  decimal: number,
  'numeric(5)': number,
  'numeric(5,2)': number,
  'numeric(3,3)': number,
  'numeric(2,4)': number,
  'numeric(20, 1)': number,
  boolean: truth,
  bool: truth,
  date: moment,
  timestamp: moment,
  'timestamp(0)': moment,
  timestamptz: moment,
  'timestamp with time zone': moment,
  uuid: someUuid,
};
