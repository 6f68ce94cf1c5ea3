/** One entry of a tar to be built. */
export interface TarSpec {
  readonly name: string | Buffer;
  readonly content?: string | Buffer;
  readonly type?: 'file' | 'directory' | 'symlink';
}

const FLAGS = { file: '0', directory: '5', symlink: '2' } as const;

/** The bytes of a ustar archive (POSIX.1-1988), with its two blocks of zeros. */
export function buildTar(specs: readonly TarSpec[]): Buffer {
  const blocks = specs.flatMap((spec) => {
    const content = Buffer.from(spec.content ?? '');
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [headerOf(spec, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function headerOf({ name, type = 'file' }: TarSpec, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(String(name), 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(FLAGS[type], 156);
  if (type === 'symlink') header.write('people.csv', 157);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
