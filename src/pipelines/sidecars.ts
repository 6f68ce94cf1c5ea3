import { type CompletePolicy, DEFAULT_CONTROL } from '../config/define.ts';
import type { Settings } from '../config/settings.ts';
import type { CheckOptions } from '../formats/sidecar/check-sidecars.ts';
import { type CompletenessRules, MARKERS, NO_RULES } from '../formats/sidecar/rules.ts';
import { Sidecars } from '../formats/sidecar/sidecars.ts';
import { findDataset } from './identify/find-dataset.ts';

/** The rules for what lies beside the files of each dataset. */
export function sidecarsFor({ datasets }: Pick<Settings, 'datasets'>, options: CheckOptions = {}): Sidecars {
  const all = datasets.flatMap(({ complete }) => (complete === undefined ? [] : [rulesFrom(complete)]));
  return new Sidecars(all, (name) => (all.length === 0 ? NO_RULES : rulesFor(name, datasets)), options);
}

function rulesFor(name: string, datasets: Settings['datasets']): CompletenessRules {
  try {
    const { complete } = findDataset(name, datasets).config ?? {};
    return complete === undefined ? NO_RULES : rulesFrom(complete);
  } catch {
    // Of two datasets: reported when it is taken.
    return NO_RULES;
  }
}

function rulesFrom({ marker, checksum, control, waitMs }: CompletePolicy): CompletenessRules {
  return {
    markers: marker === true ? MARKERS : typeof marker === 'string' ? [marker] : null,
    checksumRequired: checksum === 'required',
    control: control === undefined || control === false ? null : controlFrom(control),
    waitMs: waitMs ?? null,
  };
}

function controlFrom(
  control: Exclude<CompletePolicy['control'], undefined | false>,
): CompletenessRules['control'] {
  const { file = DEFAULT_CONTROL, field = null } = control === true ? {} : control;
  return { file, field };
}
