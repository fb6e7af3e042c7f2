// The words for what goes wrong. An error is thrown (misuse, refusal, broken run, bug); a failure belongs to a
// target and is plain data in its outcome. Both are matched by `code`. docs/errors.md holds the same two tables.

/** Thrown errors and the exit code each one ends the program with. */
export const ERRORS = {
  ERR_OPTION: { exitCode: 2, meaning: 'an option or argument is not what it may be' },
  ERR_PORT_BUSY: { exitCode: 2, meaning: 'the address to listen on is taken or not permitted' },
  ERR_ORIGIN: { exitCode: 2, meaning: 'the origin cannot be reached or is not what the run needs' },
  ERR_SOURCE: { exitCode: 4, meaning: 'a source of targets could not be read to its end' },
  ERR_SINK: { exitCode: 4, meaning: 'a body or record could not be written' },
  ERR_JOURNAL: { exitCode: 4, meaning: "a run's journal is damaged or of another format" },
  ERR_RUN_LIVE: { exitCode: 2, meaning: 'another process works at the run' },
  ERR_LIMIT: { exitCode: 3, meaning: 'the operating system allows less than the run needs' },
  ERR_RUN_BROKEN: { exitCode: 4, meaning: 'the run could not be carried to its end' },
  ERR_SERVER: { exitCode: 4, meaning: 'the mock server could not start or keep its replicas' },
  ERR_INTERRUPTED: { exitCode: 130, meaning: 'a signal ended it before there was anything to account for' },
  ERR_BUG: { exitCode: 4, meaning: 'a state the program holds to be impossible' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** Every error this program throws on purpose. Match on `code`, never on the message. */
export class SpillwayError extends Error {
  override readonly name = 'SpillwayError';
  readonly code: ErrorCode;

  /** @param message what was expected, what was found, what to do; never a credential. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }
}

/**
 * Why a target failed. `retry`: another attempt may succeed. `shrink`: this machine ran out of something, so fewer
 * connections may be open at once and the attempt does not count. `handOver`: the wire transport does not take this
 * framing, and the target is fetched again through undici.
 */
export const FAILURES = {
  'connect-refused': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the other side refused the connection',
  },
  'connect-timeout': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'no connection within its deadline',
  },
  'origin-dead': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'its origin is dead: another target made all its attempts there in vain, and nothing ever came',
  },
  'connect-failed': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the connection could not be made',
  },
  'name-unknown': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the host name does not exist',
  },
  dns: {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'no name server could say where the host is, however often it was asked (`--dns-timeout`)',
  },
  tls: {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the TLS handshake or certificate was refused',
  },
  'proxy-login': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the proxy asks for a login, or for another (407 to CONNECT)',
  },
  'proxy-refused': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the proxy does not allow this origin (4xx to CONNECT)',
  },
  'proxy-unavailable': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the proxy could not reach the origin, or was not reached itself (5xx to CONNECT)',
  },
  'tls-broken': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'TLS ended a connection that stood: an alert, a record that is none, a second handshake',
  },
  'connection-lost': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the connection ended before the answer',
  },
  'first-byte-timeout': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'no first byte within its deadline',
  },
  'idle-timeout': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'an answer began and then stood still',
  },
  'total-timeout': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the attempt reached its total deadline',
  },
  'http-status': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'a status that is not the expected one',
  },
  'wrong-answer': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the body is not the right answer',
  },
  'body-too-large': { retry: false, shrink: false, handOver: false, meaning: 'the body passed its cap' },
  'headers-too-large': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the header section passed its cap',
  },
  'body-mismatch': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the body is not as long as promised',
  },
  'body-cut': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the connection ended, and nothing says that the body was whole by then',
  },
  protocol: { retry: false, shrink: false, handOver: false, meaning: 'the answer is not valid HTTP' },
  'unsupported-framing': {
    retry: true,
    shrink: false,
    handOver: true,
    meaning: 'the wire transport does not take this framing',
  },
  'out-of-files': {
    retry: true,
    shrink: true,
    handOver: false,
    meaning: 'no file descriptor was left (EMFILE, ENFILE); `spillway doctor` shows the limit',
  },
  'out-of-ports': {
    retry: true,
    shrink: true,
    handOver: false,
    meaning: 'no ephemeral port was left (EADDRNOTAVAIL); `spillway doctor` shows the limit',
  },
  'out-of-buffers': {
    retry: true,
    shrink: true,
    handOver: false,
    meaning: 'no kernel buffer was left (ENOBUFS, EAGAIN); `spillway doctor` shows the limits',
  },
  'too-slow': {
    retry: true,
    shrink: false,
    handOver: false,
    meaning: 'the body came slower than the minimum speed',
  },
  'too-many-redirects': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the redirects passed their cap',
  },
  'bad-redirect': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'a redirect to nowhere this program may go',
  },
  'bad-encoding': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'the content encoding is broken or not known',
  },
  'bad-target': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'a line of the source is not a target',
  },
  stalled: {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'nothing came or moved for so long that the watchdog gave it up',
  },
  'robots-unavailable': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'whether robots.txt allows it could not be found out',
  },
  aborted: { retry: false, shrink: false, handOver: false, meaning: 'the run was cut before the answer' },
  internal: {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'a bug: this program threw while it worked at the target; the stack is in the detail',
  },
  'crashed-worker': {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'worker threads died twice while the target was in flight',
  },
  unknown: {
    retry: false,
    shrink: false,
    handOver: false,
    meaning: 'a failure this program cannot name yet',
  },
} as const;

export type FailureCode = keyof typeof FAILURES;

/** Failure codes in a fixed order, so that counters of them can stand in shared memory. */
export const FAILURE_CODES = Object.keys(FAILURES) as readonly FailureCode[];
