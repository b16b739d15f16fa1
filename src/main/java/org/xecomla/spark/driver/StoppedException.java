package org.xecomla.spark.driver;

import org.xecomla.errors.UserException;

/** A run was asked to stop, by SIGTERM, and has; nothing is wrong with it. */
public final class StoppedException extends UserException {
    /** What a process that SIGTERM ended exits with. */
    public static final int EXIT_CODE = 128 + 15;

    public StoppedException(String message) {
        super(message);
    }
}
