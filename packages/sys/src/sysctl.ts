// Kernel settings through /proc/sys. Needs no C library. Files are a few bytes and never block.
import { readFileSync, writeFileSync } from 'node:fs';

const pathOf = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

/** Value of a dotted sysctl name, trimmed; undefined where the kernel lacks it or it may not be read. */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(pathOf(name), 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** 'unchanged' when the value was already there. */
export type SysctlWrite =
  | { readonly result: 'written' | 'unchanged' }
  | { readonly result: 'refused'; readonly why: string; readonly remedy: string };

/** Sets a value that is whole before it is written; a refusal says why and how an administrator sets it. */
export function writeSysctl(name: string, value: string): SysctlWrite {
  const present = readSysctl(name);
  if (present === value) return { result: 'unchanged' };
  const remedy = `set it as root: sysctl -w ${name}=${value}`;
  if (present === undefined)
    return {
      result: 'refused',
      why: `this kernel or container has no ${name}`,
      remedy: 'use a newer kernel, or the host network namespace',
    };
  try {
    writeFileSync(pathOf(name), value);
    return { result: 'written' };
  } catch (error) {
    return {
      result: 'refused',
      why: `${name} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      remedy,
    };
  }
}
