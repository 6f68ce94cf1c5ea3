import { killAtEveryStep } from './crash-suite.ts';

killAtEveryStep('load');
