import { expect, it } from 'vitest';
import { Batches } from '../../src/pipelines/batches.ts';
import type { GroupMember } from '../../src/pipelines/publish/publish-group.ts';

const member = (fileId: number, feed: string | null = 'feed') =>
  ({
    file: { fileId, feed },
    job: { loaded: { blocks: [{ bytes: Buffer.alloc(10) }] } },
  }) as unknown as GroupMember;

function batches(events: string[]): Batches<GroupMember> {
  return new Batches<GroupMember>(
    async (batch) => {
      const ids = batch.map(({ file }) => file.fileId);
      events.push(`begin ${ids[0]}-${ids.at(-1)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`end ${ids[0]}-${ids.at(-1)}`);
    },
    () => events.push('idle'),
  );
}

it('goes on putting files together while a full batch is published, one publication after the other', async () => {
  const events: string[] = [];
  const all = batches(events);
  for (let id = 1; id <= 250; id++) {
    await all.add('orders', member(id));
    if (id === 150) events.push('file 150');
  }
  await all.finish();
  const wanted = ['begin 1-100', 'file 150', 'end 1-100', 'idle', 'begin 101-200', 'end 101-200', 'idle'];
  expect(events).toEqual([...wanted, 'begin 201-250', 'end 201-250', 'idle']);
});

it('publishes what comes earlier in a feed before what goes into another table', async () => {
  const events: string[] = [];
  const all = batches(events);
  for (const [id, key] of [
    [1, 'v1'],
    [2, 'v1'],
    [3, 'v2'],
    [4, 'v1'],
  ] as const) {
    const { file } = member(id);
    await all.publishEarlier(file, key);
    await all.add(key, member(id));
  }
  await all.publishEarlier(member(5).file, null);
  await all.settle();
  expect(events.filter((event) => event.startsWith('end'))).toEqual(['end 1-2', 'end 3-3', 'end 4-4']);
});

it('raises what goes wrong with a publication as a whole to whoever waits for it', async () => {
  const all = new Batches<GroupMember>(
    async () => {
      throw new Error('gone');
    },
    () => {},
  );
  await all.add('orders', member(1, null));
  await expect(all.finish()).rejects.toThrow('gone');
});
