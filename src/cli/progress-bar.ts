import { type Progress, progressLine } from '../pipelines/load/progress.ts';

export interface ProgressBar {
  draw(progress: Progress): void;
  /** Before anything else is printed. */
  clear(): void;
}

const WIDTH = 30;

/** A bar on stderr's last line; null when stderr is not a terminal. */
export function progressBar(): ProgressBar | null {
  const stream = process.stderr;
  if (!stream.isTTY) return null;
  const clear = () => {
    stream.clearLine(0);
    stream.cursorTo(0);
  };
  return {
    clear,
    draw(progress) {
      clear();
      const line = `${bar(progress)}${progressLine(progress)}`;
      stream.write(line.slice(0, Math.max(20, stream.columns - 1)));
    },
  };
}

/** None where nobody knows how much there is to do. */
function bar({ position, size }: Progress): string {
  if (size === null) return '';
  const filled = size === 0 ? WIDTH : Math.round((WIDTH * position) / size);
  return `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] `;
}
