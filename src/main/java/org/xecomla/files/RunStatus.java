package org.xecomla.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.UserException;

/**
 * Where a run stands: {@code _STATUS.json} in its directory, for schedulers and people.
 *
 * @param stage the stage that runs or ran last
 * @param appId Spark's application, or null where there is none
 * @param step optimiser steps done by a training stage; 0 otherwise
 * @param error the one line that was printed, or null
 */
public record RunStatus(State state, String stage, String appId, long step, String error) {
    public static final String FILE = "_STATUS.json";

    /** States of a run. */
    public enum State {
        RUNNING,
        SUCCEEDED,
        FAILED
    }

    /** Replaces the status of the run in {@code directory}. */
    public void write(Path directory) {
        try {
            JsonMapper json = JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build();
            DataFiles.writeString(new Path(directory, FILE), json.writeValueAsString(this) + "\n");
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
