import { DROPS } from './drops.ts';
import { OPERATIONS } from './operators.ts';
import { REDELIVERIES } from './redeliveries.ts';
import type { Action } from './scene.ts';

/** Each as often as it stands there. */
export const ACTIONS: Readonly<Record<string, { weight: number; act: Action }>> = {
  ...DROPS,
  ...REDELIVERIES,
  ...OPERATIONS,
};
