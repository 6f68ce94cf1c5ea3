const NEWLINE = 0x0a;

/**
 * The records of a CSV file of one line per record over and over, under its one header, up to the last whole record
 * that ends within `bytes`.
 */
export async function* repeated(open: () => AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for (let pass = 1; ; pass++) {
    const before = left;
    let isFirst = true;
    for await (const whole of wholeLines(open())) {
      const piece = pass > 1 && isFirst ? afterFirstLine(whole) : whole;
      isFirst = false;
      if (piece.length > left) {
        yield piece.subarray(0, left === 0 ? 0 : piece.lastIndexOf(NEWLINE, left - 1) + 1);
        return;
      }
      left -= piece.length;
      yield piece;
    }
    if (left === before) return;
  }
}

/** The same bytes cut behind newlines; what follows the last newline is left out. */
async function* wholeLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = data.lastIndexOf(NEWLINE) + 1;
    rest = data.subarray(end);
    if (end > 0) yield data.subarray(0, end);
  }
}

function afterFirstLine(lines: Buffer): Buffer {
  return lines.subarray(lines.indexOf(NEWLINE) + 1);
}
