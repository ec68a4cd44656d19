/**
 * The SDK announces on stderr that a coming version of it needs a newer Node.js, which is news for
 * those who build this program and none for those who run it. Setting the SDK's own variable is
 * the documented way to hear nothing of it.
 * @param env the process's environment: the SDK reads no other.
 */
export function silenceSdkWarnings(env: Record<string, string | undefined>): void {
  env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}
