package org.xecomla.spark;

/** The ring is broken or cannot be closed: a neighbour left, hangs, or never came. The cause of the trouble is elsewhere. */
final class RingLostException extends RuntimeException {
    RingLostException(String message) {
        super(message);
    }

    RingLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
