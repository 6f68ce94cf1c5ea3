import type { ByteSource } from './byte-source.ts';
import { GunzipSource } from './gzip/gunzip-source.ts';
import { ZstdSource } from './zstd/zstd-source.ts';

/** How a file is compressed, by the end of its name. */
export type Compression = 'none' | 'gzip' | 'zstd';

const ENDING = /\.(?:gz|zst)$/i;

export function compressionOf(name: string): Compression {
  const ending = name.toLowerCase();
  if (/\.(?:gz|tgz)$/.test(ending)) return 'gzip';
  return /\.(?:zst|tzst)$/.test(ending) ? 'zstd' : 'none';
}

/** The name of what is inside. */
export function stripCompression(name: string): string {
  return name.replace(ENDING, '');
}

/** The content of compressed bytes; `name` is displayed in errors. */
export function unpacked(compression: Compression, bytes: ByteSource, name: string): ByteSource {
  if (compression === 'none') return bytes;
  return compression === 'gzip' ? new GunzipSource(bytes, name) : new ZstdSource(bytes, name);
}
