/** What the double answers instead of doing as asked: an error document in S3's shape. */
export class S3Refusal extends Error {
  override readonly name = 'S3Refusal';
  readonly status: number;
  readonly code: string;
  /** Further elements of the document, in order. */
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }
}

/** A 400 `InvalidArgument` that names the argument. */
export function invalidArgument(name: string, value: string, message: string): S3Refusal {
  return new S3Refusal(400, 'InvalidArgument', message, {
    ArgumentName: name,
    ArgumentValue: value,
  });
}

/** The 403 that S3 gives for everything that the caller may not know. */
export function accessDenied(message = 'Access Denied'): S3Refusal {
  return new S3Refusal(403, 'AccessDenied', message);
}

/** A 501 for what S3 has and the double has not. */
export function notImplemented(what: string): S3Refusal {
  const message = `A header or query you provided implies functionality that is not implemented: ${what}`;
  return new S3Refusal(501, 'NotImplemented', message);
}
