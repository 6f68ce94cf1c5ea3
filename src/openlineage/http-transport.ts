import type { RequestOptions } from 'node:http';
import type { Secret } from '../config/secret.ts';
import type { RunEvent } from './run-event.ts';
import { EventRefused, type Transport } from './transport.ts';

const REQUEST_MS = 5_000;
/** Where the services that take events listen, when a URL names the server alone. */
const USUAL_PATH = '/api/v1/lineage';
/** No access, no such place, too slow, too early, too many: answers that say nothing about the event. */
const TRY_AGAIN = new Set([401, 403, 404, 408, 425, 429]);

/** Posts each event. */
export class HttpTransport implements Transport {
  private readonly url: URL;
  readonly target: string;

  constructor(
    url: string,
    private readonly apiKey: Secret | null,
  ) {
    this.url = new URL(url);
    if (this.url.pathname === '/') this.url.pathname = USUAL_PATH;
    this.target = this.url.origin + this.url.pathname;
  }

  async send(event: RunEvent, signal: AbortSignal): Promise<void> {
    const status = await this.post(JSON.stringify(event), signal);
    if (status >= 200 && status < 300) return;
    const isFinal = status >= 400 && status < 500 && !TRY_AGAIN.has(status);
    throw new (isFinal ? EventRefused : Error)(`it answered ${status}`);
  }

  private async post(body: string, signal: AbortSignal): Promise<number> {
    const isSecure = this.url.protocol === 'https:';
    const { request } = isSecure ? await import('node:https') : await import('node:http');
    const limit = AbortSignal.timeout(REQUEST_MS);
    const options: RequestOptions = {
      method: 'POST',
      headers: this.headers(body),
      signal: AbortSignal.any([signal, limit]),
    };
    return new Promise((resolve, reject) => {
      const onError = (error: Error) =>
        reject(new Error(limit.aborted ? `no answer within ${REQUEST_MS / 1000} s` : reasonOf(error)));
      const sent = request(this.url, options, (answer) => {
        answer.on('error', onError).on('end', () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
      sent.on('error', (error) => {
        // Closed by the server while it was idle: that says nothing about the server.
        if (sent.reusedSocket && Reflect.get(error, 'code') === 'ECONNRESET')
          resolve(this.post(body, signal));
        else onError(error);
      });
      sent.end(body);
    });
  }

  private headers(body: string): Record<string, string> {
    return {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      ...(this.apiKey !== null && { authorization: `Bearer ${this.apiKey.reveal()}` }),
    };
  }
}

/** Of a server with several addresses none of which answers, the error has no text of its own. */
function reasonOf(error: Error): string {
  return error.message || String(Reflect.get(error, 'code') ?? error.name);
}
