package io.grpc;

/**
 * Stands before the class of the same name in the Pub/Sub emulator's jar (seen in 0.8.20).
 *
 * <p>That jar was put together from two releases of grpc-java. The server half calls a method with
 * three parameters when a stream is cancelled; the core half only has the one with two. The call
 * ends in a NoSuchMethodError, the subscriber is never told, and a cancelled StreamingPull goes on
 * taking messages that nobody reads until their lease is over. This class has both methods.
 */
public final class InternalStatus {
  public static final Metadata.Key<String> MESSAGE_KEY = Status.MESSAGE_KEY;
  public static final Metadata.Key<Status> CODE_KEY = Status.CODE_KEY;

  private InternalStatus() {}

  /** What the core half has. */
  public static StatusRuntimeException asRuntimeExceptionWithoutStacktrace(
      Status status, Metadata trailers) {
    return new Traceless(status, trailers);
  }

  /** What the server half calls. */
  public static StatusRuntimeException asRuntimeException(
      Status status, Metadata trailers, boolean withStackTrace) {
    return withStackTrace
        ? new StatusRuntimeException(status, trailers)
        : new Traceless(status, trailers);
  }

  private static final class Traceless extends StatusRuntimeException {
    private static final long serialVersionUID = 1L;

    Traceless(Status status, Metadata trailers) {
      super(status, trailers);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }
}
