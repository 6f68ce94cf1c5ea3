import type { Catalogue } from './entry.ts';

/** Configuration and command line. */
export const CONFIGURATION_ERRORS = {
  CONFIG_INVALID: {
    kind: 'terminal',
    message: '{problems}',
    remedy:
      'Correct the variables named in the environment or in .env; docs/configuration.md lists what is allowed.',
  },
  CONFIG_FILE_INVALID: {
    kind: 'terminal',
    message: '{file}: {reason}',
    remedy: 'Correct the configuration file; docs/configuration.md shows every option.',
  },
  USAGE: {
    kind: 'terminal',
    message: '{reason}',
    remedy: 'Run the command with --help.',
  },
  FOLDER_UNUSABLE: {
    kind: 'terminal',
    message: 'the {purpose} folder {path} cannot be used: {reason}',
    remedy: 'Create the folder or correct its owner and mode, then start again.',
  },
} as const satisfies Catalogue;
