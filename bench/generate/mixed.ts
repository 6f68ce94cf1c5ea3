import type { Random } from './random.ts';
import type { Shape } from './shape.ts';
import { CITIES, COUNTRIES, DESCRIPTIONS, FIRST_NAMES, LAST_NAMES, REMARKS, STATUSES } from './texts.ts';

const FIRST_DAY = Date.UTC(2015, 0, 1);
const DAYS = 4_000;
const DAY_MS = 86_400_000;

const DAY_NAMES = Array.from({ length: DAYS }, (_, day) =>
  new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10),
);
const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));
const HEX_BYTES = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));

/** The workload most files are like: 20 columns of every common type, a good 200 bytes a record. */
export const mixed: Shape = {
  name: 'mixed',
  columns: [
    'id',
    'customer_no',
    'quantity',
    'unit_price',
    'amount',
    'discount',
    'score',
    'order_date',
    'due_date',
    'created_at',
    'updated_at',
    'is_active',
    'is_paid',
    'reference',
    'country',
    'status',
    'customer',
    'city',
    'description',
    'remark',
  ],
  record(number, random) {
    const quantity = 1 + random.below(99);
    const cents = 100 + random.below(99_900);
    const first = random.pick(FIRST_NAMES);
    const last = random.pick(LAST_NAMES);
    return (
      `${number},${10_000 + random.below(80_000)},${quantity},${money(cents)},${money(cents * quantity)},` +
      `${discount(random)},${score(random)},${day(random)},${day(random)},${timestamp(random)},` +
      `${timestamp(random)}.${100 + random.below(900)},${truth(random)},${truth(random)},${uuid(random)},` +
      `${random.pick(COUNTRIES)},${random.pick(STATUSES)},${first} ${last},${random.pick(CITIES)},` +
      `${random.pick(DESCRIPTIONS)},${remark(random)}`
    );
  },
};

function money(cents: number): string {
  return `${Math.floor(cents / 100)}.${TWO_DIGITS[cents % 100]}`;
}

/** Empty, which means NULL, in three of four records. */
function discount(random: Random): string {
  const percent = random.below(100);
  return percent < 75 ? '' : `0.${TWO_DIGITS[percent]}`;
}

function score(random: Random): string {
  return `${random.below(200) - 100}.${100 + random.below(900)}`;
}

function day(random: Random): string {
  return DAY_NAMES[random.below(DAYS)] ?? '';
}

function timestamp(random: Random): string {
  const second = random.below(86_400);
  const hours = TWO_DIGITS[Math.floor(second / 3_600)];
  const minutes = TWO_DIGITS[Math.floor(second / 60) % 60];
  return `${day(random)} ${hours}:${minutes}:${TWO_DIGITS[second % 60]}`;
}

function truth(random: Random): string {
  return random.below(2) === 0 ? 'false' : 'true';
}

/** 128 random bits in the spelling of a uuid. */
function uuid(random: Random): string {
  const a = hex(random.bits());
  const b = hex(random.bits());
  const c = hex(random.bits());
  return `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${hex(random.bits())}`;
}

function hex(bits: number): string {
  const byte = (shift: number) => HEX_BYTES[(bits >>> shift) & 255];
  return `${byte(24)}${byte(16)}${byte(8)}${byte(0)}`;
}

/** Empty in two thirds of the records. */
function remark(random: Random): string {
  const choice = random.below(3);
  return choice < 2 ? '' : `"${random.pick(REMARKS)}, ${TWO_DIGITS[random.below(100)]}"`;
}
