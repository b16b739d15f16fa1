package org.xecomla.errors;

/**
 * A setting or a model description that cannot be right. The message says what, where and what to do; it is shown as it
 * is.
 */
public final class ConfigException extends UserException {
    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
