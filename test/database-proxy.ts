import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** A line to a database that can be cut, held up and slowed down. Closed, connections are refused. */
export class DatabaseProxy {
  /** Bytes per second that the client may send to the server on one connection. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port = 0;
  private frozen = false;

  constructor(private readonly target: URL) {}

  /** A proxy before the server of `url`, gone when the test has finished. */
  static async before(url: string): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(new URL(url));
    await proxy.open();
    onTestFinished(() => proxy.cut());
    return proxy;
  }

  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  async open(): Promise<void> {
    this.frozen = false;
    this.server = createServer({ pauseOnConnect: true }, (client) => this.accept(client));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address !== null && typeof address === 'object') this.port = address.port;
  }

  /** Ends every connection and refuses new ones, like a server that has crashed. */
  async cut(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    for (const socket of this.sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  /** Nothing passes any more and nobody is told, like a firewall that drops packets. */
  freeze(): void {
    this.frozen = true;
  }

  private accept(client: Socket): void {
    const server = connect(Number(this.target.port || 5432), this.target.hostname);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(this.throttled(true)).pipe(server);
    server.pipe(this.throttled(false)).pipe(client);
  }

  private throttled(slow: boolean): Transform {
    return new Transform({
      transform: async (chunk: Buffer, _encoding, done) => {
        if (slow && Number.isFinite(this.bytesPerSecond))
          await sleep((1000 * chunk.length) / this.bytesPerSecond);
        if (!this.frozen) done(null, chunk);
      },
    });
  }
}
