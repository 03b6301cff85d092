export type * from './model.ts';
export type * from './expression-model.ts';
