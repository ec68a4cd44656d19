import { InvalidArgumentError } from 'commander';
import type { FrontAddress } from '../serve/front.ts';

const HOST_AND_PORT = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]+)):(?<port>\d{1,5})$/;
const MOST_PORT = 65_535;

/**
 * The address of a `--listen HOST:PORT`; port 0 lets the system choose.
 * @throws InvalidArgumentError that says what is allowed.
 */
export function listenAddress(text: string): FrontAddress {
  const { v6, host = v6, port } = HOST_AND_PORT.exec(text)?.groups ?? {};
  if (host !== undefined && Number(port) <= MOST_PORT) return { host, port: Number(port) };
  throw new InvalidArgumentError('It is HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080.');
}
