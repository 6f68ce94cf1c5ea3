/** Where encoded values go; writers check nothing: whoever calls them has made sure of the room. */
export class Output {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Offset of the next byte. */
  at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = new DataView(this.bytes.buffer);
  }
}
