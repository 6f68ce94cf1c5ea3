import { Random } from './random.ts';
import { headerOf, type Shape } from './shape.ts';

const CHUNK_CHARACTERS = 256 * 1024;

/** A whole file of one shape, in pieces: the header and `count` records. Another seed gives other values. */
export function* recordChunks(shape: Shape, count: number, seed: number): Generator<Buffer> {
  const random = new Random(seed);
  let text = `${headerOf(shape)}\n`;
  for (let number = 1; number <= count; number++) {
    text += `${shape.record(number, random)}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
