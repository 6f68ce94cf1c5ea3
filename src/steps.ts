import { channel } from 'node:diagnostics_channel';

/**
 * The steps of a run, and of what is done with it later, by stage, in their order; each is named after what has just been
 * done. They are published on Node's diagnostics channel `sluice:step`, for tracing. A crash right after any of them must
 * cost nothing: a test kills the service at each one in this list.
 */
export const STEPS = {
  intake: [
    'file settled',
    'file registered',
    'file claimed',
    'run started',
    'file identified',
    'load planned',
  ],
  load: [
    'first block read',
    'segment created',
    'block copied',
    'segment committed',
    'rejects flushed',
    'type contradicted',
    'file surveyed',
    'file loaded',
  ],
  publish: [
    'dataset locked',
    'earlier runs superseded',
    'layout recorded',
    'segments attached',
    'small load copied',
    'load recorded',
    'run ended',
    'run published',
    'run concluded',
    'group copied',
    'group recorded',
    'group published',
  ],
  outcome: [
    'file set aside',
    'file linked',
    'sidecar moved',
    'file moved',
    'reject file written',
    'receipt written',
    'outcome completed',
  ],
  compact: ['segments copied', 'segments replaced', 'segments folded'],
  undo: [
    'rows removed',
    'undo recorded',
    'segments detached',
    'run retracted',
    'replay queued',
    'delivery released',
    'delivery discarded',
  ],
  transform: ['models locked', 'model made', 'model recorded', 'models checked', 'models committed'],
  export: ['export begun', 'rows written', 'file complete', 'file named', 'manifest written'],
  increment: ['increment recorded', 'increment noted'],
} as const;

export type Step = (typeof STEPS)[keyof typeof STEPS][number];

const steps = channel('sluice:step');

/** Says that a step has been done. `subject` is the file, the model, the export, or whatever else it was about. */
export function stepDone(step: Step, subject: string): void {
  if (steps.hasSubscribers) steps.publish({ step, subject });
}
