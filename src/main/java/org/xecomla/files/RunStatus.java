package org.xecomla.files;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/**
 * Where a run stands: {@code _STATUS.json} in its directory, for schedulers and people. A driver that lives says so
 * again before what it said {@link #expires}; one that was killed cannot, and its last word then stands for nothing.
 *
 * @param stage the stage that runs or ran last
 * @param appId Spark's application, or null where there is none
 * @param step optimiser steps done by a training stage; 0 otherwise
 * @param numSteps that the training stage will do; 0 otherwise
 * @param tokens that the training stage has trained on
 * @param loss of the training stage's newest round; null: there is none, or it is no number
 * @param secondsLeft that the training stage will take at the pace so far, or null where that is not known
 * @param started when its driver began, in UTC
 * @param updated when this was written, in UTC
 * @param expires while it runs, the time until which this is true unless something newer is written, in UTC; null: for
 *     ever
 * @param error the one line that was printed, or null
 */
public record RunStatus(
        State state,
        String stage,
        String appId,
        long step,
        long numSteps,
        long tokens,
        Double loss,
        Long secondsLeft,
        String started,
        String updated,
        String expires,
        String error) {
    public static final String FILE = "_STATUS.json";

    /** States of a run. */
    public enum State {
        RUNNING,
        SUCCEEDED,
        FAILED,
        /** Ended by SIGTERM; the same command goes on with it. */
        STOPPED
    }

    /** A run by a driver that began at {@code started}, in {@code stage}. */
    public static RunStatus running(String stage, String appId, Instant started) {
        return new RunStatus(State.RUNNING, stage, appId, 0, 0, 0, null, null, started.toString(), null, null, null);
    }

    /** The same run further on in its stage. */
    public RunStatus at(long newStep, long newNumSteps, long newTokens, double newLoss, long newSecondsLeft) {
        Double said = Double.isFinite(newLoss) ? newLoss : null;
        return new RunStatus(
                state,
                stage,
                appId,
                newStep,
                newNumSteps,
                newTokens,
                said,
                newSecondsLeft,
                started,
                updated,
                expires,
                error);
    }

    /** The same run at its end. */
    public RunStatus ended(State newState, String newError) {
        return new RunStatus(
                newState, stage, appId, step, numSteps, tokens, loss, null, started, updated, null, newError);
    }

    /** The same, as it stands at {@code now}. */
    private RunStatus dated(Instant now, Duration heartbeat) {
        String end = state == State.RUNNING ? now.plus(heartbeat).toString() : null;
        return new RunStatus(
                state, stage, appId, step, numSteps, tokens, loss, secondsLeft, started, now.toString(), end, error);
    }

    /** Whether its driver must have died without a word, at {@code now}. */
    public boolean hasExpired(Instant now) {
        return expires != null && now.isAfter(Instant.parse(expires));
    }

    /**
     * Replaces the status of the run in {@code directory}, with the present time.
     *
     * @param heartbeat while the run lives it is written again within this time
     */
    public void write(Path directory, Duration heartbeat) {
        JsonFiles.write(new Path(directory, FILE), dated(Instant.now(), heartbeat));
    }

    /**
     * The status of the run in {@code directory}.
     *
     * @throws UserException where there is none, or it cannot be one
     */
    public static RunStatus read(Path directory) {
        Path path = new Path(directory, FILE);
        RunStatus status = JsonFiles.read(path, RunStatus.class, "a run's status");
        if (status.state == null || status.started == null || !isTime(status.started) || !isTime(status.expires)) {
            throw new UserException(
                    DataFiles.display(path) + " is not a run's status: state or times are missing or wrong");
        }
        return status;
    }

    private static boolean isTime(String text) {
        try {
            return text == null || Instant.parse(text) != null;
        } catch (DateTimeParseException e) {
            return false;
        }
    }
}
