import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a ZIP to be built; what is left out is as an honest tool would write it. */
export interface ZipSpec {
  /** Text is written as UTF-8 with its flag, bytes as they are without it. */
  readonly name: string | Buffer;
  readonly content?: Buffer | string;
  /** 8 deflates; every other number leaves the data as it is. */
  readonly method?: number;
  /** General purpose bits, beside that for UTF-8 and that for a data descriptor. */
  readonly flags?: number;
  /** CRC and sizes come behind the data. */
  readonly descriptor?: boolean;
  readonly zip64?: boolean;
  readonly madeBy?: number;
  readonly attributes?: number;
  readonly crc32?: number;
  readonly size?: number;
  /** The data as it stands in the archive. */
  readonly data?: Buffer;
  /** What the header in front of the data says, where it differs from the list. */
  readonly local?: Partial<Pick<ZipSpec, 'name' | 'method' | 'size' | 'crc32' | 'flags'>>;
  /** The data is that of an earlier entry, by place. */
  readonly sharedWith?: number;
}

export interface ZipOptions {
  readonly comment?: string;
  /** Number of entries that the end record announces. */
  readonly announced?: number;
}

interface Placed {
  readonly spec: ZipSpec;
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly data: Buffer;
  readonly offset: number;
}

const UTF8 = 0x800;
const DESCRIPTOR = 0x8;

/** The bytes of a ZIP after APPNOTE.TXT 4.3, honest or not. */
export function buildZip(specs: readonly ZipSpec[], options: ZipOptions = {}): Buffer {
  const bodies: Buffer[] = [];
  const placed: Placed[] = [];
  let offset = 0;
  for (const spec of specs) {
    const shared = spec.sharedWith === undefined ? undefined : placed[spec.sharedWith];
    const entry = place(spec, shared?.offset ?? offset);
    placed.push(entry);
    if (shared !== undefined) continue;
    const body = Buffer.concat([localHeader(entry), entry.data, descriptorOf(entry)]);
    bodies.push(body);
    offset += body.length;
  }
  const list = Buffer.concat(placed.map(listed));
  const count = options.announced ?? placed.length;
  const large = placed.some(({ spec }) => spec.zip64);
  return Buffer.concat([
    ...bodies,
    list,
    large ? zip64End(count, list.length, offset) : Buffer.alloc(0),
    end(count, list.length, offset, large, options.comment ?? ''),
  ]);
}

function place(spec: ZipSpec, offset: number): Placed {
  const content = Buffer.from(spec.content ?? '');
  const method = spec.method ?? 8;
  const utf8 = typeof spec.name === 'string' && /[^\0-\x7f]/.test(spec.name) ? UTF8 : 0;
  return {
    spec,
    method,
    offset,
    name: Buffer.from(spec.name),
    flags: (spec.flags ?? 0) | utf8 | (spec.descriptor ? DESCRIPTOR : 0),
    crc: spec.crc32 ?? crc32(content),
    size: spec.size ?? content.length,
    data: spec.data ?? (method === 8 ? deflateRawSync(content) : content),
  };
}

function localHeader({ spec, name, flags, method, crc, size, data }: Placed): Buffer {
  const { local = {} } = spec;
  const own = local.name === undefined ? name : Buffer.from(local.name);
  const extra = spec.zip64 ? zip64Extra([size, data.length]) : Buffer.alloc(0);
  const later = spec.descriptor === true;
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(local.flags ?? flags, 6);
  header.writeUInt16LE(local.method ?? method, 8);
  header.writeUInt32LE(later ? 0 : (local.crc32 ?? crc), 14);
  header.writeUInt32LE(later ? 0 : spec.zip64 ? 0xffffffff : data.length, 18);
  header.writeUInt32LE(later ? 0 : spec.zip64 ? 0xffffffff : (local.size ?? size), 22);
  header.writeUInt16LE(own.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, own, extra]);
}

function descriptorOf({ spec, crc, size, data }: Placed): Buffer {
  if (spec.descriptor !== true) return Buffer.alloc(0);
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(crc, 4);
  descriptor.writeUInt32LE(data.length, 8);
  descriptor.writeUInt32LE(size, 12);
  return descriptor;
}

function listed({ spec, name, flags, method, crc, size, data, offset }: Placed): Buffer {
  const extra = spec.zip64 ? zip64Extra([size, data.length, offset]) : Buffer.alloc(0);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(spec.madeBy ?? 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(spec.zip64 ? 0xffffffff : data.length, 20);
  header.writeUInt32LE(spec.zip64 ? 0xffffffff : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(spec.attributes ?? 0, 38);
  header.writeUInt32LE(spec.zip64 ? 0xffffffff : offset, 42);
  return Buffer.concat([header, name, extra]);
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  for (const [at, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * at);
  return extra;
}

function zip64End(count: number, bytes: number, offset: number): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(bytes), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(offset + bytes), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

function end(count: number, bytes: number, offset: number, large: boolean, comment: string): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(large ? 0xffff : count, 8);
  record.writeUInt16LE(large ? 0xffff : count, 10);
  record.writeUInt32LE(large ? 0xffffffff : bytes, 12);
  record.writeUInt32LE(large ? 0xffffffff : offset, 16);
  record.writeUInt16LE(Buffer.byteLength(comment), 20);
  return Buffer.concat([record, Buffer.from(comment)]);
}
