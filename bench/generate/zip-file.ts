import { type FileHandle, open } from 'node:fs/promises';
import { crc32, createDeflateRaw } from 'node:zlib';

// Layout: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
const END_BYTES = 22;
const VERSION_NEEDED = 20;
const METHOD_DEFLATE = 8;
/** 1980-01-01: the same bytes whenever the file is made. */
const DOS_DATE = 0x21;
const LARGEST = 0xffffffff;

interface Entry {
  readonly name: string;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
}

/** Writes a ZIP file with one deflated entry. Throws when it would need ZIP64. */
export async function writeZip(path: string, name: string, content: AsyncIterable<Buffer>): Promise<void> {
  const file = await open(path, 'w');
  try {
    const start = LOCAL_HEADER_BYTES + Buffer.byteLength(name);
    const entry = await writeEntry(file, start, name, content);
    if (Math.max(entry.size, entry.compressed + start) > LARGEST) throw new Error(`${path} would need ZIP64`);
    const directory = centralHeader(entry);
    await writeAll(file, localHeader(entry), 0);
    await writeAll(file, directory, start + entry.compressed);
    await writeAll(
      file,
      end(start + entry.compressed, directory.length),
      start + entry.compressed + directory.length,
    );
  } finally {
    await file.close();
  }
}

async function writeEntry(
  file: FileHandle,
  start: number,
  name: string,
  content: AsyncIterable<Buffer>,
): Promise<Entry> {
  let crc = 0;
  let size = 0;
  let compressed = 0;
  const deflate = createDeflateRaw({ chunkSize: 256 * 1024 });
  const feeding = (async () => {
    for await (const chunk of content) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      if (!deflate.write(chunk)) await new Promise((resolve) => deflate.once('drain', resolve));
    }
    deflate.end();
  })();
  feeding.catch((error: Error) => deflate.destroy(error));
  for await (const chunk of deflate as AsyncIterable<Buffer>) {
    await writeAll(file, chunk, start + compressed);
    compressed += chunk.length;
  }
  await feeding;
  return { name, crc, size, compressed };
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const result = await file.write(bytes, written, bytes.length - written, position + written);
    written += result.bytesWritten;
  }
}

function localHeader(entry: Entry): Buffer {
  const name = Buffer.from(entry.name);
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  header.writeUInt32LE(0x04034b50, 0);
  describe(header, 4, entry, name.length);
  return Buffer.concat([header, name]);
}

function centralHeader(entry: Entry): Buffer {
  const name = Buffer.from(entry.name);
  const header = Buffer.alloc(CENTRAL_HEADER_BYTES);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION_NEEDED, 4);
  describe(header, 6, entry, name.length);
  return Buffer.concat([header, name]);
}

/** The part that both headers share, from `version needed` to `file name length`. */
function describe(header: Buffer, at: number, entry: Entry, nameBytes: number): void {
  header.writeUInt16LE(VERSION_NEEDED, at);
  header.writeUInt16LE(METHOD_DEFLATE, at + 4);
  header.writeUInt16LE(DOS_DATE, at + 8);
  header.writeUInt32LE(entry.crc, at + 10);
  header.writeUInt32LE(entry.compressed, at + 14);
  header.writeUInt32LE(entry.size, at + 18);
  header.writeUInt16LE(nameBytes, at + 22);
}

function end(directoryStart: number, directoryBytes: number): Buffer {
  const record = Buffer.alloc(END_BYTES);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(1, 8);
  record.writeUInt16LE(1, 10);
  record.writeUInt32LE(directoryBytes, 12);
  record.writeUInt32LE(directoryStart, 16);
  return record;
}
