import { messageOf } from '../errors.ts';

export interface Removed {
  readonly count: number;
  readonly bytes: number;
  readonly needed: number;
  readonly errors: readonly string[];
}

/** More would drown what they have in common. */
const MOST_ERRORS = 5;

/** Does something with each; what the file system refuses does not keep the others from it. */
export async function tryEach<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<{ done: T[]; errors: string[] }> {
  const done: T[] = [];
  const errors: string[] = [];
  for (const item of items) {
    try {
      await work(item);
      done.push(item);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Somebody was quicker.
      if (code === 'ENOENT') done.push(item);
      else if (errors.length < MOST_ERRORS) errors.push(messageOf(error));
    }
  }
  return { done, errors };
}
