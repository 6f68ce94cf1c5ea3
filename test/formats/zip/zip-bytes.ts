import { buildZip } from '../archive/build-zip.ts';

export interface ZipParts {
  readonly entries: Readonly<Record<string, Buffer | string>>;
  readonly comment?: string;
  readonly zip64?: boolean;
}

/** The bytes of a ZIP as an honest tool writes it. */
export function zipBytes({ entries, comment = '', zip64 = false }: ZipParts): Buffer {
  const specs = Object.entries(entries).map(([name, content]) => ({ name, content, zip64 }));
  return buildZip(specs, { comment });
}
