package org.xecomla.errors;

/**
 * Something that the user can mend: a wrong path, key, file or value. The command line prints the message in one line,
 * no stack trace, and exits with 1.
 */
public class UserException extends RuntimeException {
    public UserException(String message) {
        super(message);
    }

    public UserException(String message, Throwable cause) {
        super(message, cause);
    }
}
