/** One delivery that was made, and what has to become of it. */
export interface Delivery {
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
  readonly deliveries = new Map<string, Delivery>();
  private nextId = 1;

  takeIds(count: number): number {
    const from = this.nextId;
    this.nextId += count;
    return from;
  }

  /** Under the name of its file; another of that name takes its place. */
  set(name: string, delivery: Delivery): void {
    this.deliveries.set(name, delivery);
  }

  remove(name: string): void {
    this.deliveries.delete(name);
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
