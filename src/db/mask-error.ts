import { maskUrl } from '../config/mask-url.ts';

/**
 * `error` with `url` and its password replaced wherever they stand: message, stack, causes, and the properties by
 * which Node hands back what it could not parse. The error stays the same object, so that its class and code remain.
 */
export function withoutPassword(error: unknown, url: string): unknown {
  if (!(error instanceof Error)) return error;
  const mask = masker(url);
  for (const name of ['message', 'stack', 'input', 'detail', 'hint']) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === 'string') define(error, name, mask(value));
  }
  if (error.cause !== undefined) define(error, 'cause', withoutPassword(error.cause, url));
  return error;
}

function masker(url: string): (text: string) => string {
  const secrets = [url, ...passwordsIn(url)];
  return (text) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, secret === url ? maskUrl(url) : '***');
    return maskUrl(masked);
  };
}

/** The password as it is written and as it is meant. One or two characters would mask half of the message. */
function passwordsIn(url: string): string[] {
  const written = /:\/\/[^:@/\s]*:(\S*)@/.exec(url)?.[1];
  const parameter = /[?&]password=([^&\s]*)/i.exec(url)?.[1];
  return [written, parameter]
    .filter((secret) => secret !== undefined)
    .flatMap((secret) => [secret, decoded(secret)])
    .filter((secret) => secret.length > 2);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable: false });
}
