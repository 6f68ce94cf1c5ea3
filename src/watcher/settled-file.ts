/** What tells one state of a source file from another. Times are nanoseconds since the epoch, sizes are bytes. */
export interface SourceIdentity {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

/** A source file that has stopped changing: what the watcher hands over. */
export interface SettledFile {
  /** Absolute, the file system's own bytes: the only form to open the file with. */
  readonly path: Buffer;
  /** Relative to the imports folder, for people: escaped by `displayPath`. */
  readonly relativePath: string;
  /** Base name, for people: escaped by `displayPath`. */
  readonly name: string;
  /** Subfolders under the imports folder joined with `/`, escaped; null for a file at the top. */
  readonly label: string | null;
  /** As it was through the whole settling time. */
  readonly identity: SourceIdentity;
  /** False when its format says that a part is missing and waiting longer was pointless. */
  readonly complete: boolean;
  /** Why it counts as incomplete; null when `complete`. */
  readonly incompleteReason: string | null;
}

/** True when nothing that the watcher looks at differs. */
export function sameIdentity(a: SourceIdentity, b: SourceIdentity): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.inode === b.inode && a.device === b.device;
}
