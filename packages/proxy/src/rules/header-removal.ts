// `http-request del-header` and its kind: removes the fields whose name matches (manual: "http-request del-header").
import type { HeaderList } from '@evenkeel/http';

/** `match` is the `-m` method on names; names are compared in lower case, regular expressions without regard to case. */
export function compileHeaderRemoval(
  name: string,
  match: 'str' | 'beg' | 'end' | 'sub' | 'reg',
): (headers: HeaderList) => void {
  const wanted = name.toLowerCase();
  switch (match) {
    case 'str':
      return (headers) => {
        if (headers.has(wanted)) headers.removeAll(wanted);
      };
    case 'beg':
      return (headers) => removeWhere(headers, (each) => each.startsWith(wanted));
    case 'end':
      return (headers) => removeWhere(headers, (each) => each.endsWith(wanted));
    case 'sub':
      return (headers) => removeWhere(headers, (each) => each.includes(wanted));
    case 'reg': {
      const expression = new RegExp(name, 'i');
      return (headers) => removeWhere(headers, (each) => expression.test(each));
    }
  }
}

function removeWhere(headers: HeaderList, matches: (name: string) => boolean): void {
  for (let index = headers.count - 1; index >= 0; index--) if (matches(headers.nameAt(index))) headers.removeAt(index);
}
