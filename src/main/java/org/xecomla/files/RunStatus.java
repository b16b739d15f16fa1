package org.xecomla.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Instant;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;

/**
 * Where a run stands: {@code _STATUS.json} in its directory, for schedulers and people. A run that says RUNNING and has not
 * been updated for longer than {@code run.lease-timeout} was killed.
 *
 * @param stage the stage that runs or ran last
 * @param appId Spark's application, or null where there is none
 * @param step optimiser steps done by a training stage; 0 otherwise
 * @param numSteps that the training stage will do; 0 otherwise
 * @param tokens that the training stage has trained on
 * @param secondsLeft that the training stage will take at the pace so far, or null where that is not known
 * @param updated when this was written, in UTC
 * @param error the one line that was printed, or null
 */
public record RunStatus(
        State state,
        String stage,
        String appId,
        long step,
        long numSteps,
        long tokens,
        Long secondsLeft,
        String updated,
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

    /** A run that begins with {@code stage}. */
    public static RunStatus running(String stage, String appId) {
        return new RunStatus(State.RUNNING, stage, appId, 0, 0, 0, null, null, null);
    }

    /** The same run further on in its stage. */
    public RunStatus at(long newStep, long newNumSteps, long newTokens, long newSecondsLeft) {
        return new RunStatus(state, stage, appId, newStep, newNumSteps, newTokens, newSecondsLeft, updated, error);
    }

    /** The same run at its end. */
    public RunStatus ended(State newState, String newError) {
        return new RunStatus(newState, stage, appId, step, numSteps, tokens, null, updated, newError);
    }

    /** Replaces the status of the run in {@code directory}, with the present time. */
    public void write(Path directory) {
        String now = Instant.now().toString();
        RunStatus dated = new RunStatus(state, stage, appId, step, numSteps, tokens, secondsLeft, now, error);
        try {
            JsonMapper json = JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();
            DataFiles.writeString(new Path(directory, FILE), json.writeValueAsString(dated) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings and numbers is always JSON", e);
        }
    }

    /** The status of the run in {@code directory}. */
    public static RunStatus read(Path directory) {
        Path path = new Path(directory, FILE);
        try {
            return new JsonMapper().readValue(DataFiles.readString(path), RunStatus.class);
        } catch (JsonProcessingException e) {
            throw new UserException(DataFiles.display(path) + " is not a run's status: " + e.getOriginalMessage(), e);
        }
    }
}
