import type { Random } from './random.ts';

/** How the records of one generated file look. */
export interface Shape {
  readonly name: string;
  readonly columns: readonly string[];
  /** One record without its newline; `number` counts from 1. */
  record(number: number, random: Random): string;
}

export function headerOf(shape: Shape): string {
  return shape.columns.join(',');
}
