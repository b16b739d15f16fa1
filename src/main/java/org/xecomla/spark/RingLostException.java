package org.xecomla.spark;

/** The replicas have lost each other: another one left, hangs, or never came. The cause of the trouble is elsewhere. */
final class RingLostException extends RuntimeException {
    RingLostException(String message) {
        super(message);
    }

    RingLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
