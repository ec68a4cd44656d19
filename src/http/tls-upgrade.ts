import { isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  rootCertificates,
  type SecureContext,
} from 'node:tls';

import { whenReady } from './when-ready.ts';

/** Whom we trust, whom we expect and who we are on a TLS connection. */
export interface TlsIdentity {
  /** The name for SNI and for the certificate check, instead of the URL's host. */
  readonly serverName?: string | undefined;
  /** PEM text of certificates that are trusted besides the well-known authorities. */
  readonly ca?: string | undefined;
  /** PEM text of the client's certificate and its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Makes a TLS connection of a plain one. */
export type Upgrade = (plain: Socket, signal: AbortSignal) => Promise<Socket>;

/**
 * Makes the upgrade for connections to `hostname`; it keeps the last session, so that later
 * connections shake hands faster. A `ca` is trusted besides the authorities that Node brings, so
 * that a redirect to a public site still works.
 */
export function tlsUpgrade(hostname: string, identity: TlsIdentity): Upgrade {
  const expected = identity.serverName ?? hostname;
  let secureContext: SecureContext | undefined;
  let session: Buffer | undefined;
  return async (plain, signal) => {
    try {
      secureContext ??= contextOf(identity);
    } catch (error) {
      // Nobody else would close it, and an open connection keeps the process.
      plain.on('error', () => undefined).destroy();
      throw error;
    }
    const socket = connectTls({
      socket: plain,
      secureContext,
      ...(session === undefined ? {} : { session }),
      // SNI carries names only (RFC 6066 §3); an address is still checked in the certificate.
      ...(isIP(expected) === 0 ? { servername: expected } : {}),
      checkServerIdentity: (_, certificate) => checkServerIdentity(expected, certificate),
      ALPNProtocols: ['http/1.1'],
      // Said outright, NODE_TLS_REJECT_UNAUTHORIZED can't undo it.
      rejectUnauthorized: true,
    });
    socket.on('session', (fresh) => {
      session = fresh;
    });
    return whenReady(socket, 'secureConnect', signal);
  };
}

function contextOf({ ca, cert, key }: TlsIdentity): SecureContext {
  return createSecureContext({
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}
