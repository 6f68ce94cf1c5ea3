import { statfs } from 'node:fs/promises';

/** Numbers that statfs(2) gives to file systems on disks of the machine itself, or in its memory. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0xca451a4e, // bcachefs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
]);

/** By device. */
const found = new Map<bigint, boolean>();

/**
 * False when a question about a file may have to wait for a server, or when that is not known. Asked once for each device.
 *
 * @param device number of the device that the file lies on
 */
export async function isOnLocalFileSystem(path: Buffer, device: bigint): Promise<boolean> {
  const known = found.get(device);
  if (known !== undefined) return known;
  const stats = await statfs(path).catch(() => null);
  if (stats === null) return false;
  const isLocal = LOCAL_TYPES.has(stats.type >>> 0);
  found.set(device, isLocal);
  return isLocal;
}
