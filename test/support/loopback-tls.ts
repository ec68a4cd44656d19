import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** An authority of its own with what it signed. */
export interface LoopbackTls {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: Identity;
  /** For `www.example.com` only. */
  readonly otherName: Identity;
  /** For `localhost`, of the past. */
  readonly expired: Identity;
  /** For `localhost`, signed by itself. */
  readonly selfSigned: Identity;
  readonly client: Identity;
}

/** Makes the certificates with the openssl command, in a folder that is gone again afterwards. */
export function loopbackTls(): LoopbackTls {
  const dir = mkdtempSync(join(tmpdir(), 'loopback-tls-'));
  try {
    const authority = selfSigned(
      dir,
      'ca',
      'Loopback Test Authority',
      'basicConstraints=critical,CA:TRUE',
    );
    const localhost = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
    return {
      ca: authority.cert,
      server: signed(dir, 'server', localhost),
      otherName: signed(dir, 'other', 'subjectAltName=DNS:www.example.com'),
      expired: signed(dir, 'expired', localhost, '20200101000000Z', '20200102000000Z'),
      selfSigned: selfSigned(dir, 'alone', 'localhost', localhost),
      client: signed(dir, 'client', 'extendedKeyUsage=clientAuth'),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function selfSigned(dir: string, name: string, commonName: string, extension: string): Identity {
  openssl(dir, [
    'req',
    '-x509',
    ...NEW_KEY,
    '-days',
    '30',
    '-subj',
    `/CN=${commonName}`,
    '-addext',
    extension,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
  ]);
  return read(dir, name);
}

function signed(
  dir: string,
  name: string,
  extension: string,
  start = '20200101000000Z',
  end = '20991231000000Z',
): Identity {
  openssl(dir, [
    'req',
    ...NEW_KEY,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  ]);
  // `openssl ca`, unlike `openssl x509`, can set both dates.
  writeFileSync(
    join(dir, `${name}.cnf`),
    `[ca]\ndefault_ca=own\n[own]\ndatabase=${name}.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nx509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\n${extension}\n`,
  );
  writeFileSync(join(dir, `${name}.txt`), '');
  openssl(dir, [
    'ca',
    '-batch',
    '-notext',
    '-config',
    `${name}.cnf`,
    '-cert',
    'ca.pem',
    '-keyfile',
    'ca.key',
    '-startdate',
    start,
    '-enddate',
    end,
    '-in',
    `${name}.csr`,
    '-out',
    `${name}.pem`,
  ]);
  return read(dir, name);
}

function read(dir: string, name: string): Identity {
  return {
    cert: readFileSync(join(dir, `${name}.pem`), 'utf8'),
    key: readFileSync(join(dir, `${name}.key`), 'utf8'),
  };
}

function openssl(dir: string, args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
}
