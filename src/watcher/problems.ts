import type { SluiceError } from '../errors.ts';

interface Reported {
  readonly signature: string;
  walk: number;
}

/** Reports each problem once, and again only after it went away or something else took its place. */
export class Problems {
  readonly #report: (problem: SluiceError) => void;
  readonly #known = new Map<string, Reported>();

  constructor(report: (problem: SluiceError) => void) {
    this.#report = report;
  }

  /**
   * @param subject what it is about
   * @param signature changes when the subject is replaced by another of the same name
   * @param walk number of the walk that saw it
   */
  raise(subject: string, signature: string, walk: number, problem: () => SluiceError): void {
    const known = this.#known.get(subject);
    if (known?.signature === signature) {
      known.walk = walk;
      return;
    }
    this.#known.set(subject, { signature, walk });
    this.#report(problem());
  }

  clear(subject: string): void {
    this.#known.delete(subject);
  }

  /** Forgets what no walk since `walk` has seen, except where `keep` holds. */
  prune(walk: number, keep: (subject: string) => boolean): void {
    for (const [subject, known] of this.#known) {
      if (known.walk < walk && !keep(subject)) this.#known.delete(subject);
    }
  }
}
