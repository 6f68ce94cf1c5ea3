/** One delivery that was made, and what has to become of it. */
export interface Delivery {
  /** Name of the source file that brought it; an archive brings several. */
  readonly file: string;
  readonly dataset: string;
  /** Ids of its good records: `from` up to but not including `from + rows`. */
  readonly from: number;
  readonly rows: number;
  readonly rejects: number;
  /** `all-or-none`: it was deleted again, perhaps before it was taken. */
  readonly certainty: 'all' | 'all-or-none';
}

/** What has to be in Postgres, told apart from how it got there. Ids are given out once. */
export class Model {
  /** Deliveries that wait for a decision, by the name of their file. */
  readonly held = new Map<string, Delivery>();
  private readonly published = new Set<Delivery>();
  private readonly reserved = new Set<string>();
  private readonly turns = new Map<string, Promise<void>>();
  private nextId = 1;

  get deliveries(): readonly Delivery[] {
    return [...this.published];
  }

  takeIds(count: number): number {
    const from = this.nextId;
    this.nextId += count;
    return from;
  }

  add(delivery: Delivery): void {
    this.published.add(delivery);
  }

  /** Of all that is there, what matches is gone. */
  remove(isGone: (delivery: Delivery) => boolean): void {
    for (const one of this.published) if (isGone(one)) this.published.delete(one);
  }

  of(file: string): readonly Delivery[] {
    return this.deliveries.filter((one) => one.file === file);
  }

  beginRound(): void {
    this.reserved.clear();
  }

  /** Nobody else has to do with this file in this round; false when somebody has. */
  reserve(file: string): boolean {
    if (this.reserved.has(file)) return false;
    this.reserved.add(file);
    return true;
  }

  /** Does things to one file one after the other, so that it is known which of them was the last. */
  inTurn(file: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.turns.get(file) ?? Promise.resolve()).then(work);
    this.turns.set(
      file,
      turn.catch(() => undefined),
    );
    return turn;
  }
}

/** A record, whole in its own way: each value follows from the id. */
export function record(id: number): string {
  return `${id},"name, of ${id * 7919}",${(id % 1000) + 0.25}\n`;
}

export const HEADER = 'id,name,amount\n';

export function csv(from: number, rows: number): string {
  let text = HEADER;
  for (let id = from; id < from + rows; id++) text += record(id);
  return text;
}
