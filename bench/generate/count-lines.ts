const NEWLINE = 0x0a;

/** Passes bytes on and counts what goes through. */
export class Counter {
  bytes = 0;
  lines = 0;

  async *through(source: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      this.bytes += chunk.length;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) this.lines++;
      yield chunk;
    }
  }
}
