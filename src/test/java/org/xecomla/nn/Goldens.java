package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.files.DataFiles;
import org.xecomla.safetensors.SafetensorsFile;

/**
 * The golden files: in the test resources, or where {@code -Dgolden.dir} says, for those of another seed.
 */
public final class Goldens {
    private Goldens() {}

    /** {@code expected.safetensors} of a fixture. */
    public static SafetensorsFile expected(String fixture) {
        return SafetensorsFile.open(new Path(directory(), fixture + "/expected.safetensors"));
    }

    /** The directories that hold a model with its expectations. */
    static List<Path> models() {
        List<Path> models = DataFiles.list(directory()).stream()
                .filter(dir -> DataFiles.exists(new Path(dir, "config.json")))
                .toList();
        assertFalse(models.isEmpty(), "no golden models in " + directory());
        return models;
    }

    private static Path directory() {
        return DataFiles.path(System.getProperty("golden.dir", "src/test/resources/golden"));
    }

    /** ||actual - expected|| / ||expected||. */
    public static double relativeError(double[] actual, double[] expected) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            size += expected[i] * expected[i];
        }
        return actual.length == expected.length ? Math.sqrt(difference / size) : Double.POSITIVE_INFINITY;
    }

    public static double relativeError(double actual, double expected) {
        return Math.abs(actual / expected - 1);
    }
}
