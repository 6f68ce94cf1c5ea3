/**
 * Calls `work` for every item, at most `limit` at a time, in order of the items. Rejects with the first rejection after
 * the calls under way have ended; begins nothing after that, nor once `signal` has fired.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  let failure: { error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      if (failure !== undefined || signal.aborted) return;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failure !== undefined) throw failure.error;
}
