const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes that hex digits say, as base64 says them; the pure layers have no Buffer. */
export function base64OfHex(hex: string): string {
  const bits = Array.from(hex, (digit) => parseInt(digit, 16).toString(2).padStart(4, '0')).join(
    '',
  );
  const sextets = bits.match(/.{1,6}/g) ?? [];
  const text = sextets.map((sextet) => BASE64[parseInt(sextet.padEnd(6, '0'), 2)] ?? '').join('');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
