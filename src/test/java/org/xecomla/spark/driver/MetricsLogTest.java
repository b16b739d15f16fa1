package org.xecomla.spark.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** The log of a training stage, whenever its process is killed. */
class MetricsLogTest {
    @TempDir
    java.nio.file.Path temporary;

    private Path file(String name) {
        return DataFiles.path(temporary.resolve(name).toString());
    }

    private static String round(int step) {
        return "{\"step\":" + step + ",\"loss\":" + step + ".5}\n";
    }

    private void writePart(int... steps) {
        StringBuilder text = new StringBuilder();
        for (int step : steps) {
            text.append(round(step));
        }
        DataFiles.writeString(file("metrics/step-00000000" + steps[steps.length - 1] + ".jsonl"), text.toString());
    }

    private String joined() {
        MetricsLog.join(file(""));
        return DataFiles.readString(file("metrics.jsonl"));
    }

    @Test
    void aKillBetweenTwoRemovalsLosesNothing() {
        writePart(2, 4);
        writePart(6);
        String whole = round(2) + round(4) + round(6);
        assertEquals(whole, joined());
        writePart(6); // as if only the first part had been removed
        assertEquals(whole, joined());
        assertEquals(whole, joined(), "without parts");
    }

    /** The newest checkpoint is lost after the join: its rounds are trained, and said, again. */
    @Test
    void roundsThatAreSaidAnewReplaceTheOld() {
        writePart(2, 4, 6);
        joined();
        DataFiles.writeString(file("metrics/step-000000006.jsonl"), "{\"step\":6,\"loss\":7}\n");
        assertEquals(round(2) + round(4) + "{\"step\":6,\"loss\":7}\n", joined());
    }

    @Test
    void aLineThatIsNoRoundIsNamed() {
        for (String line : List.of("null", "[]", "{", "{\"loss\":1}")) {
            DataFiles.writeString(file("metrics/step-000000002.jsonl"), line);
            UserException e = assertThrows(UserException.class, this::joined, line);
            assertEquals(
                    DataFiles.display(file("metrics/step-000000002.jsonl"))
                            + " has a line that is no round: remove the file",
                    e.getMessage());
        }
    }
}
