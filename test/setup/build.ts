import { ensureBuiltForTests } from '../../scripts/ensure-ready.mjs';

/** Tests that start a process of their own run what is in dist. */
export default async function setup(): Promise<void> {
  await ensureBuiltForTests();
}
