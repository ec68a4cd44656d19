/**
 * Parts of undici by their files: the whole package is 110 files, fetch and its kin among them, where
 * the client is a quarter of that. The files are no part of its interface, but what is built has
 * them inside, so it finds those that it was tested with.
 */
import client from 'undici/lib/dispatcher/client.js';
import errorClasses from 'undici/lib/core/errors.js';
import type * as Undici from 'undici';

/** One connection to an origin, driven by `dispatch`. */
export const Client = client;
export type Client = Undici.Client;

/** Classes of the errors that it gives. */
export const errors = errorClasses;
