// Where a data thread begins: everything that it loads comes by the short way.
import { hastenImports } from '@evenkeel/sys/fast-imports';

hastenImports();
await import('./thread.ts');
