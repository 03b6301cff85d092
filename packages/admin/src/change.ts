/** How commands change something that lasts. */

import type { ChangedObject } from '@evenkeel/control';
import type { CommandContext } from './cli/command.ts';

/** Carried out at once; answered, with nothing, when it would outlive the process. `values`: words by their fields. */
export async function change(
  { runtime, origin }: CommandContext,
  object: ChangedObject,
  values: Readonly<Record<string, string>>,
): Promise<string> {
  await runtime.changes.make(Object.entries(values).map(([field, value]) => ({ object, field, value, by: origin })));
  return '';
}
