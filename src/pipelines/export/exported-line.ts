import type { Exported } from './exported.ts';

/** What the log says of a file that was written. */
export function exportedLine({ name, rows, bytes, seconds, file }: Exported): string {
  return `exported ${name}: ${rows} rows, ${bytes} bytes in ${seconds} s to ${file}`;
}
