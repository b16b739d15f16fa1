package org.xecomla.averaging;

/** The replicas have lost each other: another one left, hangs, or never came. The cause of the trouble is elsewhere. */
public final class RingLostException extends RuntimeException {
    public RingLostException(String message) {
        super(message);
    }

    public RingLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
