package org.xecomla.spark.driver;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.averaging.RingLostException;
import org.xecomla.errors.UserException;

/**
 * What a task came to: its value, or the reason why it has none. A reason travels to the driver as a value where a
 * retry by Spark would only repeat it, so that the user sees one line and not four stack traces.
 *
 * @param value null where it failed
 * @param failure null where it did not
 */
public record Outcome<R>(R value, Failure failure, String message) implements Serializable {
    private static final Logger log = LoggerFactory.getLogger(Outcome.class);

    /** Whose failure it is, the most telling first. */
    enum Failure {
        /** The user's to mend: a wrong file, key or value. */
        USER,
        /** This task's own. */
        OWN,
        /** Another task's, which this one noticed. */
        NEIGHBOUR
    }

    static <R> Outcome<R> success(R value) {
        return new Outcome<>(value, null, null);
    }

    /** Runs {@code body}; only what the user can mend becomes an outcome, all else is thrown, for Spark to retry. */
    static <R> Outcome<R> ofRetryable(Callable<R> body) throws Exception {
        try {
            return success(body.call());
        } catch (UserException e) {
            return new Outcome<>(null, Failure.USER, e.getMessage());
        }
    }

    /** Runs {@code body} as one of several tasks that stand and fall together. */
    public static <R> Outcome<R> ofMember(int rank, Callable<R> body) {
        try {
            return success(body.call());
        } catch (UserException e) {
            return new Outcome<>(null, Failure.USER, e.getMessage());
        } catch (RingLostException e) {
            log.debug("replica {} lost the others", rank, e);
            return new Outcome<>(null, Failure.NEIGHBOUR, e.getMessage());
        } catch (Exception e) {
            log.error("replica {} failed", rank, e);
            return new Outcome<>(null, Failure.OWN, "replica " + rank + " failed: " + e);
        }
    }

    /**
     * The values of {@code outcomes}, in their order.
     *
     * @throws UserException with the first reason that the user can mend
     * @throws IllegalStateException with the most telling other reason
     */
    public static <R> List<R> values(List<Outcome<R>> outcomes) {
        raiseFirst(outcomes);
        List<R> values = new ArrayList<>(outcomes.size());
        outcomes.forEach(outcome -> values.add(outcome.value));
        return values;
    }

    /** Throws the most telling failure among {@code outcomes}, as {@link #values}; returns where there is none. */
    public static <R> void raiseFirst(List<Outcome<R>> outcomes) {
        outcomes.stream()
                .filter(outcome -> outcome.failure != null)
                .min(Comparator.comparing(Outcome::failure))
                .ifPresent(Outcome::raise);
    }

    private void raise() {
        throw failure == Failure.USER ? new UserException(message) : new IllegalStateException(message);
    }
}
