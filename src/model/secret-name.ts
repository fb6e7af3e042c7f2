// Which parameters of a URL or list API are taken to hold a credential: they are neither kept nor shown.

const SECRET_NAME = /key|token|secret|pass|auth|sig|session|credential/iu;

/** True when a parameter of this name may hold a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
