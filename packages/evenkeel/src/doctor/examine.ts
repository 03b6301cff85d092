/** Judges facts: all findings, each thing in its place. Pure. */

import type { Facts } from './facts.ts';
import { examineFiles } from './file-rules.ts';
import type { Finding } from './finding.ts';
import { examineKernel } from './kernel-rules.ts';
import { examineLimits } from './limit-rules.ts';
import { examineListeners } from './listener-rules.ts';
import { examineNetwork } from './network-rules.ts';
import { examineWriting } from './writing-rules.ts';

export function examine(facts: Facts): readonly Finding[] {
  return [
    ...examineLimits(facts),
    ...examineKernel(facts),
    ...examineListeners(facts),
    ...examineFiles(facts),
    ...examineWriting(facts),
    ...examineNetwork(facts),
  ];
}
