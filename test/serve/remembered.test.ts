import { expect, test } from 'vitest';
import { remembered } from '../../src/serve/remembered.ts';

test('a name is asked about once, also where there is nothing to say of it', () => {
  const asked: string[] = [];
  const shout = remembered((name) => {
    asked.push(name);
    return name === 'secret' ? undefined : name.toUpperCase();
  });
  const names = ['a', 'secret', 'a', '__proto__', 'secret', '__proto__'];
  expect(names.map(shout)).toEqual(['A', undefined, 'A', '__PROTO__', undefined, '__PROTO__']);
  expect(asked).toEqual(['a', 'secret', '__proto__']);
});

test('of too many names all are forgotten', () => {
  let asked = 0;
  const same = remembered((name) => {
    asked += 1;
    return name;
  });
  for (let name = 0; name < 1001; name += 1) same(String(name));
  expect(same('0')).toBe('0');
  expect(same('1000')).toBe('1000');
  expect(asked).toBe(1002);
});
