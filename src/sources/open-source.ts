import type { SourceSettings } from '../config/settings.ts';
import { SluiceError } from '../errors.ts';
import type { Source } from './source.ts';

/**
 * Opens a source, and takes a snapshot of it.
 *
 * @throws SOURCE_URL_MISSING, SOURCE_UNSUPPORTED; SOURCE_UNREACHABLE, SOURCE_REFUSED
 */
export async function openSource({ name, url, schema, variable }: SourceSettings): Promise<Source> {
  if (url === null) throw new SluiceError('SOURCE_URL_MISSING', { source: name, variable });
  const text = url.reveal();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { PostgresSource } = await import('./postgres/postgres-source.ts');
    return PostgresSource.open({ name, url: text }, schema);
  }
  if (scheme === 'mysql' || scheme === 'mariadb') {
    const { MysqlSource } = await import('./mysql/mysql-source.ts');
    return MysqlSource.open({ name, url: text }, schema);
  }
  const reason = scheme === '' ? `${variable} is not a URL` : `${scheme}:// is not supported`;
  throw new SluiceError('SOURCE_UNSUPPORTED', { source: name, reason });
}
