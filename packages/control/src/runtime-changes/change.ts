/**
 * What a runtime change is: a field of an object that has another value than the configuration gives it. Plain data, which
 * the journal holds and `show config diff` lists. Pure.
 */

export type ObjectKind = 'server' | 'backend' | 'frontend' | 'global';

export interface ChangedObject {
  readonly kind: ObjectKind;
  /** `backend/server` of a server, a proxy's name, nothing for `global`. */
  readonly name: string;
}

export interface Override {
  readonly object: ChangedObject;
  /** As fields.ts names it. */
  readonly field: string;
  /** What the file said when it was changed; empty where it said nothing. */
  readonly file: string;
  /** What counts now, in the same words. */
  readonly value: string;
  /** Epoch ms. */
  readonly sinceMs: number;
  /** Who changed it: `socket /run/haproxy.sock level admin`, `server-state-file`. */
  readonly by: string;
}

export const GLOBAL: ChangedObject = { kind: 'global', name: '' };

export function serverObject(backend: string, server: string): ChangedObject {
  return { kind: 'server', name: `${backend}/${server}` };
}

/** As users name it: `server web/s1`, `frontend www`, `global`. */
export function objectText({ kind, name }: ChangedObject): string {
  return name === '' ? kind : `${kind} ${name}`;
}

/** One for each field of each object. */
export function changeKey(object: ChangedObject, field: string): string {
  return `${objectText(object)}\n${field}`;
}

export const keyOf = ({ object, field }: Override): string => changeKey(object, field);

/** A value as a sentence names it. */
export const valueText = (value: string): string => (value === '' ? 'nothing' : `'${value}'`);
