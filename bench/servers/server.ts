import type { Options } from '../options.ts';
import { startEmbedded } from './embedded.ts';
import { startLocal } from './local.ts';

/** A server that everything in one benchmark run uses. */
export interface Server {
  /** In words, for the results. */
  readonly description: string;
  /** Names a database that exists; holds the password. */
  readonly url: string;
  stop(): Promise<void>;
}

export function openServer(options: Options, log: (message: string) => void): Promise<Server> {
  if (options.url !== null) return Promise.resolve(given(options.url));
  return options.server === 'embedded' ? startEmbedded(log) : startLocal(options.pgBin);
}

function given(url: string): Server {
  return { description: 'a given server', url, stop: async () => undefined };
}
